import type { Clock, Logger } from '@watchkeeper/kit';
import { parseDuration } from '@watchkeeper/model';
import {
  dropOldEventPartitions,
  holdLease,
  prepareEventPartitions,
  type Store,
  sweepOldRows,
} from '@watchkeeper/store';
import type { Settings } from './settings.ts';

export interface Maintenance {
  drain(): Promise<void>;
}

const everyMs = 10 * 60_000;
const leaseSeconds = 60;

/** Makes tomorrow's partitions and drops what is past its time; one process of all does it. */
export function startMaintenance({
  store,
  clock,
  logger,
  holder,
  retention,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly holder: string;
  readonly retention: Settings['retention'];
}): Maintenance {
  const stop = new AbortController();
  const milliseconds = (text: string) => parseDuration(text) as number;

  const once = async () => {
    await prepareEventPartitions(store.connection);
    const { dropped, kept } = await dropOldEventPartitions(store.db, milliseconds(retention.events));
    if (dropped.length > 0) logger.info({ partitions: dropped }, 'events past their time were dropped');
    if (kept.length > 0) {
      logger.warn({ partitions: kept }, 'events past their time are kept: a reader of the log has not read them yet');
    }
    await sweepOldRows(store.db, {
      minuteMs: milliseconds(retention.minutes),
      hourMs: milliseconds(retention.hours),
      dayMs: milliseconds(retention.days),
    });
  };
  const running = holdLease({
    ...{ store, clock, logger, holder },
    name: 'maintenance',
    seconds: leaseSeconds,
    signal: stop.signal,
    async work(_lease, signal) {
      while (!signal.aborted) {
        try {
          await once();
        } catch (error) {
          logger.warn({ err: error }, 'maintenance failed; it is tried again in ten minutes');
        }
        await clock.pause(everyMs, signal);
      }
    },
  });
  return {
    async drain() {
      stop.abort();
      await running;
    },
  };
}
