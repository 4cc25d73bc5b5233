import type { Reason } from '@watchkeeper/model';

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  /** `HTTP/1.1` or `HTTP/1.0`. */
  readonly protocol: string;
  /** By lower-case name; several of one name are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
}

export type ParserState = 'more' | 'done' | { readonly reason: Reason; readonly message: string };

const maxHeadBytes = 65_536;
const maxChunkLineBytes = 1024;
const headEnd = Buffer.from('\r\n\r\n');
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

type Framing = 'head' | 'length' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailer' | 'close' | 'done';

/** Reads one HTTP/1.x response (RFC 9112), strictly, from chunks as they arrive. */
export class HttpResponseParser {
  head: ResponseHead | undefined;
  readonly #method: string;
  readonly #maxBodyBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  #framing: Framing = 'head';
  #bytesLeft = 0;
  #bodyBytes = 0;
  readonly #body: Buffer[] = [];

  constructor(method: string, maxBodyBytes: number) {
    this.#method = method;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** The body as it travelled, without its framing. */
  body(): Buffer {
    return this.#body.length === 1 ? (this.#body[0] as Buffer) : Buffer.concat(this.#body);
  }

  /** The peer sends no more. */
  endOfInput(): ParserState {
    if (this.#framing === 'close') this.#framing = 'done';
    return this.#framing === 'done' ? 'done' : 'more';
  }

  feed(chunk: Buffer): ParserState {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const before = this.#framing;
      const left = this.#rest.length;
      const state = this.#step();
      if (state !== 'more') return state;
      if (this.#framing === before && this.#rest.length === left) return 'more';
    }
  }

  #step(): ParserState {
    switch (this.#framing) {
      case 'head':
        return this.#readHead();
      case 'length':
      case 'chunk':
        return this.#readCounted();
      case 'chunk-line':
        return this.#readChunkLine();
      case 'chunk-end':
        if (this.#rest.length < 2) return 'more';
        if (this.#rest[0] !== 13 || this.#rest[1] !== 10) return malformed('a chunk does not end where it says');
        this.#rest = this.#rest.subarray(2);
        this.#framing = 'chunk-line';
        return 'more';
      case 'trailer':
        return this.#readTrailer();
      case 'close': {
        const part = this.#rest;
        this.#rest = Buffer.alloc(0);
        return this.#take(part);
      }
      case 'done':
        return 'done';
    }
  }

  #readHead(): ParserState {
    const end = this.#rest.indexOf(headEnd);
    if (end < 0) return this.#rest.length > maxHeadBytes ? headTooLarge : looksLikeHttp(this.#rest);
    if (end > maxHeadBytes) return headTooLarge;
    const lines = this.#rest.toString('latin1', 0, end).split('\r\n');
    this.#rest = this.#rest.subarray(end + headEnd.length);
    const [, protocol, statusText, phrase] = /^(HTTP\/1\.[01]) (\d{3})(?: ([^\r\n]*))?$/.exec(lines[0] ?? '') ?? [];
    if (protocol === undefined || statusText === undefined)
      return malformed(`the first line is not HTTP/1.x: ${printable(lines[0] ?? '')}`);
    const status = Number(statusText);
    const headers: Record<string, string> = Object.create(null);
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0));
      if (colon < 1 || !tokenPattern.test(name)) return malformed(`a header line is not valid: ${printable(line)}`);
      const value = line.slice(colon + 1).trim();
      const key = name.toLowerCase();
      headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
    }
    if (status < 200) {
      if (status === 101) return malformed('the server switched protocols without being asked');
      return 'more'; // 100 Continue and 103 Early Hints; the answer follows.
    }
    this.head = { status, statusText: phrase ?? '', protocol, headers };
    return this.#chooseFraming(this.head);
  }

  /** RFC 9112 section 6.3. */
  #chooseFraming({ status, headers }: ResponseHead): ParserState {
    if (this.#method === 'HEAD' || status === 204 || status === 304) return this.#end();
    const encoding = headers['transfer-encoding'];
    if (encoding !== undefined) {
      if (!/(^|,\s*)chunked$/i.test(encoding)) {
        this.#framing = 'close';
        return 'more';
      }
      this.#framing = 'chunk-line';
      return 'more';
    }
    const length = headers['content-length'];
    if (length === undefined) {
      this.#framing = 'close';
      return 'more';
    }
    const lengths = new Set(length.split(',').map((part) => part.trim()));
    const [only = ''] = lengths;
    if (lengths.size !== 1 || !/^\d{1,15}$/.test(only))
      return malformed(`content-length is not valid: ${printable(length)}`);
    this.#bytesLeft = Number(only);
    if (this.#bytesLeft > this.#maxBodyBytes) return bodyTooLarge(this.#maxBodyBytes);
    if (this.#bytesLeft === 0) return this.#end();
    this.#framing = 'length';
    return 'more';
  }

  #readCounted(): ParserState {
    if (this.#rest.length === 0) return 'more';
    const part = this.#rest.subarray(0, this.#bytesLeft);
    this.#rest = this.#rest.subarray(part.length);
    this.#bytesLeft -= part.length;
    const state = this.#take(part);
    if (state !== 'more') return state;
    if (this.#bytesLeft > 0) return 'more';
    if (this.#framing === 'length') return this.#end();
    this.#framing = 'chunk-end';
    return 'more';
  }

  #readChunkLine(): ParserState {
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) return this.#rest.length > maxChunkLineBytes ? malformed('a chunk has no size line') : 'more';
    const [, hex] = /^([0-9A-Fa-f]{1,12})[ \t]*(;.*)?$/.exec(this.#rest.toString('latin1', 0, end)) ?? [];
    if (hex === undefined)
      return malformed(`a chunk size is not valid: ${printable(this.#rest.toString('latin1', 0, end))}`);
    this.#rest = this.#rest.subarray(end + 2);
    this.#bytesLeft = Number.parseInt(hex, 16);
    this.#framing = this.#bytesLeft === 0 ? 'trailer' : 'chunk';
    return 'more';
  }

  #readTrailer(): ParserState {
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) return this.#rest.length > maxHeadBytes ? headTooLarge : 'more';
    this.#rest = this.#rest.subarray(end + 2);
    return end === 0 ? this.#end() : 'more';
  }

  #take(part: Buffer): ParserState {
    this.#bodyBytes += part.length;
    if (this.#bodyBytes > this.#maxBodyBytes) return bodyTooLarge(this.#maxBodyBytes);
    if (part.length > 0) this.#body.push(part);
    return 'more';
  }

  #end(): ParserState {
    this.#framing = 'done';
    return 'done';
  }
}

const headTooLarge: ParserState = {
  reason: 'headers_too_large',
  message: `the headers are longer than ${maxHeadBytes} bytes`,
};

function bodyTooLarge(limit: number): ParserState {
  return { reason: 'body_too_large', message: `the body is larger than ${limit} bytes` };
}

function malformed(message: string): ParserState {
  return { reason: 'protocol', message };
}

/** Says early that something else than HTTP answers. */
function looksLikeHttp(bytes: Buffer): ParserState {
  const start = bytes.toString('latin1', 0, 5);
  return 'HTTP/'.startsWith(start.slice(0, 5)) || start.startsWith('HTTP/')
    ? 'more'
    : malformed(`the answer is not HTTP/1.x: ${printable(bytes.toString('latin1', 0, 40))}`);
}

function printable(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
