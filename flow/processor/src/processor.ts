import { backoffMs, type Clock, failpoint, type Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import { type EventLog, isWatchkeeperError, type LogPosition } from '@watchkeeper/model';
import {
  addRollups,
  advancePosition,
  asStoreError,
  insertRollupKeys,
  openReader,
  type ReaderPosition,
  readRollupDefinitions,
  type Store,
  shareLeases,
  tenantIds,
} from '@watchkeeper/store';
import { RollupSums } from './rollup-sums.ts';

export interface ProcessorOptions {
  readonly store: Store;
  readonly eventLog: EventLog;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Identity of this process among those that share the database. */
  readonly holder: string;
  /** Shortest time between two writes, milliseconds. Default 1000. */
  readonly flushEveryMs?: number;
  /** Rows of rollups written per second at most, on average; more keys make writes rarer. Default 1000. */
  readonly rowsPerSecond?: number;
  /** Length of the lease on a partition, seconds. Default 6: a killed processor is replaced within 8 s. */
  readonly leaseSeconds?: number;
}

export interface ProcessorStats {
  /** Partitions this process adds up now. */
  readonly partitions: readonly number[];
  /** Events read since the start. */
  readonly events: number;
  /** Rows of rollups written since the start. */
  readonly rows: number;
  /** Saves refused because another process had taken over. */
  readonly fenced: number;
  readonly lastError: string | null;
}

export interface Processor {
  stats(): ProcessorStats;
  /** Saves what is added up, gives the leases back and ends. May be called twice. */
  drain(): Promise<void>;
}

/** Name of this reader of the log. */
export const processorReader = 'processor';
/** Most events taken from the log at once. */
const sliceEvents = 5000;
/** Longest time that sums stay in memory only, milliseconds. */
const longestFlushMs = 60_000;
/** Longest wait for news before the log is asked in any case, milliseconds. */
const idleMs = 1000;

/**
 * Reads the event log and adds events up into rollups. Sums are kept in memory and written seldom; a write and the
 * position that proves which events it counts are one transaction.
 */
export function startProcessor(options: ProcessorOptions): Processor {
  const { store, eventLog, messages, clock, logger, holder, leaseSeconds = 6 } = options;
  const stop = new AbortController();
  const workers = Array.from(
    { length: eventLog.partitionCount },
    (_, partition) => new PartitionWorker(partition, options),
  );
  const unsubscribe = messages.subscribe('rollups', () => {
    for (const worker of workers) worker.definitionsChanged();
  });
  const running = shareLeases({
    ...{ store, clock, logger, holder },
    kind: processorReader,
    names: workers.map(({ partition }) => String(partition)),
    seconds: leaseSeconds,
    signal: stop.signal,
    work: (partition, signal) => (workers[Number(partition)] as PartitionWorker).run(signal),
  });
  return {
    stats: () => ({
      partitions: workers.filter((worker) => worker.isRunning).map((worker) => worker.partition),
      events: workers.reduce((sum, worker) => sum + worker.events, 0),
      rows: workers.reduce((sum, worker) => sum + worker.rows, 0),
      fenced: workers.reduce((sum, worker) => sum + worker.fenced, 0),
      lastError: workers.find((worker) => worker.lastError !== null)?.lastError ?? null,
    }),
    async drain() {
      stop.abort();
      unsubscribe();
      await running;
    },
  };
}

/** Adds up one partition while its lease is held. */
class PartitionWorker {
  readonly partition: number;
  readonly #options: ProcessorOptions;
  #isStale = true;
  isRunning = false;
  events = 0;
  rows = 0;
  fenced = 0;
  lastError: string | null = null;

  constructor(partition: number, options: ProcessorOptions) {
    this.partition = partition;
    this.#options = options;
  }

  definitionsChanged(): void {
    this.#isStale = true;
  }

  /** Reads until the signal; what is in memory is saved before it returns, unless another process took over. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, clock, logger } = this.#options;
    this.isRunning = true;
    try {
      for (let attempt = 0; !signal.aborted; ) {
        try {
          const saved = await openReader(store.db, processorReader, this.partition);
          await this.#readFrom(saved, signal);
        } catch (error) {
          const known = asStoreError(error);
          this.lastError = known instanceof Error ? known.message : String(known);
          if (isWatchkeeperError(known, 'position_lost')) {
            this.fenced += 1;
            logger.warn({ err: known }, 'another process adds up this partition; this one stops');
            return;
          }
          attempt += 1;
          logger.warn(
            { err: known, partition: this.partition },
            'adding up events failed; it begins again at the saved position',
          );
          await clock.pause(backoffMs(attempt, { firstMs: 200, longestMs: 10_000 }), signal);
        }
      }
    } finally {
      this.isRunning = false;
    }
  }

  async #readFrom(saved: ReaderPosition, signal: AbortSignal): Promise<void> {
    const { store, eventLog, clock, flushEveryMs = 1000, rowsPerSecond = 1000 } = this.#options;
    const sums = new RollupSums();
    let from = saved;
    let read: LogPosition = saved;
    let flushedAtMs = clock.nowMs();
    this.#isStale = true;

    const flush = async () => {
      if (read.offset > from.offset) {
        const to = read;
        const { deltas, keys } = sums.take();
        await store.write(async (tx) => {
          await insertRollupKeys(tx, keys);
          await addRollups(tx, deltas);
          await advancePosition(tx, processorReader, this.partition, from, to);
          failpoint('processor.before-commit');
        });
        failpoint('processor.after-commit');
        from = { ...from, ...to };
        this.rows += deltas.length;
        this.lastError = null;
      }
      flushedAtMs = clock.nowMs();
    };

    while (!signal.aborted) {
      if (this.#isStale) {
        await flush();
        this.#isStale = false;
        sums.use(await readRollupDefinitions(store.db), await tenantIds(store.db));
      }
      const { events } = await eventLog.read(this.partition, read, sliceEvents);
      for (const event of events) {
        // A tenant that came after the definitions were read: read again before its first event counts.
        if (!sums.knowsTenant(event.series.tenant)) sums.use(undefined, await tenantIds(store.db));
        sums.add(event);
      }
      this.events += events.length;
      const last = events.at(-1);
      if (last !== undefined) read = { offset: last.offset, receivedUs: last.receivedUs };

      const dueMs = Math.min(
        longestFlushMs,
        Math.max(flushEveryMs, (sums.rows * eventLog.partitionCount * 1000) / rowsPerSecond),
      );
      if (clock.nowMs() - flushedAtMs >= dueMs) await flush();
      if (events.length < sliceEvents) {
        const untilFlushMs = read.offset > from.offset ? flushedAtMs + dueMs - clock.nowMs() : idleMs;
        await eventLog.waitForAppend(Math.max(10, Math.min(idleMs, untilFlushMs)), signal);
      }
    }
    await flush();
  }
}
