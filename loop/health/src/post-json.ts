import { httpRequest } from '@watchkeeper/guard';
import type { Sent } from '@watchkeeper/model';
import type { ChannelContext } from './channel-context.ts';

/** Statuses of a receiver that may take it later. */
const passing = new Set([408, 409, 425, 429]);

/** Posts JSON to a receiver and says what became of it. Redirects are not followed: they would move alerts elsewhere. */
export async function postJson(
  url: string,
  body: unknown,
  { egress, timeoutMs, deliveryId }: ChannelContext,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const answer = await httpRequest(egress, {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers, 'x-watchkeeper-delivery': deliveryId },
    body: JSON.stringify(body),
    timeoutMs,
  });
  const place = URL.parse(url)?.host ?? 'the receiver';
  if (!answer.ok) {
    return { ok: false, error: `${place}: ${answer.message}`, isFinal: answer.reason === 'egress_denied' };
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return { ok: true, answer: `${place} answered ${status}` };
  const said = answer.body.trim().slice(0, 200);
  const error = `${place} answered ${status}${said === '' ? '' : `: ${said}`}`;
  return { ok: false, error, isFinal: status >= 300 && status < 500 && !passing.has(status) };
}
