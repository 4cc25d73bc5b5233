import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { SeenCertificate } from '@watchkeeper/model';

/**
 * The certificate that a server shows, with its whole chain: it costs several times what `certificateFacts` does.
 * Undefined when it shows none.
 */
export function shownCertificate(socket: TLSSocket): SeenCertificate | undefined {
  const own = socket.getPeerCertificate(true);
  if (own.valid_to === undefined) return undefined;
  const expiresAtMs = Math.min(...chainOf(own).map((certificate) => Date.parse(certificate.valid_to)));
  return {
    expiresAtMs,
    chainExpiresAtMs: socket.authorized ? expiresAtMs : null,
    subject: nameOf(own.subject),
    issuer: nameOf(own.issuer),
    alternatives: (own.subjectaltname ?? '')
      .split(', ')
      .flatMap((name) => (name.startsWith('DNS:') ? [name.slice('DNS:'.length)] : []))
      .join(','),
    fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** From the own certificate up to the last one that is known; an authority names itself as its issuer. */
function chainOf(own: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  for (let next: DetailedPeerCertificate | undefined = own; next !== undefined; next = next.issuerCertificate) {
    if (chain.includes(next)) break;
    chain.push(next);
  }
  return chain;
}

/** Parts of a name, the most exact one first (RFC 4514). */
function nameOf(name: object): string {
  return Object.entries(name as Record<string, string | string[]>)
    .flatMap(([part, text]) => [text].flat().map((one) => `${part}=${one}`))
    .reverse()
    .join(',');
}
