import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type { EventLog, PluginLoaders } from '@watchkeeper/model';
import type { Store } from '@watchkeeper/store';
import type { RunnableSinkType, SinkContext } from './sink-context.ts';

export interface ForwarderOptions extends Pick<SinkContext, 'egress' | 'credential' | 'kafka' | 'filesDir' | 'clock'> {
  readonly store: Store;
  readonly eventLog: EventLog;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sinkTypes: PluginLoaders<RunnableSinkType>;
  /** Identity of this process among those that share the database. */
  readonly holder: string;
  /** Length of the leases, seconds. Default 6: a killed process is replaced within 8 s. */
  readonly leaseSeconds?: number;
}

/** What one worker tells of itself. */
export interface WorkerFigures {
  /** Events that targets have taken or refused since the start. */
  forwarded: number;
  refused: number;
  failedAttempts: number;
  lastError: string | null;
}
