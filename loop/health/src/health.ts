import { failpoint } from '@watchkeeper/kit';
import type { LoggedEvent, LogPosition } from '@watchkeeper/model';
import {
  addRuleSums,
  advancePosition,
  holdLease,
  insertStateChanges,
  lockMonitorStates,
  ownReader,
  type ReaderPosition,
  readWatchedMonitors,
  saveMonitorStates,
  shareLeases,
} from '@watchkeeper/store';
import { RuleCounter } from './count-for-rules.ts';
import { foldChecks, isVerdict } from './fold-checks.ts';
import { type HealthOptions, healthReader } from './health-options.ts';
import { SeenNames } from './seen-names.ts';
import { settleTenant } from './settle-tenant.ts';
import { sweepStates } from './sweep-states.ts';

export interface HealthStats {
  /** Partitions of the log that this process judges now. */
  readonly partitions: readonly number[];
  /** Results of checks judged since the start. */
  readonly verdicts: number;
  /** Changes of state of monitors since the start. */
  readonly changes: number;
  readonly lastError: string | null;
}

export interface Health {
  stats(): HealthStats;
  /** Finishes the transaction under way, gives the leases back and ends. May be called twice. */
  drain(): Promise<void>;
}

/** Most events taken from the log at once. */
const sliceEvents = 2000;
/** Pause after the end of the log was reached, milliseconds: a transaction for many results instead of one for each. */
const gatherMs = 50;
/** Longest wait for news before the log is asked in any case, milliseconds. */
const idleMs = 1000;

/**
 * Reads the event log and keeps the states of monitors and services, what alert rules count, alerts and the outbox. The effects of what was
 * read and the position are one transaction, so every result counts once whatever crashes.
 */
export function startHealth(options: HealthOptions): Health {
  const { store, eventLog, clock, logger, holder, leaseSeconds = 6 } = options;
  const stop = new AbortController();
  const judges: PartitionJudge[] = [];
  /** One for each partition, also for those that the log got since. */
  const partitions = () => {
    for (let partition = judges.length; partition < eventLog.partitionCount; partition++)
      judges.push(new PartitionJudge(partition, options));
    return judges.map(({ partition }) => String(partition));
  };
  const lease = { store, clock, logger, holder, seconds: leaseSeconds, signal: stop.signal };
  const running = [
    shareLeases({
      ...lease,
      kind: healthReader,
      names: partitions,
      work: (partition, signal) => (judges[Number(partition)] as PartitionJudge).run(signal),
    }),
    holdLease({ ...lease, name: 'health-sweep', work: (_lease, signal) => sweepStates(options, signal) }),
  ];
  return {
    stats: () => ({
      partitions: judges.filter((judge) => judge.isRunning).map((judge) => judge.partition),
      verdicts: judges.reduce((sum, judge) => sum + judge.verdicts, 0),
      changes: judges.reduce((sum, judge) => sum + judge.changes, 0),
      lastError: judges.find((judge) => judge.lastError !== null)?.lastError ?? null,
    }),
    async drain() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

/** Judges one partition while its lease is held. */
class PartitionJudge {
  readonly partition: number;
  readonly #options: HealthOptions;
  readonly #rules = new RuleCounter();
  readonly #seen: SeenNames;
  isRunning = false;
  verdicts = 0;
  changes = 0;
  lastError: string | null = null;

  constructor(partition: number, options: HealthOptions) {
    this.partition = partition;
    this.#options = options;
    this.#seen = new SeenNames(options.store);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.isRunning = true;
    try {
      await ownReader({
        ...{ ...this.#options, reader: healthReader, partition: this.partition, signal },
        read: (saved, onProgress) => this.#readFrom(saved, signal, onProgress),
        onError: (message) => {
          this.lastError = message;
        },
      });
    } finally {
      this.isRunning = false;
    }
  }

  async #readFrom(saved: ReaderPosition, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { eventLog, messages, clock } = this.#options;
    let from = saved;
    while (!signal.aborted) {
      const { events } = await eventLog.read(this.partition, from, sliceEvents);
      const last = events.at(-1);
      if (last !== undefined) {
        const to = { offset: last.offset, receivedUs: last.receivedUs };
        const isChanged = await this.#judge(events, from, to);
        from = { ...from, ...to };
        this.lastError = null;
        onProgress();
        if (isChanged) {
          await messages.publish('states');
          await messages.publish('alerts');
        }
      }
      if (events.length < sliceEvents) {
        if (events.length > 0) await clock.pause(gatherMs, signal);
        await eventLog.waitForAppend(idleMs, signal);
      }
    }
  }

  /** One transaction: states, alerts, outbox and the position. Returns whether any state changed. */
  async #judge(events: readonly LoggedEvent[], from: ReaderPosition, to: LogPosition): Promise<boolean> {
    const verdicts = events.filter(isVerdict);
    const changed = await this.#options.store.write(async (tx) => {
      // Before any state is locked: a new group may have to wait for another partition that has just seen it too.
      await addRuleSums(tx, this.partition, await this.#rules.count(tx, events));
      const ids = [...new Set(verdicts.map(({ series }) => series.source))];
      const monitors = new Map((await readWatchedMonitors(tx, ids)).map((monitor) => [monitor.id, monitor]));
      const watched = verdicts.filter(({ series }) => {
        const monitor = monitors.get(series.source);
        return monitor?.tenant === series.tenant && monitor.zones.includes(series.zone);
      });
      const pairs = Map.groupBy(watched, ({ series }) => `${series.source} ${series.zone}`);
      const present = await lockMonitorStates(
        tx,
        [...pairs.values()].flatMap(([event]) => {
          const monitor = event && monitors.get(event.series.source);
          if (event === undefined || monitor === undefined) return [];
          return [{ monitorId: monitor.id, zone: event.series.zone, tenantId: monitor.tenantId }];
        }),
      );
      const { states, changes } = foldChecks(present, watched, monitors);
      await saveMonitorStates(tx, states);
      await insertStateChanges(tx, changes);
      const tenants = Map.groupBy(changes, ({ tenantId }) => tenantId);
      for (const [tenantId, ofTenant] of [...tenants].sort(([a], [b]) => a - b)) {
        await settleTenant(tx, tenantId, Math.max(...ofTenant.map(({ atUs }) => atUs)));
      }
      await advancePosition(tx, healthReader, this.partition, from, to);
      failpoint('health.before-commit');
      return changes.length;
    });
    failpoint('health.after-commit');
    await this.#seen.note(events);
    this.verdicts += verdicts.length;
    this.changes += changed;
    return changed > 0;
  }
}
