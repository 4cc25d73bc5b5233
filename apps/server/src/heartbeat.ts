import { hostname } from 'node:os';
import type { Clock, Logger } from '@watchkeeper/kit';
import type { ProcessFigures } from '@watchkeeper/model';
import { asStoreError, forgetProcess, noteProcess, type Store } from '@watchkeeper/store';
import { DatabaseReach } from './database-reach.ts';

export interface Heartbeat {
  stop(): Promise<void>;
}

export interface DatabaseHeartbeat extends Heartbeat {
  /** Time since the database was reached again, milliseconds; 0 while it is away, null when it has not been away. */
  databaseBackMs(): number | null;
}

const everyMs = 5000;

/** Keeps the row of this process in the table of processes fresh; the row goes when the process ends in order. */
export function startHeartbeat({
  store,
  clock,
  logger,
  figures,
  ...row
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly id: string;
  readonly version: string;
  readonly roles: readonly string[];
  readonly zones: readonly string[];
  readonly startedAt: Date;
  readonly figures: () => Omit<ProcessFigures, 'leases'>;
}): DatabaseHeartbeat {
  const stop = new AbortController();
  const reach = new DatabaseReach(clock.nowMs());
  const run = async () => {
    while (!stop.signal.aborted) {
      try {
        await noteProcess(store.db, { ...row, host: hostname(), pid: process.pid, figures: figures() });
        reach.note(clock.nowMs());
      } catch (error) {
        logger.warn({ err: asStoreError(error) }, 'this process could not note that it is there; it is tried again');
      }
      await clock.pause(everyMs, stop.signal);
    }
  };
  const running = run();
  return {
    databaseBackMs: () => reach.backMs(clock.nowMs()),
    async stop() {
      stop.abort();
      await running;
      await forgetProcess(store.db, row.id);
    },
  };
}
