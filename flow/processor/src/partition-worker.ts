import { backoffMs, failpoint } from '@watchkeeper/kit';
import { isWatchkeeperError, type LoggedEvent, type LogPosition } from '@watchkeeper/model';
import {
  addRollups,
  advancePosition,
  asStoreError,
  type Intake,
  insertRollupKeys,
  openReader,
  openSession,
  type ReaderPosition,
  readRollupDefinitions,
  type Session,
  type Tx,
  tenantIds,
} from '@watchkeeper/store';
import { type ProcessorOptions, processorReader } from './processor-options.ts';
import { RollupSums } from './rollup-sums.ts';

/** Most events taken from the log at once. */
const sliceEvents = 5000;
/** Longest time that sums stay in memory only, milliseconds. */
const longestWriteMs = 60_000;
/** Longest wait for news before the log is asked in any case, milliseconds. */
const idleMs = 1000;
/** What was gathered from outside is stored after this time, milliseconds, or this many events. */
const storeEveryMs = 500;
const storeEvents = 10_000;

/** What is added up and not written yet. */
interface Count {
  readonly sums: RollupSums;
  /** Where the saved rollups end. */
  saved: ReaderPosition;
  /** Where the sums end. */
  read: LogPosition;
  events: number;
  writtenAtMs: number;
}

/** Adds up one partition while its lease is held. */
export class PartitionWorker {
  readonly partition: number;
  readonly #options: ProcessorOptions;
  #isStale = true;
  isRunning = false;
  /** Messages outside of the database that were not gathered when last asked; null where there is no such log. */
  behind: number | null = null;
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
          await this.#readFrom(saved, signal, () => {
            attempt = 0;
          });
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
      this.behind = null;
    }
  }

  async #readFrom(saved: ReaderPosition, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { clock, eventLog } = this.#options;
    const count: Count = { sums: new RollupSums(), saved, read: saved, events: 0, writtenAtMs: clock.nowMs() };
    this.#isStale = true;
    const gathering = new Gathering(this.partition, this.#options);
    try {
      while (!signal.aborted) {
        if (this.#isStale) await this.#useDefinitions(count);
        const { events } = await eventLog.read(this.partition, count.read, sliceEvents);
        await this.#add(count, events);
        // What the log holds comes first: only behind it can more be stored.
        const intake = events.length === 0 ? await gathering.open() : gathering.opened;
        if (intake !== undefined) {
          await intake.gather(Math.max(10, Math.min(storeEveryMs, gathering.untilDueMs)), signal);
          this.behind = intake.behind;
          if (gathering.isDue) await this.#store(count, gathering, this.#areRollupsDue(count));
        } else {
          if (this.#areRollupsDue(count)) await this.#write(count);
          if (events.length < sliceEvents) await eventLog.waitForAppend(this.#waitMs(count), signal);
        }
        onProgress();
      }
      if (gathering.opened !== undefined) await this.#store(count, gathering, true);
      await this.#write(count);
    } finally {
      await gathering.close();
    }
  }

  /** Sums of the former definitions are written first. */
  async #useDefinitions(count: Count): Promise<void> {
    const { store } = this.#options;
    await this.#write(count);
    this.#isStale = false;
    count.sums.use(await readRollupDefinitions(store.db), await tenantIds(store.db));
  }

  async #add(count: Count, events: readonly LoggedEvent[]): Promise<void> {
    for (const event of events) {
      // A tenant that came after the definitions were read: read again before its first event counts.
      if (!count.sums.knowsTenant(event.series.tenant))
        count.sums.use(undefined, await tenantIds(this.#options.store.db));
      count.sums.add(event);
    }
    const last = events.at(-1);
    if (last !== undefined) count.read = { offset: last.offset, receivedUs: last.receivedUs };
    count.events += events.length;
    this.events += events.length;
  }

  /** Stores what was gathered and, where they are due, the rollups: one transaction with both positions. */
  async #store(count: Count, gathering: Gathering, withRollups: boolean): Promise<void> {
    const { intake, session } = await gathering.use();
    let written: number | undefined;
    const stored = await session.write(async (tx, client) => {
      const events = await intake.store(client);
      const first = events[0];
      // Somebody else has appended in between, such as a process whose log is in the database: the log tells in which
      // order, so what was stored is read from there.
      const isNext = first === undefined || first.offset === count.read.offset + 1;
      if (isNext) await this.#add(count, events);
      if (withRollups && isNext) written = await this.#saveRollups(tx, count);
      // Also without rollups nobody but the owner of the partition may store.
      else await advancePosition(tx, processorReader, this.partition, count.saved, count.saved);
      failpoint('processor.before-commit');
      return events;
    });
    failpoint('processor.after-commit');
    intake.committed(stored);
    gathering.stored();
    if (written !== undefined) this.#wrote(count, written);
    this.lastError = null;
  }

  /** Writes the rollups with the position that proves which events they count. */
  async #write(count: Count): Promise<void> {
    if (count.read.offset > count.saved.offset) {
      const written = await this.#options.store.write(async (tx) => {
        const rows = await this.#saveRollups(tx, count);
        failpoint('processor.before-commit');
        return rows;
      });
      failpoint('processor.after-commit');
      this.#wrote(count, written);
      this.lastError = null;
    }
    count.writtenAtMs = this.#options.clock.nowMs();
  }

  async #saveRollups(tx: Tx, count: Count): Promise<number> {
    const { deltas, keys } = count.sums.take();
    await insertRollupKeys(tx, keys);
    await addRollups(tx, deltas);
    await advancePosition(tx, processorReader, this.partition, count.saved, count.read);
    return deltas.length;
  }

  #wrote(count: Count, rows: number): void {
    count.saved = { ...count.saved, ...count.read };
    count.events = 0;
    count.writtenAtMs = this.#options.clock.nowMs();
    this.rows += rows;
  }

  #areRollupsDue(count: Count): boolean {
    const { clock, writeEvents = 100_000 } = this.#options;
    return count.events >= writeEvents || clock.nowMs() - count.writtenAtMs >= this.#dueMs(count);
  }

  /** Time between two writes: longer the more rows there are. */
  #dueMs({ sums }: Count): number {
    const { eventLog, writeEveryMs = 1000, rowsPerSecond = 1000 } = this.#options;
    const budgetMs = (sums.rows * eventLog.partitionCount * 1000) / rowsPerSecond;
    return Math.min(longestWriteMs, Math.max(writeEveryMs, budgetMs));
  }

  #waitMs(count: Count): number {
    const { clock } = this.#options;
    const isAnyAdded = count.read.offset > count.saved.offset;
    const untilWriteMs = isAnyAdded ? count.writtenAtMs + this.#dueMs(count) - clock.nowMs() : idleMs;
    return Math.max(10, Math.min(idleMs, untilWriteMs));
  }
}

