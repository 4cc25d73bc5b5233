import { setTimeout as timer } from 'node:timers';
import type { Reason } from '@watchkeeper/model';
import type { Egress } from './egress.ts';
import { exchange } from './exchange.ts';
import { secureContext } from './secure-contexts.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** http or https; no credentials in it. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Largest answer that is read. Default 64 KiB. */
  readonly maxBodyBytes?: number;
  readonly signal?: AbortSignal;
  /** Certificates (PEM) that are trusted instead of the known roots. */
  readonly ca?: string;
}

export type HttpAnswer =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      /** The same as it came. */
      readonly bytes: Buffer;
    }
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

/** A plain request through the one door, for notifications and our own server: redirects are not followed, nothing is thrown. */
export async function httpRequest(egress: Egress, request: HttpRequest): Promise<HttpAnswer> {
  const { method, headers = {}, body, timeoutMs, maxBodyBytes = 65_536 } = request;
  const url = URL.parse(request.url);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return { ok: false, reason: 'egress_denied', message: `${request.url} is not an http or https address` };
  }
  const deadline = new AbortController();
  const ticking = timer(() => deadline.abort(), timeoutMs);
  const signal = request.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, request.signal]);
  try {
    const isTls = url.protocol === 'https:';
    const connected = await egress.connect({
      host: url.hostname,
      port: Number(url.port) || (isTls ? 443 : 80),
      signal,
    });
    if (!connected.ok) return connected;
    let socket = connected.socket;
    if (isTls) {
      const secured = await egress.secure(socket, {
        servername: url.hostname,
        context: secureContext({ minVersion: 'TLSv1.2', ...(request.ca === undefined ? {} : { ca: request.ca }) }),
        verify: true,
        signal,
      });
      if (!secured.ok) return secured;
      socket = secured.socket;
    }
    const bytes =
      body === undefined
        ? undefined
        : typeof body === 'string'
          ? Buffer.from(body)
          : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const all: [string, string][] = [
      ['host', url.host],
      ['connection', 'close'],
      ['user-agent', 'watchkeeper'],
      ...Object.entries(headers),
    ];
    if (bytes !== undefined) all.push(['content-length', String(bytes.length)]);
    const answer = await exchange(socket, {
      method,
      path: `${url.pathname}${url.search}`,
      headers: all,
      ...(bytes === undefined ? {} : { body: bytes }),
      maxBodyBytes,
      signal,
    });
    if (!answer.ok) return answer;
    const { head, body: answered } = answer;
    return {
      ...{ ok: true, status: head.status, headers: head.headers },
      ...{ body: answered.toString('utf8'), bytes: answered },
    };
  } finally {
    clearTimeout(ticking);
  }
}
