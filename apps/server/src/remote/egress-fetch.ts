import { type Egress, type HttpRequest, httpRequest } from '@watchkeeper/guard';

/** Largest answer that is read: a page of a schedule. */
const maxBodyBytes = 16 * 1024 * 1024;
/** Statuses whose answers have no body. */
const bodiless: ReadonlySet<number> = new Set([204, 304]);

/**
 * The part of `fetch` that the client needs, through the one door for outgoing connections: text bodies, no redirects.
 * @param ca certificates (PEM) that are trusted instead of the known roots
 */
export function egressFetch(
  egress: Egress,
  { ca, timeoutMs }: { readonly ca?: string; readonly timeoutMs: number },
): typeof fetch {
  return async (address, { method = 'GET', headers, body, signal } = {}) => {
    const answer = await httpRequest(egress, {
      method: method as HttpRequest['method'],
      url: String(address),
      headers: headers as Record<string, string>,
      ...(typeof body === 'string' ? { body } : {}),
      ...(signal ? { signal } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...{ timeoutMs, maxBodyBytes },
    });
    if (!answer.ok) throw new Error(answer.message);
    return new Response(bodiless.has(answer.status) ? null : answer.body, {
      status: answer.status,
      headers: { ...answer.headers },
    });
  };
}
