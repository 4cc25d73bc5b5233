import type { IncomingMessage, ServerResponse } from 'node:http';

/** Bytes of the body of a request that have arrived when its response is closed; what it declares may never come. */
export function countRequestBytes(request: IncomingMessage): () => number {
  const { 'content-length': declared, 'transfer-encoding': encoding } = request.headers;
  // HTTP/2 has frames where HTTP/1 has to say that a body follows.
  const hasNone = declared === undefined && encoding === undefined && request.httpVersionMajor < 2;
  if (hasNone || declared === '0') return none;
  // A small body may have come with the head already, where something else was waited for before.
  let bytes = request.readableLength;
  const { push } = request;
  // The parser hands each piece over by `push`; a listener for data would take it from the application.
  request.push = (chunk: unknown, chunkEncoding?: BufferEncoding) => {
    bytes += bytesOf(chunk, chunkEncoding);
    return push.call(request, chunk, chunkEncoding);
  };
  return () => bytes;
}

const none = () => 0;

/** Bytes of the body of a response as they are written, after any compression by the application. */
export function countResponseBytes(response: ServerResponse): () => number {
  let bytes = 0;
  let isEnding = false;
  const { write, end } = response;
  response.write = function (this: ServerResponse, ...given: unknown[]) {
    if (!isEnding) bytes += bytesOf(given[0], given[1]);
    return write.apply(response, given as never);
  } as typeof write;
  response.end = function (this: ServerResponse, ...given: unknown[]) {
    // Some implementations write within `end`; what is given to it counts once.
    if (!isEnding) bytes += bytesOf(given[0], given[1]);
    isEnding = true;
    return end.apply(response, given as never);
  } as typeof end;
  return () => (hasBody(response) ? bytes : 0);
}

function bytesOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string')
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return chunk instanceof Uint8Array ? chunk.length : 0;
}

function hasBody({ req, statusCode }: ServerResponse): boolean {
  return req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
}
