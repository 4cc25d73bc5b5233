import { backoffMs, failpoint } from '@watchkeeper/kit';
import { isWatchkeeperError, type OpenSink, parseDuration, type SinkDefinition } from '@watchkeeper/model';
import {
  addedUpUntil,
  advancePeriods,
  asStoreError,
  type NewSinkRefusal,
  noteSinkFailure,
  oldestPeriod,
  openPeriods,
  type PeriodOfKey,
  type RollupRow,
  readPeriod,
  readPeriodCounts,
  readRollup,
  type SinkRow,
  sinkReader,
} from '@watchkeeper/store';
import { deliver } from './deliver.ts';
import type { ForwarderOptions, WorkerFigures } from './forwarder-options.ts';
import { periodEvent } from './period-events.ts';

/** Keys of one period that are forwarded; more are an error that is shown. */
const mostKeys = 100_000;
/** Periods that are looked at together. */
const periodsAtOnce = 1000;
/** Shortest and longest pause between two looks, milliseconds. */
const pauseBounds = { shortestMs: 250, longestMs: 1000 };

/** A rollup for one sink, as one definition of it says. */
export interface RollupForwarding {
  readonly sink: SinkRow & {
    readonly definition: { readonly rollup: Required<NonNullable<SinkDefinition['rollup']>> };
  };
  readonly openTarget: () => OpenSink;
  readonly signal: AbortSignal;
  readonly figures: WorkerFigures;
}

/**
 * Forwards the periods of a rollup once everything that arrived until their end is added up, in order; one that changes
 * afterwards goes out again. At least once, as with events. `lost` when another process took over.
 */
export async function forwardRollup(
  forwarding: RollupForwarding,
  options: ForwarderOptions,
): Promise<'lost' | 'ended'> {
  const { sink, signal, figures } = forwarding;
  const { clock, logger, store } = options;
  const target = forwarding.openTarget();
  try {
    for (let attempt = 0; !signal.aborted; ) {
      try {
        await new PeriodForwarding(forwarding, options, target).run(() => {
          attempt = 0;
        });
      } catch (error) {
        const known = asStoreError(error);
        figures.lastError = (known as Error).message;
        if (isWatchkeeperError(known, 'position_lost')) return 'lost';
        attempt += 1;
        logger.warn({ err: known, sink: sink.name }, 'a rollup could not be forwarded; it is tried again');
        await noteSinkFailure(store.db, sink.id, 0, (known as Error).message).catch((failure: unknown) => {
          logger.warn({ err: asStoreError(failure), sink: sink.name }, 'the failure of a sink could not be noted');
        });
        await clock.pause(backoffMs(attempt, { firstMs: 1000, longestMs: 30_000 }), signal);
      }
    }
    return 'ended';
  } finally {
    await target.close();
  }
}

class PeriodForwarding {
  readonly #forwarding: RollupForwarding;
  readonly #options: ForwarderOptions;
  readonly #target: OpenSink;
  readonly #granularityMs: number;
  readonly #delayMs: number;
  readonly #correctForMs: number;
  #epoch = 0;
  /** End of the last period that was sent; undefined while there is none to begin with. */
  #sentUntilMs: number | undefined;
  #chosen = 0;
  /** What periods counted when they were sent, by their start; of those that may still change. */
  #counts = new Map<number, number>();

  constructor(forwarding: RollupForwarding, options: ForwarderOptions, target: OpenSink) {
    this.#forwarding = forwarding;
    this.#options = options;
    this.#target = target;
    const { granularity, delay, correctFor } = forwarding.sink.definition.rollup;
    this.#granularityMs = parseDuration(granularity) as number;
    this.#delayMs = parseDuration(delay) as number;
    this.#correctForMs = parseDuration(correctFor) as number;
  }

