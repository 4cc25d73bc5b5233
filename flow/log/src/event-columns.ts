import type { LoggedEvent, Outcome, Series } from '@watchkeeper/model';

const outcomes: readonly Outcome[] = ['ok', 'degraded', 'failed', 'skipped'];
const noTimeNs = -1;

/** What few events have. */
type Seldom = Pick<LoggedEvent, 'reason' | 'detail' | 'slot'>;

/**
 * Events of a partition in columns, offsets rising by one. As objects the tail of a busy log would outlive every young
 * collection, and the old ones would walk over it again and again; numbers in columns cost them nothing. Who reads gets
 * objects of his own.
 */
export class EventColumns {
  #length = 0;
  #firstOffset = 0;
  readonly #series: Series[] = [];
  readonly #seldom = new Map<number, Seldom>();
  #room = 0;
  #timeUs = new Float64Array();
  #timeNs = new Int16Array();
  #outcomes = new Uint8Array();
  #receivedUs = new Float64Array();
  #producerIds = new Int32Array();
  #epochs = new Float64Array();
  #seqs = new Float64Array();
  /** Where the values of an event begin; one more than there are events. */
  #starts = new Uint32Array(1);
  /** NaN where nothing was measured. */
  #values = new Float64Array();

  get length(): number {
    return this.#length;
  }

  /** Of the first event that is kept. */
  get firstOffset(): number {
    return this.#firstOffset;
  }

  /** Of the last one; 0 where there is none. */
  get lastOffset(): number {
    return this.#length === 0 ? 0 : this.#firstOffset + this.#length - 1;
  }

  push(event: LoggedEvent): void {
    const { reason, detail, slot, values } = event;
    const at = this.#length;
    if (at === 0) this.#firstOffset = event.offset;
    if (at === this.#room) this.#widen();
    this.#series[at] = event.series;
    this.#timeUs[at] = event.timeUs;
    this.#timeNs[at] = event.timeNs ?? noTimeNs;
    this.#outcomes[at] = outcomes.indexOf(event.outcome);
    this.#receivedUs[at] = event.receivedUs;
    this.#producerIds[at] = event.producerId;
    this.#epochs[at] = event.epoch;
    this.#seqs[at] = event.seq;
    const start = this.#starts[at] as number;
    if (start + values.length > this.#values.length) this.#values = wider(this.#values, start + values.length);
    for (let index = 0; index < values.length; index++) this.#values[start + index] = values[index] ?? Number.NaN;
    this.#starts[at + 1] = start + values.length;
    if (reason !== undefined || detail !== undefined || slot !== undefined)
      this.#seldom.set(event.offset, {
        ...(reason === undefined ? {} : { reason }),
        ...(detail === undefined ? {} : { detail }),
        ...(slot === undefined ? {} : { slot }),
      });
    this.#length += 1;
  }

  /** Events `start` to `end`, exclusive, counted from the first that is kept. */
  slice(start: number, end: number, partition: number): LoggedEvent[] {
    const events: LoggedEvent[] = [];
    for (let at = Math.max(0, start); at < Math.min(end, this.#length); at++) events.push(this.#eventAt(at, partition));
    return events;
  }

  /** Forgets the first ones. */
  drop(count: number): void {
    const dropped = Math.min(count, this.#length);
    const [start = 0, end = 0] = [this.#starts[dropped], this.#starts[this.#length]];
    this.#values.copyWithin(0, start, end);
    this.#starts.copyWithin(0, dropped, this.#length + 1);
    for (let at = 0; at <= this.#length - dropped; at++) this.#starts[at] = (this.#starts[at] as number) - start;
    this.#series.splice(0, dropped);
    for (const column of this.#columns()) column.copyWithin(0, dropped, this.#length);
    this.#firstOffset += dropped;
    this.#length -= dropped;
    for (const offset of this.#seldom.keys()) if (offset < this.#firstOffset) this.#seldom.delete(offset);
  }

  #eventAt(at: number, partition: number): LoggedEvent {
    const [start, end] = [this.#starts[at] as number, this.#starts[at + 1] as number];
    const values: (number | null)[] = new Array(end - start);
    for (let index = start; index < end; index++) {
      const value = this.#values[index] as number;
      values[index - start] = Number.isNaN(value) ? null : value;
    }
    const offset = this.#firstOffset + at;
    const timeNs = this.#timeNs[at] as number;
    const event = {
      series: this.#series[at] as Series,
      timeUs: this.#timeUs[at] as number,
      timeNs,
      outcome: outcomes[this.#outcomes[at] as number] as Outcome,
      values,
      partition,
      offset,
      receivedUs: this.#receivedUs[at] as number,
      producerId: this.#producerIds[at] as number,
      epoch: this.#epochs[at] as number,
      seq: this.#seqs[at] as number,
    };
    const seldom = this.#seldom.get(offset);
    if (timeNs !== noTimeNs) return seldom === undefined ? event : { ...event, ...seldom };
    const { timeNs: _none, ...timed } = event;
    return { ...timed, ...seldom };
  }

  #columns() {
    const places = [this.#timeUs, this.#receivedUs, this.#epochs, this.#seqs];
    return [...places, this.#timeNs, this.#outcomes, this.#producerIds];
  }

  #widen(): void {
    this.#timeUs = wider(this.#timeUs);
    this.#timeNs = wider(this.#timeNs);
    this.#outcomes = wider(this.#outcomes);
    this.#receivedUs = wider(this.#receivedUs);
    this.#producerIds = wider(this.#producerIds);
    this.#epochs = wider(this.#epochs);
    this.#seqs = wider(this.#seqs);
    this.#room = this.#timeUs.length;
    this.#starts = wider(this.#starts, this.#room + 1);
  }
}

/** The same column with twice the room, at least for so many. */
function wider<Column extends Float64Array | Int32Array | Int16Array | Uint32Array | Uint8Array>(
  column: Column,
  atLeast = 64,
): Column {
  const wide = new (column.constructor as new (length: number) => Column)(Math.max(atLeast, 2 * column.length));
  wide.set(column);
  return wide;
}
