import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { decodeEventMessage, type EventBatch, encodeEventMessage, type NewEvent } from '@watchkeeper/model';

/**
 * A record of the disk buffer: events that were put in together, with the identity that they keep for ever. Numbers are
 * big-endian.
 *
 *  0   4  magic
 *  4   4  length of the payload
 *  8   4  CRC-32 of everything behind it
 * 12   8  epoch
 * 20   8  sequence number of the first event
 * 28   4  number of events
 * 32   …  payload: the message that carries events (docs/reference/event-message.md) as JSON, deflated
 */
const magic = Buffer.from('WKe1', 'latin1');
const headBytes = 32;
const crcByte = 8;
/** Largest payload, inflated: more is a corrupt length. */
const mostBytes = 16 * 1024 * 1024;

export interface StoredRecord {
  readonly epoch: number;
  readonly firstSeq: number;
  /** Events in it. */
  readonly count: number;
  /** Place in the segment, bytes; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly payload: Buffer;
}

export interface Damage {
  readonly start: number;
  readonly end: number;
}

/** The JSON of events, as it goes into a record. */
export function recordText(batch: Omit<EventBatch, 'producer'>): string {
  return JSON.stringify(encodeEventMessage({ ...batch, producer: 'buffer' }));
}

/** A record without its place in a segment. */
export type LooseRecord = Omit<StoredRecord, 'start' | 'end'>;

export function newRecord({ epoch, firstSeq, events }: Omit<EventBatch, 'producer'>, text: string): LooseRecord {
  return { epoch, firstSeq, count: events.length, payload: deflateRawSync(text, { level: 1 }) };
}

/** A record as it is written. */
export function recordBytes({ epoch, firstSeq, count, payload }: LooseRecord): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  magic.copy(bytes, 0);
  bytes.writeUInt32BE(payload.length, 4);
  bytes.writeBigUInt64BE(BigInt(epoch), 12);
  bytes.writeBigUInt64BE(BigInt(firstSeq), 20);
  bytes.writeUInt32BE(count, 28);
  payload.copy(bytes, headBytes);
  bytes.writeUInt32BE(crc32(bytes.subarray(crcByte + 4)), crcByte);
  return bytes;
}

/** The events of a record, and the bytes of their JSON; undefined when its payload is not what this release can read. */
export function decodeRecord({
  payload,
  count,
}: LooseRecord): { readonly events: readonly NewEvent[]; readonly bytes: number } | undefined {
  try {
    const text = inflateRawSync(payload, { maxOutputLength: mostBytes });
    const { batches, problems } = decodeEventMessage(JSON.parse(text.toString('utf8')));
    const events = batches.flatMap((batch) => batch.events);
    return problems.length === 0 && events.length === count ? { events, bytes: text.length } : undefined;
  } catch {
    // The checksum is right, so it was written like this: by another release, or by a mistake of ours.
    return undefined;
  }
}

/**
 * Reads a segment. What has no valid checksum is damage: the search goes on at the next valid record, so a torn or
 * corrupt one never hides those behind it.
 */
export function scanSegment(bytes: Buffer): { readonly records: StoredRecord[]; readonly damage: Damage[] } {
  const records: StoredRecord[] = [];
  const damage: Damage[] = [];
  let damagedFrom: number | undefined;
  for (let at = 0; at < bytes.length; ) {
    const record = recordAt(bytes, at);
    if (record !== undefined) {
      if (damagedFrom !== undefined) damage.push({ start: damagedFrom, end: at });
      damagedFrom = undefined;
      records.push(record);
      at = record.end;
      continue;
    }
    damagedFrom ??= at;
    const next = bytes.indexOf(magic, at + 1);
    at = next < 0 ? bytes.length : next;
  }
  if (damagedFrom !== undefined) damage.push({ start: damagedFrom, end: bytes.length });
  return { records, damage };
}

function recordAt(bytes: Buffer, start: number): StoredRecord | undefined {
  if (start + headBytes > bytes.length || !bytes.subarray(start, start + 4).equals(magic)) return undefined;
  const length = bytes.readUInt32BE(start + 4);
  const end = start + headBytes + length;
  if (length > mostBytes || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(start + crcByte + 4, end)) !== bytes.readUInt32BE(start + crcByte)) return undefined;
  return {
    epoch: Number(bytes.readBigUInt64BE(start + 12)),
    firstSeq: Number(bytes.readBigUInt64BE(start + 20)),
    count: bytes.readUInt32BE(start + 28),
    ...{ start, end },
    payload: bytes.subarray(start + headBytes, end),
  };
}
