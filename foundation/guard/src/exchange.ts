import type { Socket } from 'node:net';
import type { Reason } from '@watchkeeper/model';
import { HttpResponseParser, type ResponseHead } from './http-response.ts';

export interface ExchangeOptions {
  readonly method: string;
  /** Request line target: path and query. */
  readonly path: string;
  /** In the order they are sent; `host` and `connection` among them. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer;
  /** Largest body as it travels, bytes. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
}

export type Exchanged =
  | {
      readonly ok: true;
      readonly head: ResponseHead;
      readonly body: Buffer;
      readonly firstByteMs: number;
      readonly transferMs: number;
    }
  | {
      readonly ok: false;
      readonly reason: Reason;
      readonly message: string;
      /** What had arrived before it went wrong. */
      readonly head?: ResponseHead;
      readonly firstByteMs?: number;
      readonly transferMs?: number;
      readonly receivedBytes: number;
    };

/**
 * One HTTP/1.1 request and its answer on a fresh connection (RFC 9112). The socket is closed afterwards. First byte
 * is the time from the request to the first byte of the answer, transfer from there to its end.
 */
export function exchange(
  socket: Socket,
  { method, path, headers, body, maxBodyBytes, signal }: ExchangeOptions,
): Promise<Exchanged> {
  return new Promise((done) => {
    const parser = new HttpResponseParser(method, maxBodyBytes);
    const startedMs = performance.now();
    let firstAtMs = 0;
    let receivedBytes = 0;

    const times = () =>
      firstAtMs === 0 ? {} : { firstByteMs: firstAtMs - startedMs, transferMs: performance.now() - firstAtMs };
    const finish = (result: Exchanged) => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners('data');
      socket.removeAllListeners('end');
      socket.removeAllListeners('close');
      socket.removeAllListeners('error');
      socket.on('error', ignoreLateError);
      socket.destroy();
      done(result);
    };
    const fail = (reason: Reason, message: string) =>
      finish({
        ok: false,
        reason,
        message,
        ...(parser.head === undefined ? {} : { head: parser.head }),
        ...times(),
        receivedBytes,
      });
    const complete = () => {
      const { firstByteMs = 0, transferMs = 0 } = times();
      finish({ ok: true, head: parser.head as ResponseHead, body: parser.body(), firstByteMs, transferMs });
    };
    const onEnd = () => {
      if (parser.endOfInput() === 'done') return complete();
      if (receivedBytes === 0) return fail('empty_response', 'the connection was closed without an answer');
      if (parser.head === undefined) return fail('protocol', 'the connection was closed within the headers');
      fail('body_truncated', 'the connection was closed before the end of the body');
    };
    const onAbort = () =>
      fail('timeout', firstAtMs === 0 ? 'no answer in time' : 'the answer was not complete in time');

    socket.on('data', (chunk: Buffer) => {
      if (firstAtMs === 0) firstAtMs = performance.now();
      receivedBytes += chunk.length;
      const state = parser.feed(chunk);
      if (state === 'done') complete();
      else if (state !== 'more') fail(state.reason, state.message);
    });
    socket.once('end', onEnd);
    socket.once('close', onEnd);
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE'
        ? fail('reset', 'the connection was reset')
        : fail('protocol', `the connection failed (${error.code ?? error.message})`),
    );
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });

    let head = `${method} ${path} HTTP/1.1\r\n`;
    for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
    socket.write(`${head}\r\n`, 'latin1');
    if (body !== undefined && body.length > 0) socket.write(body);
  });
}

/** The answer is complete; what a closing connection says afterwards changes nothing. */
function ignoreLateError(): void {}
