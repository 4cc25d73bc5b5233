import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type { EventLog } from '@watchkeeper/model';
import type { OpenIntake, Store } from '@watchkeeper/store';

/** Name of this reader of the log. */
export const processorReader = 'processor';

export interface ProcessorOptions {
  readonly store: Store;
  readonly eventLog: EventLog;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Identity of this process among those that share the database. */
  readonly holder: string;
  /** Of a log that is kept outside of the database: what processors store as they count it. */
  readonly openIntake?: OpenIntake | undefined;
  /** Shortest time between two writes of rollups, milliseconds. Default 1000. */
  readonly writeEveryMs?: number;
  /** Events after which rollups are written in any case. Default 100,000. */
  readonly writeEvents?: number;
  /** Rows of rollups written per second at most, on average; more keys make writes rarer. Default 1000. */
  readonly rowsPerSecond?: number;
  /** Length of the lease on a partition, seconds. Default 6: a killed processor is replaced within 8 s. */
  readonly leaseSeconds?: number;
}