  async run(onProgress: () => void): Promise<void> {
    const { store, clock } = this.#options;
    const { sink, signal } = this.#forwarding;
    const grid = this.#granularityMs;
    const position = await openPeriods(store.db, sink.id);
    this.#epoch = position.epoch;
    this.#chosen = position.chosen;
    this.#counts = new Map(Object.entries(position.counts).map(([start, count]) => [Number(start), count]));
    // A period that had begun before is not whole.
    if (position.sentUntilMs !== null) this.#sentUntilMs = Math.ceil(position.sentUntilMs / grid) * grid;
    const { shortestMs, longestMs } = pauseBounds;
    while (!signal.aborted) {
      const untilMs = (await addedUpUntil(store.db)) - this.#delayMs;
      const rollup = await this.#rollup();
      this.#sentUntilMs ??= await oldestPeriod(store.db, this.#periodsOf(rollup));
      let pauseMs = longestMs;
      if (this.#sentUntilMs !== undefined) {
        if (!(await this.#sendChanged(rollup))) return;
        if (!(await this.#sendNew(rollup, Math.floor(untilMs / grid) * grid))) return;
        pauseMs = this.#until + grid - untilMs;
      }
      onProgress();
      await clock.pause(Math.max(shortestMs, Math.min(longestMs, pauseMs)), signal);
    }
  }

  async #rollup(): Promise<RollupRow> {
    const { sink } = this.#forwarding;
    const { name, granularity } = sink.definition.rollup;
    const rollup = await readRollup(this.#options.store.db, sink.tenantId, name);
    if (rollup === undefined) throw new Error(`there is no rollup "${name}"; make it, or change the sink`);
    if (!rollup.definition.granularities.some((text) => parseDuration(text) === this.#granularityMs))
      throw new Error(
        `rollup "${name}" has no periods of ${granularity}; it has ${rollup.definition.granularities.join(', ')}`,
      );
    return rollup;
  }

  #periodsOf(rollup: RollupRow) {
    const { tenantId } = this.#forwarding.sink;
    return { definitionId: rollup.id, tenantId, granularityMs: this.#granularityMs };
  }

  get #until(): number {
    return this.#sentUntilMs as number;
  }

  /** Periods that have changed since they were sent. */
  async #sendChanged(rollup: RollupRow): Promise<boolean> {
    const starts = [...this.#counts.keys()];
    if (starts.length === 0) return true;
    const range = { fromMs: Math.min(...starts), toMs: Math.max(...starts) + 1 };
    const present = await readPeriodCounts(this.#options.store.db, { ...this.#periodsOf(rollup), ...range });
    for (const start of starts) {
      const count = present.get(start) ?? 0;
      if (count === this.#counts.get(start)) continue;
      if (!(await this.#send(rollup, start, this.#until))) return false;
    }
    return true;
  }

  async #sendNew(rollup: RollupRow, endMs: number): Promise<boolean> {
    const { store } = this.#options;
    while (this.#until < endMs) {
      if (endMs - this.#until > periodsAtOnce * this.#granularityMs) await this.#passOverEmpty(rollup, endMs);
      const toMs = Math.min(endMs, this.#until + periodsAtOnce * this.#granularityMs);
      const range = { fromMs: this.#until, toMs };
      const present = await readPeriodCounts(store.db, { ...this.#periodsOf(rollup), ...range });
      for (let start = range.fromMs; start < toMs; start += this.#granularityMs) {
        if (present.has(start)) {
          if (!(await this.#send(rollup, start, start + this.#granularityMs))) return false;
        } else {
          this.#counts.set(start, 0);
        }
      }
      if (this.#until < toMs || present.size === 0) await this.#advance(toMs, 0, []);
    }
    return true;
  }

  /** Goes on to the next period that has anything; one event of 1970 stands before decades of empty ones. */
  async #passOverEmpty(rollup: RollupRow, endMs: number): Promise<void> {
    const next = await oldestPeriod(this.#options.store.db, { ...this.#periodsOf(rollup), fromMs: this.#until });
    // What may still be corrected is noted period by period, empty ones too.
    const oldestMs = Math.floor((endMs - this.#correctForMs) / this.#granularityMs - 1) * this.#granularityMs;
    const toMs = Math.min(next ?? oldestMs, oldestMs);
    if (toMs > this.#until) await this.#advance(toMs, 0, []);
  }

  /** Brings one period to the target and notes it; false when the signal ended it. */
  async #send(rollup: RollupRow, startMs: number, sentUntilMs: number): Promise<boolean> {
    const { sink, signal, figures } = this.#forwarding;
    const { store } = this.#options;
    const question = { ...this.#periodsOf(rollup), atMs: startMs, limit: mostKeys + 1 };
    const rows = await readPeriod(store.db, question);
    if (rows.length > mostKeys)
      throw new Error(`rollup "${rollup.name}" has more than ${mostKeys} keys; forward one with a coarser group`);
    const refusals: NewSinkRefusal[] = [];
    const { batchEvents } = sink.definition;
    for (let start = 0; start < rows.length; start += batchEvents) {
      const part = rows.slice(start, start + batchEvents);
      const refused = await deliver(
        {
          ...{ sink, signal, figures, target: this.#target },
          batch: this.#batchOf(rollup, part, this.#chosen + start + 1),
        },
        this.#options,
      );
      if (refused === undefined) return false;
      refusals.push(...refused);
    }
    this.#counts.set(
      startMs,
      rows.reduce((sum, { count }) => sum + count, 0),
    );
    await this.#advance(sentUntilMs, rows.length, refusals);
    figures.forwarded += rows.length - refusals.length;
    figures.refused += refusals.length;
    return true;
  }

  #batchOf({ definition }: RollupRow, rows: readonly PeriodOfKey[], firstSeq: number) {
    const { sink } = this.#forwarding;
    const naming = { mapping: sink.definition.mapping, tenant: sink.tenant };
    return {
      ...{ partition: 0, producer: sinkReader(sink), epoch: sink.epoch, firstSeq },
      events: rows.map((row) => periodEvent(definition, row, naming)),
    };
  }

  async #advance(sentUntilMs: number, chosen: number, refused: readonly NewSinkRefusal[]): Promise<void> {
    const { sink } = this.#forwarding;
    const oldestMs = sentUntilMs - this.#correctForMs - this.#granularityMs;
    const counts = Object.fromEntries([...this.#counts].filter(([start]) => start > oldestMs));
    await this.#options.store.write((tx) =>
      advancePeriods(tx, { sink, partition: 0, chosen, refused }, this.#epoch, { sentUntilMs, counts }),
    );
    failpoint('sink.after-commit');
    this.#counts = new Map([...this.#counts].filter(([start]) => start > oldestMs));
    this.#sentUntilMs = sentUntilMs;
    this.#chosen += chosen;
  }
}