/** The intake of a partition and the connection that stores it, opened when first needed. */
class Gathering {
  readonly #partition: number;
  readonly #options: ProcessorOptions;
  #session: Session | undefined;
  #hasAsked = false;
  #storedAtMs: number;
  opened: Intake | undefined;

  constructor(partition: number, options: ProcessorOptions) {
    this.#partition = partition;
    this.#options = options;
    this.#storedAtMs = options.clock.nowMs();
  }

  async open(): Promise<Intake | undefined> {
    if (!this.#hasAsked) {
      this.#hasAsked = true;
      this.opened = await this.#options.openIntake?.(this.#partition);
    }
    return this.opened;
  }

  async use(): Promise<{ intake: Intake; session: Session }> {
    this.#session ??= await openSession(this.#options.store.connection);
    return { intake: this.opened as Intake, session: this.#session };
  }

  get untilDueMs(): number {
    return this.#storedAtMs + storeEveryMs - this.#options.clock.nowMs();
  }

  get isDue(): boolean {
    return this.untilDueMs <= 0 || (this.opened?.gathered ?? 0) >= storeEvents;
  }

  stored(): void {
    this.#storedAtMs = this.#options.clock.nowMs();
  }

  async close(): Promise<void> {
    await this.opened?.close();
    await this.#session?.close();
  }
}
