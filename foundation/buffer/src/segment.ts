import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failpoint, syncFolder } from '@watchkeeper/kit';
import { type Damage, type LooseRecord, recordBytes, type StoredRecord, scanSegment } from './record.ts';

/** A file of records, only ever appended to; or, while the disk takes nothing, the same in memory. */
export class Segment {
  readonly number: number;
  readonly path: string;
  /** Length of what is whole, bytes. */
  bytes = 0;
  /** Events in it that are not acknowledged. */
  events = 0;
  /** Up to where it is acknowledged, bytes. */
  acknowledgedTo = 0;
  /** False while it is in memory only. */
  isOnDisk = false;
  isDropped = false;
  /** Records that are not acknowledged, while they are in memory. */
  #records: StoredRecord[] | undefined;
  #handle: FileHandle | undefined;
  /** Beginnings of damage that was told. */
  readonly #toldDamage = new Set<number>();

  constructor(folder: string, number: number) {
    this.number = number;
    this.path = join(folder, segmentName(number));
  }

  /** A segment that an earlier process left. Its records are read again when their turn comes. */
  static async found(
    folder: string,
    number: number,
    acknowledgedTo: number,
  ): Promise<{ segment: Segment; content: Buffer; damage: readonly Damage[] }> {
    const segment = new Segment(folder, number);
    const content = await readFile(segment.path);
    const { records, damage } = scanSegment(content);
    segment.isOnDisk = true;
    for (const { start } of damage) segment.#toldDamage.add(start);
    segment.bytes = content.length;
    segment.acknowledgedTo = Math.min(acknowledgedTo, content.length);
    for (const { start, count } of records) if (start >= segment.acknowledgedTo) segment.events += count;
    return { segment, content, damage };
  }

  /** Whether a record of a segment that an earlier process left ends there. */
  static async endsRecord(folder: string, number: number, at: number): Promise<boolean> {
    const { records } = scanSegment(await readFile(join(folder, segmentName(number))));
    return records.some(({ end }) => end === at);
  }

  /** Makes the file; durable with its first record. */
  async create(): Promise<void> {
    this.#handle = await open(this.path, 'wx', 0o600);
    this.isOnDisk = true;
    this.#records ??= [];
    await syncFolder(dirname(this.path));
  }

  /** Takes a record into memory. */
  keep(record: LooseRecord, length: number): void {
    this.#records ??= [];
    this.#records.push({ ...record, start: this.bytes, end: this.bytes + length });
    this.bytes += length;
    this.events += record.count;
  }

  /** Appends a record and syncs it. When that fails the file is as long as before, as far as that can be done. */
  async append(record: LooseRecord): Promise<void> {
    const handle = this.#handle as FileHandle;
    const bytes = recordBytes(record);
    try {
      await writeAll(handle, bytes, this.bytes);
      failpoint('buffer.before-sync');
      await handle.datasync();
    } catch (error) {
      // What is left of it is told by its checksum; cut off, it costs no space.
      await Promise.allSettled([handle.truncate(this.bytes)]);
      throw error;
    }
    failpoint('buffer.after-sync');
    this.keep(record, bytes.length);
  }

  /** Brings a segment that is in memory to the disk. */
  async spill(): Promise<void> {
    const records = this.#records ?? [];
    const handle = await open(this.path, 'w', 0o600);
    try {
      const whole = Buffer.concat(records.map(recordBytes));
      await writeAll(handle, whole, 0);
      await handle.datasync();
      // Acknowledged ones are not written, so places are counted anew.
      this.bytes = 0;
      this.acknowledgedTo = 0;
      this.events = 0;
      this.#records = [];
      for (const { start, end, ...record } of records) this.keep(record, end - start);
    } finally {
      await handle.close();
    }
    await syncFolder(dirname(this.path));
    this.isOnDisk = true;
  }

  /** Nothing more is appended. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** Lets go of what can be read again. */
  forgetRecords(): void {
    if (this.isOnDisk) this.#records = undefined;
  }

  /** Records that are not acknowledged, in order, and damage that was not told before. */
  async records(): Promise<{ records: readonly StoredRecord[]; damage: readonly Damage[] }> {
    if (this.#records !== undefined) return { records: this.#records, damage: [] };
    const content = await readFile(this.path);
    const { records, damage } = scanSegment(content.subarray(0, this.bytes));
    this.#records = records.filter(({ start }) => start >= this.acknowledgedTo);
    const news = damage.filter(({ start }) => !this.#toldDamage.has(start));
    for (const { start } of news) this.#toldDamage.add(start);
    return { records: this.#records, damage: news };
  }

  /** The first so many records, with so many events, are stored elsewhere. */
  acknowledge(count: number, events: number): void {
    const done = this.#records?.splice(0, count) ?? [];
    this.acknowledgedTo = done.at(-1)?.end ?? this.acknowledgedTo;
    this.events -= events;
  }
}

const digits = 16;
const segmentName = (number: number) => `${String(number).padStart(digits, '0')}.segment`;

/** The number of a segment's file; undefined for any other file. */
export function segmentNumber(name: string): number | undefined {
  const [, number] = /^(\d{16})\.segment$/.exec(name) ?? [];
  return number === undefined ? undefined : Number(number);
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
