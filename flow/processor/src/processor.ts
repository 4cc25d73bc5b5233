import { shareLeases } from '@watchkeeper/store';
import { PartitionWorker } from './partition-worker.ts';
import { type ProcessorOptions, processorReader } from './processor-options.ts';

export interface ProcessorStats {
  /** Partitions this process adds up now. */
  readonly partitions: readonly number[];
  /** Events read since the start. */
  readonly events: number;
  /** Rows of rollups written since the start. */
  readonly rows: number;
  /** Saves refused because another process had taken over. */
  readonly fenced: number;
  /** Messages outside of the database that wait for this process; null where the log is within. */
  readonly behind: number | null;
  readonly lastError: string | null;
}

export interface Processor {
  stats(): ProcessorStats;
  /** Saves what is added up, gives the leases back and ends. May be called twice. */
  drain(): Promise<void>;
}

/**
 * Reads the event log and adds events up into rollups. Sums are kept in memory and written seldom; a write and the
 * position that proves which events it counts are one transaction.
 */
export function startProcessor(options: ProcessorOptions): Processor {
  const { store, eventLog, messages, clock, logger, holder, leaseSeconds = 6 } = options;
  const stop = new AbortController();
  const workers: PartitionWorker[] = [];
  /** One for each partition, also for those that the log got since. */
  const partitions = () => {
    for (let partition = workers.length; partition < eventLog.partitionCount; partition++)
      workers.push(new PartitionWorker(partition, options));
    return workers.map(({ partition }) => String(partition));
  };
  const unsubscribe = messages.subscribe('rollups', () => {
    for (const worker of workers) worker.definitionsChanged();
  });
  const running = shareLeases({
    ...{ store, clock, logger, holder },
    kind: processorReader,
    names: partitions,
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
      behind: workers.reduce<number | null>((sum, { behind }) => (behind === null ? sum : (sum ?? 0) + behind), null),
      lastError: workers.find((worker) => worker.lastError !== null)?.lastError ?? null,
    }),
    async drain() {
      stop.abort();
      unsubscribe();
      await running;
    },
  };
}
