import { failpoint } from '@watchkeeper/kit';
import { type LoggedEvent, type LogPosition, type OpenSink, parseDuration } from '@watchkeeper/model';
import {
  advanceSink,
  countRepeats,
  ownReader,
  type ReaderPosition,
  readChosen,
  type SinkRow,
  sinkReader,
} from '@watchkeeper/store';
import { EventChooser } from './choose-events.ts';
import { deliver } from './deliver.ts';
import type { ForwarderOptions, WorkerFigures } from './forwarder-options.ts';
import type { RunnableSinkType } from './sink-context.ts';

/** Most events taken from the log at once. */
const sliceEvents = 2000;
/** Longest wait for news before the log is asked in any case, milliseconds. */
const idleMs = 1000;
/** A position behind events that a sink does not take is saved not more often than this, milliseconds. */
const saveEveryMs = 1000;

/** One partition of the log for one sink, as one definition of it says. */
export interface EventForwarding {
  readonly sink: SinkRow;
  readonly partition: number;
  readonly type: RunnableSinkType;
  readonly openTarget: () => OpenSink;
  readonly signal: AbortSignal;
  readonly figures: WorkerFigures;
}

/**
 * Forwards what a sink takes of a partition. The position moves once the target has the events, so after any crash they
 * go out again from the saved position: at least once. `lost` when another process took over.
 */
export function forwardEvents(forwarding: EventForwarding, options: ForwarderOptions): Promise<'lost' | 'ended'> {
  const { sink, partition, signal, figures } = forwarding;
  const { store, clock, logger } = options;
  return ownReader({
    ...{ store, clock, logger, partition, signal, reader: sinkReader(sink) },
    read: async (saved, onProgress) => {
      const target = forwarding.openTarget();
      try {
        await new PartitionReading(forwarding, options, target, saved).run(onProgress);
      } finally {
        await target.close();
      }
    },
    onError: (message) => {
      figures.lastError = message;
    },
  });
}

class PartitionReading {
  readonly #forwarding: EventForwarding;
  readonly #options: ForwarderOptions;
  readonly #target: OpenSink;
  readonly #chooser: EventChooser;
  readonly #batchWaitMs: number;
  /** Where the position is saved. */
  #saved: ReaderPosition;
  /** Where the reading is. */
  #read: LogPosition;
  /** Chosen and not brought to the target, in order. */
  #waiting: LoggedEvent[] = [];
  #waitingSinceMs = 0;
  #savedAtMs: number;

  constructor(forwarding: EventForwarding, options: ForwarderOptions, target: OpenSink, saved: ReaderPosition) {
    this.#forwarding = forwarding;
    this.#options = options;
    this.#target = target;
    this.#saved = saved;
    this.#read = saved;
    this.#savedAtMs = options.clock.nowMs();
    const { tenant, definition } = forwarding.sink;
    this.#chooser = new EventChooser(tenant, definition);
    this.#batchWaitMs = parseDuration(definition.batchWait) ?? 1000;
  }

  async run(onProgress: () => void): Promise<void> {
    const { sink, partition, signal } = this.#forwarding;
    const { eventLog, store } = this.#options;
    const { batchEvents } = sink.definition;
    let chosen = await readChosen(store.db, sink.id, partition);
    while (!signal.aborted) {
      const { events } = await eventLog.read(partition, this.#read, sliceEvents);
      this.#choose(events);
      const isAtEnd = events.length < sliceEvents;
      while (this.#waiting.length >= batchEvents || (this.#waiting.length > 0 && this.#dueMs <= 0)) {
        const batch = this.#waiting.slice(0, batchEvents);
        if (!(await this.#forward(batch, chosen))) return;
        chosen += batch.length;
        onProgress();
      }
      if (this.#waiting.length === 0) await this.#savePosition();
      if (isAtEnd) await eventLog.waitForAppend(this.#waitMs, signal);
    }
  }

  #choose(events: readonly LoggedEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    if (this.#waiting.length === 0) this.#waitingSinceMs = this.#options.clock.nowMs();
    for (const event of events) if (this.#chooser.takes(event)) this.#waiting.push(event);
    this.#read = { offset: last.offset, receivedUs: last.receivedUs };
  }

  /** Brings a batch to the target and moves the position behind it; false when the signal ended it. */
  async #forward(batch: readonly LoggedEvent[], chosen: number): Promise<boolean> {
    const { sink, partition, type, signal, figures } = this.#forwarding;
    const { store } = this.#options;
    const repeats = type.countsRepeats === true ? await countRepeats(store.db, batch) : [];
    const refused = await deliver(
      {
        ...{ sink, signal, figures, target: this.#target },
        batch: {
          ...{ partition, producer: `${sinkReader(sink)}/${partition}`, epoch: sink.epoch, firstSeq: chosen + 1 },
          events: batch.map((event, place) => this.#chooser.outgoing(event, repeats[place] ?? 0)),
        },
      },
      this.#options,
    );
    if (refused === undefined) return false;
    const isLast = batch.length === this.#waiting.length;
    const to = isLast ? this.#read : positionOf(batch.at(-1) as LoggedEvent);
    await this.#advance(to, { chosen: batch.length, refused });
    figures.forwarded += batch.length - refused.length;
    figures.refused += refused.length;
    this.#waiting = this.#waiting.slice(batch.length);
    this.#waitingSinceMs = this.#options.clock.nowMs();
    return true;
  }

  /** Leaves events behind that the sink does not take. */
  async #savePosition(): Promise<void> {
    if (this.#read.offset === this.#saved.offset) return;
    if (this.#options.clock.nowMs() - this.#savedAtMs < saveEveryMs) return;
    await this.#advance(this.#read, { chosen: 0, refused: [] });
  }

  async #advance(to: LogPosition, what: Pick<Parameters<typeof advanceSink>[1], 'chosen' | 'refused'>): Promise<void> {
    const { sink, partition } = this.#forwarding;
    const { store, clock } = this.#options;
    await store.write((tx) => advanceSink(tx, { sink, partition, ...what }, this.#saved, to));
    failpoint('sink.after-commit');
    this.#saved = { ...this.#saved, ...to };
    this.#savedAtMs = clock.nowMs();
  }

  /** Time until what waits has waited long enough, milliseconds. */
  get #dueMs(): number {
    return this.#waitingSinceMs + this.#batchWaitMs - this.#options.clock.nowMs();
  }

  get #waitMs(): number {
    return this.#waiting.length === 0 ? idleMs : Math.max(1, Math.min(idleMs, this.#dueMs));
  }
}

const positionOf = ({ offset, receivedUs }: LoggedEvent): LogPosition => ({ offset, receivedUs });
