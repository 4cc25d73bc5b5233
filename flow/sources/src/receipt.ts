import { backoffMs, type Clock } from '@watchkeeper/kit';
import {
  type AppendResult,
  canonicalSeries,
  type Delivery,
  type EventBatch,
  type EventLog,
  type EventReceipt,
  errorCatalogue,
  type InputSender,
  isWatchkeeperError,
  type NewEvent,
  partOfBatch,
  type ReceiptStats,
  type RefusedInputs,
  WatchkeeperError,
} from '@watchkeeper/model';
import type { RefusedSeries, SeriesGuard } from './series-guard.ts';

export interface ReceiptOptions {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  /** Name of this process; no other one has it at the same time. */
  readonly holder: string;
  /** Events that may wait for the log; beyond it senders are told to come again. */
  readonly waitingEvents?: number;
  /** Asked about the series of whoever sends; all are let in without it. */
  readonly seriesGuard?: SeriesGuard;
  /** Told what was refused and who sent it. */
  readonly refusedInputs?: RefusedInputs;
}

const nothing: AppendResult = { stored: 0, alreadyStored: 0, refused: [] };

/** Most events of one batch: what shares a transaction at most. */
const batchEvents = 5000;
/** Batches of one body that are under way at once at most: a large body alone must not be more than the log lets wait. */
const partsAtOnce = 20;
/**
 * Runs of one batch that share transactions at most. Of a producer the log remembers a hundred gaps: a run that failed
 * is still one of them when it is sent again.
 */
const runsAtOnce = 40;
/** How long a batch is sent again while nobody knows whether it is stored, milliseconds. */
const tryForMs = 3000;
/** Most producers of one process for each partition of the log: so many batches are under way at once at most. */
const producersPerPartition = 16;

/**
 * Gives events of clients without identity a producer and a sequence number as they come in, and brings them into the
 * log. What the log does not answer for is sent again under the same numbers, so that it is stored once; only when that
 * lasts is the client told to send it again.
 */
export class Receipt implements EventReceipt {
  readonly #options: ReceiptOptions;
  readonly #limit: number;
  readonly #producers: ReceiptProducers;
  #waiting = 0;
  #stored = 0;
  #repeated = 0;
  #refused = 0;
  #unreadable = 0;

  constructor(options: ReceiptOptions) {
    this.#options = options;
    this.#limit = options.waitingEvents ?? 100_000;
    this.#producers = new ReceiptProducers(options.eventLog, `receipt/${options.holder}`);
  }

  stats(): ReceiptStats {
    return {
      stored: this.#stored,
      repeated: this.#repeated,
      refused: this.#refused,
      unreadable: this.#unreadable,
      waiting: this.#waiting,
    };
  }

  countUnreadable(count: number): void {
    this.#unreadable += count;
  }

  async take(events: readonly NewEvent[], delivery?: Delivery, sender?: InputSender): Promise<AppendResult> {
    const answer = await this.#guarded(events, sender, (kept) => this.#takeKept(kept, delivery));
    this.#stored += answer.stored;
    this.#repeated += answer.alreadyStored;
    this.#refused += answer.refused.length;
    return answer;
  }

  takeNumbered(batch: EventBatch, sender: InputSender): Promise<AppendResult> {
    return this.#guarded(batch.events, sender, (_kept, places) => this.#appendRuns(batch, places));
  }

