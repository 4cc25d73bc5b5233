import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type { EventLog } from '@watchkeeper/model';
import type { Store } from '@watchkeeper/store';

export interface HealthOptions {
  readonly store: Store;
  readonly eventLog: EventLog;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Identity of this process among those that share the database. */
  readonly holder: string;
  /** Length of the leases, seconds. Default 6: a killed process is replaced within 8 s. */
  readonly leaseSeconds?: number;
}

/** Name of this reader of the log. */
export const healthReader = 'health';
