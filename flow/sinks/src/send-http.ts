import { type HttpRequest, httpRequest } from '@watchkeeper/guard';
import type { Credential, OutgoingEvent, RefusedEvent, Written } from '@watchkeeper/model';
import type { SinkContext } from './sink-context.ts';

/** What a target said to a request. */
export type HttpSent =
  | { readonly kind: 'taken'; readonly body: Buffer; readonly headers: Readonly<Record<string, string>> }
  /** It will never take what was sent. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may take the same later, or once somebody has mended it. */
  | { readonly kind: 'away'; readonly error: string };

/**
 * Statuses that speak of what was sent. Everything else, a wrong key or address too, is for somebody to mend: nothing
 * may be lost for it.
 */
const refusals = new Set([400, 413, 422]);

/** Sends one request and judges the answer. Redirects are not followed: they would move data elsewhere. */
export async function sendHttp(
  request: Pick<HttpRequest, 'url' | 'method' | 'headers' | 'body'>,
  { egress, timeoutMs }: Pick<SinkContext, 'egress' | 'timeoutMs'>,
  signal: AbortSignal,
): Promise<HttpSent> {
  const answer = await httpRequest(egress, { ...request, timeoutMs, signal });
  const place = URL.parse(request.url)?.host ?? 'the target';
  if (!answer.ok) return { kind: 'away', error: `${place}: ${answer.message}` };
  const { status, body, bytes, headers } = answer;
  if (status >= 200 && status < 300) return { kind: 'taken', body: bytes, headers };
  const said = `${place} answered ${status}${body === '' ? '' : `: ${plainText(body)}`}`;
  return refusals.has(status) ? { kind: 'refused', reason: said } : { kind: 'away', error: said };
}

/** What a target says is shown and stored: one line, no control characters, no end. */
function plainText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 500)
    .toWellFormed();
}

/**
 * Sends events together and, where the target refuses them, in halves until those that it refuses stand alone. What it
 * had taken of a refused request it gets once more.
 * @param send sends some of the events, from place `start` on
 */
export async function sendInHalves(
  events: readonly OutgoingEvent[],
  send: (part: readonly OutgoingEvent[], start: number) => Promise<HttpSent>,
): Promise<Written> {
  const refused: RefusedEvent[] = [];
  const sendPart = async (start: number, end: number): Promise<string | undefined> => {
    if (start === end) return undefined;
    const sent = await send(events.slice(start, end), start);
    if (sent.kind === 'taken') return undefined;
    if (sent.kind === 'away') return sent.error;
    if (end - start === 1) {
      refused.push({ index: start, reason: sent.reason });
      return undefined;
    }
    const middle = (start + end) >> 1;
    return (await sendPart(start, middle)) ?? (await sendPart(middle, end));
  };
  const error = await sendPart(0, events.length);
  return error === undefined ? { ok: true, refused } : { ok: false, error };
}

/** The header of a credential: Bearer for a token, else Basic. */
export function authorizationOf({ token, username = '', password = '' }: Credential): {
  readonly authorization: string;
} {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/** Says that the settings have no such credential: an answer, since somebody can mend it. */
export const noCredential = (name: string): Written => ({
  ok: false,
  error: `the settings have no credential "${name}" that this target can use`,
});