  /** Lets the guard take events out before the others are stored, and tells of everything that was refused. */
  async #guarded(
    events: readonly NewEvent[],
    sender: InputSender | undefined,
    store: (kept: readonly NewEvent[], places: readonly number[] | undefined) => Promise<AppendResult>,
  ): Promise<AppendResult> {
    const { seriesGuard } = this.#options;
    const tooMany = sender === undefined ? undefined : await seriesGuard?.check(events, sender);
    if (tooMany === undefined || tooMany.size === 0) {
      const answer = await store(events, undefined);
      this.#tell(events, answer.refused, sender);
      return answer;
    }
    const places = placesWithout(events, tooMany);
    const kept = places.map((place) => events[place] as NewEvent);
    const { refused, ...counts } = kept.length === 0 ? nothing : await store(kept, places);
    const all = [
      ...[...tooMany].map(([index, code]) => ({ index, code })),
      ...refused.map(({ index, code }) => ({ index: places[index] as number, code })),
    ].sort((a, b) => a.index - b.index);
    this.#tell(events, all, sender);
    return { ...counts, refused: all };
  }

  #tell(events: readonly NewEvent[], refused: AppendResult['refused'], sender: InputSender | undefined): void {
    if (sender === undefined) return;
    for (const { index, code } of refused) {
      const series = events[index]?.series;
      this.#options.refusedInputs?.note(sender, {
        reason: code,
        message: `${errorCatalogue[code].title}: ${series?.name}`,
        excerpt: series === undefined ? '' : canonicalSeries(series),
      });
    }
  }

  /** The events at these places under their own numbers, side by side where they follow each other. */
  async #appendRuns(batch: EventBatch, places: readonly number[] | undefined): Promise<AppendResult> {
    const { eventLog } = this.#options;
    if (places === undefined) return eventLog.append(batch);
    const answer = { stored: 0, alreadyStored: 0, refused: [] as AppendResult['refused'][number][] };
    for (let from = 0; from < places.length; ) {
      const runs: { readonly from: number; readonly stored: Promise<AppendResult> }[] = [];
      while (from < places.length && runs.length < runsAtOnce) {
        let to = from + 1;
        while (to < places.length && places[to] === (places[to - 1] as number) + 1) to += 1;
        const start = places[from] as number;
        runs.push({ from, stored: eventLog.append(partOfBatch(batch, start, start + to - from)) });
        from = to;
      }
      // All of them have ended before anybody is answered.
      await Promise.allSettled(runs.map(({ stored }) => stored));
      for (const run of runs) {
        const { stored, alreadyStored, refused } = await run.stored;
        answer.stored += stored;
        answer.alreadyStored += alreadyStored;
        for (const one of refused) answer.refused.push({ ...one, index: run.from + one.index });
      }
    }
    return answer;
  }

  async #takeKept(events: readonly NewEvent[], delivery: Delivery | undefined): Promise<AppendResult> {
    // What is larger than the room has it alone.
    if (this.#waiting > 0 && this.#waiting + events.length > this.#limit)
      throw new WatchkeeperError(
        'log_overloaded',
        `${this.#waiting} events that were received wait for the event log already. Send these ${events.length} again later.`,
        { details: { waiting: this.#waiting, limit: this.#limit } },
      );
    this.#waiting += events.length;
    try {
      return await this.#store(events, delivery);
    } finally {
      this.#waiting -= events.length;
    }
  }

  async #store(events: readonly NewEvent[], delivery: Delivery | undefined): Promise<AppendResult> {
    const whole = { events, ...(delivery === undefined ? {} : { delivery }), producer: '', epoch: 0, firstSeq: 1 };
    const parts: AppendResult[] = [];
    let next = 0;
    let failure: { readonly reason: unknown } | undefined;
    const storeParts = async () => {
      while (failure === undefined && next * batchEvents < events.length) {
        const part = next++;
        try {
          parts[part] = await this.#append(partOfBatch(whole, part * batchEvents, (part + 1) * batchEvents));
        } catch (reason) {
          failure ??= { reason };
        }
      }
    };
    // All of them have ended before anybody is answered.
    await Promise.all(Array.from({ length: partsAtOnce }, storeParts));
    if (failure !== undefined) throw (failure as { readonly reason: unknown }).reason;
    const answer = { stored: 0, alreadyStored: 0, refused: [] as AppendResult['refused'][number][] };
    for (const [index, { stored, alreadyStored, refused }] of parts.entries()) {
      answer.stored += stored;
      answer.alreadyStored += alreadyStored;
      for (const one of refused) answer.refused.push({ ...one, index: index * batchEvents + one.index });
    }
    return answer;
  }

  async #append(part: EventBatch): Promise<AppendResult> {
    const producer = await this.#producers.take();
    try {
      return await this.#appendAs(producer, part);
    } finally {
      this.#producers.giveBack(producer);
    }
  }

  async #appendAs(producer: ReceiptProducer, part: EventBatch): Promise<AppendResult> {
    const { eventLog, clock } = this.#options;
    const untilMs = clock.nowMs() + tryForMs;
    let batch: EventBatch | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        batch ??= { ...part, ...(await producer.reserve(part.events.length)) };
        return await eventLog.append(batch);
      } catch (error) {
        if (!isWatchkeeperError(error)) throw error;
        // The log was restored from a copy: under a new start the numbers are free again.
        if (error.code === 'epoch_fenced' && batch !== undefined) {
          producer.forget();
          batch = undefined;
        } else if (!errorCatalogue[error.code].retryable || error.code === 'log_overloaded') {
          throw error;
        }
        if (clock.nowMs() >= untilMs) throw error;
        await clock.pause(backoffMs(attempt, { firstMs: 50, longestMs: 500 }));
      }
    }
  }
}

/** Places of events that are not among these. */
function placesWithout(events: readonly NewEvent[], refused: RefusedSeries): number[] {
  const places: number[] = [];
  for (let place = 0; place < events.length; place++) if (!refused.has(place)) places.push(place);
  return places;
}

/**
 * The producers of one process. Whoever has one has it alone until the log has answered: were batches with higher
 * numbers stored first, the lower ones, sent again, would count on the log to remember every gap.
 */
class ReceiptProducers {
  readonly #eventLog: EventLog;
  readonly #prefix: string;
  readonly #free: ReceiptProducer[] = [];
  readonly #waiting: ((producer: ReceiptProducer) => void)[] = [];
  #made = 0;

  constructor(eventLog: EventLog, prefix: string) {
    this.#eventLog = eventLog;
    this.#prefix = prefix;
  }

  /** The one that has been free for longest, so that they reach all partitions; with all in use, the next to be free. */
  async take(): Promise<ReceiptProducer> {
    const free = this.#free.shift();
    if (free !== undefined) return free;
    if (this.#made < producersPerPartition * this.#eventLog.partitionCount)
      return new ReceiptProducer(this.#eventLog, `${this.#prefix}/${this.#made++}`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  giveBack(producer: ReceiptProducer): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(producer);
    else next(producer);
  }
}

/** A producer that one batch has at a time. */
class ReceiptProducer {
  readonly #eventLog: EventLog;
  readonly #name: string;
  #epoch: number | undefined;
  #nextSeq = 1;

  constructor(eventLog: EventLog, name: string) {
    this.#eventLog = eventLog;
    this.#name = name;
  }

  /** Identity for so many events. */
  async reserve(events: number): Promise<Pick<EventBatch, 'producer' | 'epoch' | 'firstSeq'>> {
    this.#epoch ??= (await this.#eventLog.openProducer(this.#name)).epoch;
    const firstSeq = this.#nextSeq;
    this.#nextSeq += events;
    return { producer: this.#name, epoch: this.#epoch, firstSeq };
  }

  /** The next batch belongs to a new start. */
  forget(): void {
    this.#epoch = undefined;
    this.#nextSeq = 1;
  }
}
