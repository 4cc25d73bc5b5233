import type { LoggedEvent, LogPosition } from '@watchkeeper/model';
import { EventColumns } from './event-columns.ts';

/** Events kept per partition: some seconds of a busy log. */
const keptEvents = 20_000;
/** For how long "nothing new" is believed without asking the database, milliseconds. */
const freshMs = 1000;

/** The newest events that this process appended, so that readers beside it need not ask the database. */
export class LogTail {
  readonly #partitions: EventColumns[] = [];
  readonly #waiters = new Set<() => void>();
  #freshUntilMs: number[] = [];

  /** Adds committed events, offsets rising by one. Where another process appended in between the tail begins anew. */
  add(partition: number, events: readonly LoggedEvent[]): void {
    const first = events[0];
    if (first === undefined) return;
    this.#partitions[partition] ??= new EventColumns();
    const kept = this.#partitions[partition];
    if (kept.lastOffset + 1 !== first.offset) kept.drop(kept.length);
    for (const event of events) kept.push(event);
    if (kept.length > 2 * keptEvents) kept.drop(kept.length - keptEvents);
  }

  /** Events after an offset; empty when there are none as far as is known; undefined when the database must be asked. */
  read(partition: number, afterOffset: number, limit: number): readonly LoggedEvent[] | undefined {
    const kept = this.#partitions[partition];
    if (kept === undefined || kept.length === 0 || afterOffset + 1 < kept.firstOffset) return undefined;
    const start = afterOffset + 1 - kept.firstOffset;
    return kept.slice(start, start + limit, partition);
  }

  /** Whether the tail of a partition ends with this offset. */
  endsAt(partition: number, offset: number): boolean {
    return this.#partitions[partition]?.lastOffset === offset;
  }

  /** Remembers of which partitions the database had nothing beyond this tail a moment ago. */
  sawHeads(heads: readonly LogPosition[], nowMs: number): void {
    for (const [partition, { offset }] of heads.entries())
      if (offset <= (this.#partitions[partition]?.lastOffset ?? 0)) this.#freshUntilMs[partition] = nowMs + freshMs;
  }

  isFresh(partition: number, nowMs: number): boolean {
    return nowMs < (this.#freshUntilMs[partition] ?? Number.NEGATIVE_INFINITY);
  }

  /** Somebody appended: here or, as a message says, elsewhere. */
  wake(isElsewhere = false): void {
    if (isElsewhere) this.#freshUntilMs = [];
    for (const waiter of [...this.#waiters]) waiter();
  }

  wait(withinMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      signal.addEventListener('abort', done, { once: true });
      this.#waiters.add(done);
    });
  }
}
