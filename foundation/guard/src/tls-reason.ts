import { checkServerIdentity, type TLSSocket } from 'node:tls';
import type { Reason } from '@watchkeeper/model';

/** Why the peer's certificate is not acceptable; undefined when it is. */
export function tlsReason(socket: TLSSocket, servername: string): { reason: Reason; message: string } | undefined {
  const certificate = socket.getPeerCertificate();
  const error = socket.authorizationError as unknown as string | Error | undefined;
  const code =
    typeof error === 'string' ? error : ((error as NodeJS.ErrnoException | undefined)?.code ?? error?.message);
  if (code === 'CERT_HAS_EXPIRED')
    return { reason: 'tls_expired', message: `the certificate expired on ${certificate.valid_to}` };
  if (code === 'CERT_NOT_YET_VALID')
    return { reason: 'tls_not_yet_valid', message: `the certificate is valid from ${certificate.valid_from} on` };
  // A certificate for another host is told below, with the names it is for.
  if (code !== undefined && code !== null && code !== '' && code !== 'ERR_TLS_CERT_ALTNAME_INVALID')
    return { reason: 'tls_untrusted', message: `the certificate is not trusted (${code})` };
  const mismatch = checkServerIdentity(servername, certificate);
  return mismatch === undefined
    ? undefined
    : {
        reason: 'tls_wrong_host',
        message: `the certificate is not for ${servername}: ${certificate.subjectaltname ?? 'it names no host'}`,
      };
}

/** What is worth knowing of a certificate. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
  /** Whole days until it expires; negative afterwards. */
  readonly daysLeft: number;
  readonly fingerprint256: string;
}

export function certificateFacts(socket: TLSSocket, wallMs: number): CertificateFacts | undefined {
  const certificate = socket.getPeerCertificate();
  if (certificate.valid_to === undefined) return undefined;
  const name = (of: Record<string, string | string[] | undefined> | undefined) =>
    [of?.CN ?? of?.O ?? ''].flat().join(', ');
  const validTo = new Date(certificate.valid_to);
  return {
    subject: name(certificate.subject as unknown as Record<string, string>),
    issuer: name(certificate.issuer as unknown as Record<string, string>),
    validFrom: new Date(certificate.valid_from).toISOString(),
    validTo: validTo.toISOString(),
    daysLeft: Math.floor((validTo.getTime() - wallMs) / 86_400_000),
    fingerprint256: certificate.fingerprint256,
  };
}
