/**
 * Why a check failed: the error classes of every monitor type. The class is stored with the event; the title is
 * what people read. `internal` is a mistake of ours and never the target's.
 */
export const reasons = {
  assertion: 'Condition not met',
  body_too_large: 'Body too large',
  body_truncated: 'Body cut short',
  connect_refused: 'Connection refused',
  connect_timeout: 'Connect timeout',
  connect_unreachable: 'Network unreachable',
  decode: 'Body cannot be decoded',
  dns: 'Name not found',
  egress_denied: 'Address not allowed',
  empty_response: 'Empty response',
  headers_too_large: 'Headers too large',
  internal: 'Error in Watchkeeper',
  no_response: 'No response',
  protocol: 'Protocol error',
  redirect_invalid: 'Redirect not valid',
  reset: 'Connection reset',
  slow: 'Slower than the limit',
  status: 'Unexpected status',
  timeout: 'Timeout',
  tls_expired: 'Certificate expired',
  tls_handshake: 'TLS handshake failed',
  tls_not_yet_valid: 'Certificate not yet valid',
  tls_untrusted: 'Certificate not trusted',
  tls_wrong_host: 'Certificate for another host',
  too_many_redirects: 'Too many redirects',
} as const;

export type Reason = keyof typeof reasons;

/** The title of a reason, also of one that came from outside and is not in the table. */
export function reasonTitle(reason: string): string {
  return Object.hasOwn(reasons, reason) ? reasons[reason as Reason] : reason;
}
