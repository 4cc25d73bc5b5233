import { failpoint } from '@watchkeeper/kit';
import type { LoggedEvent, LogPosition } from '@watchkeeper/model';
import {
  addRollups,
  advancePosition,
  type Intake,
  insertRollupKeys,
  openSession,
  ownReader,
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
  /** Nothing more stood in the log when it was last read. */
  isAtEnd: boolean;
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
    this.isRunning = true;
    try {
      const end = await ownReader({
        ...{ ...this.#options, reader: processorReader, partition: this.partition, signal },
        read: (saved, onProgress) => this.#readFrom(saved, signal, onProgress),
        onError: (message) => {
          this.lastError = message;
        },
      });
      if (end === 'lost') this.fenced += 1;
    } finally {
      this.isRunning = false;
      this.behind = null;
    }
  }

  async #readFrom(saved: ReaderPosition, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { clock } = this.#options;
    const count: Count = {
      sums: new RollupSums(),
      saved,
      read: saved,
      events: 0,
      writtenAtMs: clock.nowMs(),
      isAtEnd: false,
    };
    this.#isStale = true;
    const gathering = new Gathering(this.partition, this.#options);
    try {
      while (!signal.aborted) {
        gathering.throwFailure();
        // While something is stored the sums are being added to; all that can be done is to gather more.
        if (!gathering.isStoring) await this.#readLog(count, gathering);
        if (gathering.intake !== undefined) await this.#takeIn(count, gathering, signal);
        else await this.#waitForLog(count, signal);
        onProgress();
      }
      await gathering.idle();
      if (gathering.intake !== undefined) await this.#store(count, gathering, gathering.intake, true);
      await this.#write(count);
    } finally {
      await gathering.close();
    }
  }

  /** Counts what the log holds; only behind it can more be stored. */
  async #readLog(count: Count, gathering: Gathering): Promise<void> {
    if (this.#isStale) await this.#useDefinitions(count);
    const { events } = await this.#options.eventLog.read(this.partition, count.read, sliceEvents);
    await this.#add(count, events);
    count.isAtEnd = events.length < sliceEvents;
    if (events.length === 0) await gathering.open();
  }

  async #takeIn(count: Count, gathering: Gathering, signal: AbortSignal): Promise<void> {
    const intake = gathering.intake as Intake;
    if (gathering.isFull) await gathering.idle();
    await intake.gather(Math.max(10, Math.min(storeEveryMs, gathering.untilDueMs)), signal);
    this.behind = intake.behind;
    if (gathering.isDue && !gathering.isStoring)
      gathering.run(() => this.#store(count, gathering, intake, this.#areRollupsDue(count)));
  }

  async #waitForLog(count: Count, signal: AbortSignal): Promise<void> {
    if (this.#areRollupsDue(count)) await this.#write(count);
    if (count.isAtEnd) await this.#options.eventLog.waitForAppend(this.#waitMs(count), signal);
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
  async #store(count: Count, gathering: Gathering, intake: Intake, withRollups: boolean): Promise<void> {
    const session = await gathering.session();
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
  #storing: Promise<void> | undefined;
  #failure: unknown;
  intake: Intake | undefined;

  constructor(partition: number, options: ProcessorOptions) {
    this.#partition = partition;
    this.#options = options;
    this.#storedAtMs = options.clock.nowMs();
  }

  async open(): Promise<void> {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    this.intake = await this.#options.openIntake?.(this.#partition);
  }

  async session(): Promise<Session> {
    this.#session ??= await openSession(this.#options.store.connection);
    return this.#session;
  }

  get isStoring(): boolean {
    return this.#storing !== undefined;
  }

  get untilDueMs(): number {
    return this.#storedAtMs + storeEveryMs - this.#options.clock.nowMs();
  }

  get isDue(): boolean {
    return this.untilDueMs <= 0 || (this.intake?.gathered ?? 0) >= storeEvents;
  }

  /** As much has been gathered as is stored at once. */
  get isFull(): boolean {
    return (this.intake?.gathered ?? 0) >= storeEvents;
  }

  /** Stores beside what goes on; a failure is thrown by `throwFailure` and `idle`. */
  run(store: () => Promise<void>): void {
    this.#storing = store()
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#storing = undefined;
        this.#storedAtMs = this.#options.clock.nowMs();
      });
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async idle(): Promise<void> {
    await this.#storing;
    this.throwFailure();
  }

  async close(): Promise<void> {
    await this.#storing;
    await this.intake?.close();
    await this.#session?.close();
  }
}
