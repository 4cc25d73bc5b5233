import type { LoggedEvent, NewEvent, Outcome, Series } from '@watchkeeper/model';

/**
 * Events as PostgreSQL's binary COPY rows (PostgreSQL documentation, "COPY", binary format) and back.
 * The fixed-width columns stand first, so the two that are known only under the lock of the partition head
 * (`received_at`, `log_offset`) are patched in place after everything else was encoded.
 */

/** What is read of a row, in this order. */
export const eventColumns = [
  'received_at',
  'time',
  'series_id',
  'log_offset',
  'seq',
  'epoch',
  'producer_id',
  'tenant_id',
  'log_partition',
  'time_ns',
  'outcome',
  'values',
  'reason',
  'detail',
] as const;

/** In the order of the encoded row. */
export const storedColumns = [...eventColumns, 'by_series'] as const;

const receivedAtByte = 6;
const logOffsetByte = 42;
const fixedBytes = 2 + 6 * 12 + 2 * 8 + 3 * 6;

/** Microseconds between 1970-01-01 and 2000-01-01, the zero of PostgreSQL's timestamps. */
const postgresEpochUs = 946_684_800_000_000;
const float8Oid = 701;
const twoTo32 = 0x1_0000_0000;

const outcomeCodes: Readonly<Record<Outcome, number>> = { ok: 0, degraded: 1, failed: 2, skipped: 3 };
const outcomeNames: readonly Outcome[] = ['ok', 'degraded', 'failed', 'skipped'];

/** What the row needs to know of a series: its 64-bit identifier as stored, and whose it is. */
export interface SeriesRef {
  /** Big-endian, as the column wants it. */
  readonly idBytes: Buffer;
  readonly tenantId: number;
  /** Whether its events are indexed by series: those of monitors and the like are. */
  readonly isIndexed: boolean;
}

