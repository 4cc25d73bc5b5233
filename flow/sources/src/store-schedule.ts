import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import { claimCheckRuns, finishCheckRun, readSchedule, type Store, shareLeases } from '@watchkeeper/store';
import type { ScheduleSource } from './schedule-source.ts';

export interface StoreScheduleOptions {
  readonly store: Store;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Identity of this process among those that share the database; another one for every start. */
  readonly holder: string;
  /** Length of the lease on a zone, seconds. Default 9: a killed scheduler is replaced within 12 s. */
  readonly leaseSeconds?: number;
}

/** The monitors as rows of the store; zones are shared out among the schedulers that can watch from them. */
export function storeSchedule(options: StoreScheduleOptions): ScheduleSource {
  const { store, messages, clock, logger, holder, leaseSeconds: seconds = 9 } = options;
  return {
    hold: (zones, signal, work) =>
      shareLeases({
        ...{ store, clock, logger, kind: 'scheduler', names: () => zones, holder, seconds, signal, work },
        // Check slots keep a result from counting twice, should another one have taken over.
        goesOnAlone: true,
      }),
    schedule: (zone) => readSchedule(store.db, [zone]),
    claimCheckRuns: (zones, limit) => claimCheckRuns(store.db, zones, limit),
    async finishCheckRun({ runId, zone }, result) {
      await finishCheckRun(store.db, { runId, zone }, result);
    },
    onChange: (what, wake) => messages.subscribe(what, wake),
  };
}
