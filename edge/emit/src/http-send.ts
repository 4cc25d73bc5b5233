import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { SendBatch } from '@watchkeeper/buffer';
import { type ErrorCode, encodeEventMessage, errorCatalogue, WatchkeeperError } from '@watchkeeper/model';

export interface HttpSendOptions {
  readonly server: URL;
  readonly key: string;
  /** Certificates (PEM) that the server is checked by instead of the known roots. */
  readonly ca?: string;
  /** Longest time of one request, milliseconds. */
  readonly timeoutMs: number;
}

export interface HttpSender {
  readonly send: SendBatch;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Largest answer that is read, bytes. */
const answerBytes = 4 * 1024 * 1024;
/** A key that is refused is not tried again for so long: a server lets an address be wrong only ten times a minute. */
const refusedS = 30;

/** Sends batches to `POST /api/v1/events` over connections that are kept open but do not keep the process alive. */
export function httpSender({ server, key, ca, timeoutMs }: HttpSendOptions): HttpSender {
  const isTls = server.protocol === 'https:';
  const settings = { keepAlive: true, maxSockets: 2 };
  const agent = isTls ? new HttpsAgent({ ...settings, ...(ca === undefined ? {} : { ca }) }) : new HttpAgent(settings);
  const address = new URL(`${server.href.replace(/\/+$/, '')}/api/v1/events`);
  return {
    send: async (batch, signal) => {
      const body = JSON.stringify(encodeEventMessage(batch));
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      const answer = await post(isTls, address, body, { agent, headers, signal, timeout: timeoutMs, method: 'POST' });
      if (answer.status >= 200 && answer.status < 300) return { refused: refusedIn(answer, server) };
      throw problemOf(answer, server);
    },
    close: () => agent.destroy(),
  };
}

/** @throws WatchkeeperError `server_unreachable` */
function post(isTls: boolean, address: URL, body: string, options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const message = `No answer from ${address.origin} (${error.message}). The events are kept and sent again.`;
      reject(new WatchkeeperError('server_unreachable', message, { cause: error }));
    };
    const request = (isTls ? httpsRequest : httpRequest)(address, options, (response) =>
      readAnswer(response).then(resolve, fail),
    );
    request.once('socket', (socket) => socket.unref());
    request.once('timeout', () => request.destroy(new Error(`nothing came for ${options.timeout} ms`)));
    request.once('error', fail);
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > answerBytes) throw new Error(`the answer is larger than ${answerBytes} bytes`);
    parts.push(part);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    text: Buffer.concat(parts).toString('utf8'),
  };
}

type Json = Readonly<Record<string, unknown>>;

function jsonOf(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    // An answer of something else, such as a proxy: its status says enough.
    return undefined;
  }
}

/** @throws WatchkeeperError `server_unreachable` when it was not Watchkeeper that answered */
function refusedIn({ text }: Answer, server: URL): readonly { readonly index: number; readonly code: string }[] {
  const refused = jsonOf(text)?.refused;
  if (Array.isArray(refused)) return refused;
  throw new WatchkeeperError(
    'server_unreachable',
    `${server.origin} answered something that is not of Watchkeeper. Correct the address of the server.`,
  );
}

function problemOf({ status, retryAfter, text }: Answer, server: URL): WatchkeeperError {
  const { code, detail } = jsonOf(text) ?? {};
  const isKnown = typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
  const known = isKnown ? (code as ErrorCode) : codeOf(status);
  const isRefused = known === 'unauthenticated' || known === 'forbidden';
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  const retryAfterS = Number.isFinite(seconds) ? seconds : isRefused ? refusedS : undefined;
  const message =
    typeof detail === 'string' ? detail : `${server.origin} answered ${status}. The events are kept and sent again.`;
  return new WatchkeeperError(known, message, {
    details: { status, ...(retryAfterS === undefined ? {} : { retryAfterS }) },
  });
}

/** What a status means that came without a problem of ours: only Watchkeeper itself may refuse events for good. */
function codeOf(status: number): ErrorCode {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'too_many_requests';
  return status === 500 ? 'internal' : 'server_unreachable';
}