/** Rows of one producer, encoded but for offset and arrival. */
export interface EncodedRows {
  /** The rows; those that are indexed by series stand in its order. */
  readonly bytes: Buffer;
  /** Where row i begins and ends. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

export interface RowIdentity {
  readonly producerId: number;
  readonly epoch: number;
  readonly partition: number;
}

let scratch = Buffer.allocUnsafe(1 << 20);

/** Encodes events with sequence numbers `firstSeq`, `firstSeq + 1`, … They must be storable (`storableBatch`). */
export function encodeRows(
  events: readonly NewEvent[],
  refs: readonly SeriesRef[],
  firstSeq: number,
  { producerId, epoch, partition }: RowIdentity,
): EncodedRows {
  const starts = new Uint32Array(events.length);
  const ends = new Uint32Array(events.length);
  let at = 0;
  const order = refs.some(({ isIndexed }) => isIndexed) ? bySeries(refs) : undefined;
  for (let place = 0; place < events.length; place++) {
    const index = order === undefined ? place : (order[place] as number);
    const event = events[index] as NewEvent;
    const ref = refs[index] as SeriesRef;
    const { reason, values } = event;
    const detail = event.detail === undefined ? undefined : JSON.stringify(event.detail);
    const needed =
      fixedBytes +
      29 +
      values.length * 12 +
      9 +
      (reason === undefined ? 0 : reason.length * 3) +
      (detail === undefined ? 0 : detail.length * 3);
    if (at + needed > scratch.length)
      scratch = Buffer.concat([scratch, Buffer.allocUnsafe(Math.max(scratch.length, needed))]);
    const out = scratch;
    starts[index] = at;
    at = out.writeInt16BE(storedColumns.length, at);
    at = writeInt64(out, 0, at);
    at = writeInt64(out, event.timeUs - postgresEpochUs, at);
    at = out.writeInt32BE(8, at);
    at += ref.idBytes.copy(out, at);
    at = writeInt64(out, 0, at);
    at = writeInt64(out, firstSeq + index, at);
    at = writeInt64(out, epoch, at);
    at = writeInt32(out, producerId, at);
    at = writeInt32(out, ref.tenantId, at);
    at = writeInt16(out, partition, at);
    at = writeInt16(out, event.timeNs ?? 0, at);
    at = writeInt16(out, outcomeCodes[event.outcome], at);
    at = writeFloats(out, values, at);
    at = writeText(out, reason, at);
    at = writeJsonb(out, detail, at);
    at = writeTrue(out, ref.isIndexed, at);
    ends[index] = at;
  }
  return { bytes: Buffer.from(scratch.subarray(0, at)), starts, ends };
}

/**
 * Places of rows by the identifiers of their series: rows that are stored in the order of the index on them cost the
 * database a quarter less. Which offsets they get is another matter.
 */
function bySeries(refs: readonly SeriesRef[]): Uint32Array {
  const count = refs.length;
  // The first half of an identifier and the place as one number, so that numbers are sorted and nothing is called.
  const packed = Float64Array.from(refs, ({ idBytes }, place) => idBytes.readInt32BE(0) * count + place).sort();
  return Uint32Array.from(packed, (number) => ((number % count) + count) % count);
}

/** Writes offset and arrival into row `index`. */
export function patchRow({ bytes, starts }: EncodedRows, index: number, logOffset: number, receivedUs: number): void {
  const start = starts[index] as number;
  putInt64(bytes, receivedUs - postgresEpochUs, start + receivedAtByte);
  putInt64(bytes, logOffset, start + logOffsetByte);
}

/** Signature, flags and extension length of a binary COPY. */
export const copyHeader = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
export const copyTrailer = Buffer.from([0xff, 0xff]);

function putInt64(out: Buffer, value: number, at: number): void {
  const high = Math.floor(value / twoTo32);
  out.writeInt32BE(high, at);
  out.writeUInt32BE(value - high * twoTo32, at + 4);
}

function writeInt64(out: Buffer, value: number, at: number): number {
  out.writeInt32BE(8, at);
  putInt64(out, value, at + 4);
  return at + 12;
}

function writeInt32(out: Buffer, value: number, at: number): number {
  out.writeInt32BE(4, at);
  return out.writeInt32BE(value, at + 4);
}

function writeInt16(out: Buffer, value: number, at: number): number {
  out.writeInt32BE(2, at);
  return out.writeInt16BE(value, at + 4);
}

function writeFloats(out: Buffer, values: readonly (number | null)[], start: number): number {
  let at = start + 4;
  let hasNull = 0;
  at = out.writeInt32BE(values.length === 0 ? 0 : 1, at);
  const flagAt = at;
  at = out.writeInt32BE(0, at);
  at = out.writeInt32BE(float8Oid, at);
  if (values.length > 0) {
    at = out.writeInt32BE(values.length, at);
    at = out.writeInt32BE(1, at);
    for (const value of values) {
      if (value === null || !Number.isFinite(value)) {
        hasNull = 1;
        at = out.writeInt32BE(-1, at);
      } else {
        at = out.writeInt32BE(8, at);
        at = out.writeDoubleBE(value, at);
      }
    }
  }
  out.writeInt32BE(hasNull, flagAt);
  out.writeInt32BE(at - start - 4, start);
  return at;
}

function writeText(out: Buffer, text: string | undefined, at: number): number {
  if (text === undefined) return out.writeInt32BE(-1, at);
  const length = out.write(text, at + 4, 'utf8');
  out.writeInt32BE(length, at);
  return at + 4 + length;
}

function writeJsonb(out: Buffer, json: string | undefined, at: number): number {
  if (json === undefined) return out.writeInt32BE(-1, at);
  out[at + 4] = 1;
  const length = out.write(json, at + 5, 'utf8') + 1;
  out.writeInt32BE(length, at);
  return at + 4 + length;
}

/** True or null. */
function writeTrue(out: Buffer, isTrue: boolean, at: number): number {
  if (!isTrue) return out.writeInt32BE(-1, at);
  out[at + 4] = 1;
  return out.writeInt32BE(1, at) + 1;
}

/** A row of a binary COPY, fields in the order of `eventColumns`. */
export function decodeRow(row: readonly (Buffer | null)[], seriesOf: (id: string) => Series): LoggedEvent {
  const [
    receivedAt,
    time,
    seriesId,
    logOffset,
    seq,
    epoch,
    producerId,
    ,
    partition,
    timeNs,
    outcome,
    values,
    reason,
    detail,
  ] = row as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer | null,
    Buffer | null,
  ];
  const ns = timeNs.readInt16BE(0);
  return {
    series: seriesOf(seriesId.readBigInt64BE(0).toString()),
    timeUs: readInt64(time) + postgresEpochUs,
    ...(ns === 0 ? {} : { timeNs: ns }),
    outcome: outcomeNames[outcome.readInt16BE(0)] ?? 'failed',
    ...(reason === null ? {} : { reason: reason.toString('utf8') }),
    values: readFloats(values),
    ...(detail === null ? {} : { detail: JSON.parse(detail.toString('utf8', 1)) }),
    partition: partition.readInt16BE(0),
    offset: readInt64(logOffset),
    receivedUs: readInt64(receivedAt) + postgresEpochUs,
    producerId: producerId.readInt32BE(0),
    epoch: readInt64(epoch),
    seq: readInt64(seq),
  };
}

function readInt64(bytes: Buffer): number {
  return bytes.readInt32BE(0) * twoTo32 + bytes.readUInt32BE(4);
}

function readFloats(bytes: Buffer): (number | null)[] {
  if (bytes.readInt32BE(0) === 0) return [];
  const count = bytes.readInt32BE(12);
  const values: (number | null)[] = new Array(count);
  let at = 20;
  for (let index = 0; index < count; index++) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) values[index] = null;
    else {
      values[index] = bytes.readDoubleBE(at);
      at += length;
    }
  }
  return values;
}
