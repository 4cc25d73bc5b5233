import type { Reason } from '@watchkeeper/model';

/** Why there is no connection; data, never an exception. */
export interface Refused {
  readonly ok: false;
  readonly reason: Reason;
  /** One sentence for people. */
  readonly message: string;
  readonly address?: string;
  readonly dnsMs?: number;
  readonly connectMs?: number;
  readonly tlsMs?: number;
}
