import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type { LoggedEvent, LogPosition, LogSlice } from '@watchkeeper/model';
import { LogReader, readHeads, type SeriesDictionary } from '@watchkeeper/store';
import type { HeldConnection } from './held-connection.ts';
import { LogTail } from './log-tail.ts';

/** Shortest time between two wake-ups of other processes, milliseconds. */
const wakeEveryMs = 100;

/** How long the answer to a commit may be on its way, milliseconds, and how often something else may be heard meanwhile. */
const ownCommitMs = 10;
const ownCommitTurns = 5;

export interface StoredLogParts {
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reading: HeldConnection;
  readonly dictionary: SeriesDictionary;
  /** Partitions at the start. */
  readonly partitionCount: number;
}

/** The table of events as readers of every driver see it: what this process stored comes from memory. */
export class StoredLog {
  readonly #parts: StoredLogParts;
  readonly #reader: LogReader;
  readonly #tail: LogTail;
  readonly #unsubscribe: () => void;
  #wokeAtMs = Number.NEGATIVE_INFINITY;
  #waking: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();
  #partitionCount: number;

  constructor(parts: StoredLogParts) {
    this.#parts = parts;
    this.#reader = new LogReader(parts.dictionary);
    this.#tail = new LogTail();
    this.#partitionCount = parts.partitionCount;
    this.#unsubscribe = parts.messages.subscribe('events', () => this.#tail.wake(true));
  }

  async read(partition: number, after: LogPosition, limit: number): Promise<LogSlice> {
    const { clock, reading } = this.#parts;
    const near = this.#tail.read(partition, after.offset, limit);
    if (near !== undefined && (near.length > 0 || this.#tail.isFresh(partition, clock.nowMs())))
      return { partition, events: near };
    const askedAtMs = clock.nowMs();
    const ends = await this.ends();
    this.#tail.sawHeads(ends, askedAtMs);
    if ((ends[partition]?.offset ?? 0) <= after.offset) return { partition, events: [] };
    const nearer = await this.#ownCommit(partition, after.offset, limit);
    if (nearer.length > 0) {
      this.#tail.sawHeads(ends, askedAtMs);
      return { partition, events: nearer };
    }
    return { partition, events: await reading.use((client) => this.#reader.read(client, partition, after, limit)) };
  }

  /**
   * What the database has beyond the tail was most probably committed by this process a moment ago: then the answer to
   * the commit is on its way, and waiting for it costs far less than reading the table.
   */
  async #ownCommit(partition: number, afterOffset: number, limit: number): Promise<readonly LoggedEvent[]> {
    for (let turn = 0; turn < ownCommitTurns && this.#tail.endsAt(partition, afterOffset); turn++)
      await this.#tail.wait(ownCommitMs, this.#closing.signal);
    return this.#tail.read(partition, afterOffset, limit) ?? [];
  }

  /** As it was last seen: other processes may add partitions. */
  get partitionCount(): number {
    return this.#partitionCount;
  }

  async ends(): Promise<readonly LogPosition[]> {
    const heads = await this.#parts.reading.use(readHeads);
    this.#partitionCount = Math.max(this.#partitionCount, heads.length);
    return heads;
  }

  waitForAppend(withinMs: number, signal: AbortSignal): Promise<void> {
    return this.#tail.wait(withinMs, signal);
  }

  /** Events of one partition that this process has committed, offsets rising by one. */
  add(partition: number, events: readonly LoggedEvent[]): void {
    this.#tail.add(partition, events);
  }

  /** Tells readers here and elsewhere that something was committed. */
  wake(): void {
    this.#tail.wake();
    this.#wakeOthers();
  }

  close(): void {
    this.#closing.abort();
    clearTimeout(this.#waking);
    this.#unsubscribe();
    this.#tail.wake();
  }

  /** Tells other processes, not more often than every `wakeEveryMs`. */
  #wakeOthers(): void {
    if (this.#waking !== undefined || this.#closing.signal.aborted) return;
    const { clock, messages, logger } = this.#parts;
    this.#waking = setTimeout(
      () => {
        this.#waking = undefined;
        this.#wokeAtMs = clock.nowMs();
        messages
          .publish('events')
          .catch((error: unknown) => logger.warn({ err: error }, 'other processes could not be told of new events'));
      },
      Math.max(0, this.#wokeAtMs + wakeEveryMs - clock.nowMs()),
    );
  }
}
