import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, failpoint } from '@watchkeeper/kit';
import type { NewEvent } from '@watchkeeper/model';
import type { BufferLog } from './buffer-log.ts';
import {
  firstPosition,
  isPlausible,
  putPositionAside,
  type QueuePosition,
  readPosition,
  writePosition,
} from './position-file.ts';
import { Quarantine } from './quarantine.ts';
import { decodeRecord, newRecord, recordBytes, recordText } from './record.ts';
import { Segment, segmentNumber } from './segment.ts';

export interface DiskQueueOptions {
  /** Made when it is not there. Nobody else may use it at the same time. */
  readonly folder: string;
  /** Most bytes of segments, on disk or in memory; beyond it the oldest segment is dropped and its events are counted. */
  readonly limitBytes: number;
  /** Length of a segment; a sixteenth of the limit within bounds when left out. */
  readonly segmentBytes?: number;
  /** Most events in memory while the disk takes nothing; beyond it the oldest are dropped and counted. */
  readonly memoryEvents: number;
  /** Number of this start; every event that is added has it. */
  readonly epoch: number;
  /** Writes down what must be there before any event is; while it rejects, the disk counts as taking nothing. */
  readonly keepIdentity?: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: BufferLog;
}

/** The oldest events of a queue: one epoch, sequence numbers without a gap. */
export interface QueuedBatch {
  readonly epoch: number;
  readonly firstSeq: number;
  readonly events: readonly NewEvent[];
  readonly segment: Segment;
  readonly records: number;
}

/** Most events of one record. */
const groupEvents = 500;
/** Most bytes of JSON of one record, unless a single event is larger. */
const groupBytes = 512 * 1024;
/** Largest event that is taken, bytes of JSON: a server takes messages of 4 MiB. */
const eventBytes = 2 * 1024 * 1024;
/** Most bytes of JSON that are handed out at once, unless a single record is larger. */
const batchBytes = 2 * 1024 * 1024;
/** Shortest time from one sync to the next, milliseconds: what comes meanwhile shares the next one. */
const gatherMs = 50;
/** Time after which a disk that took nothing is tried again, milliseconds. */
const diskRetryMs = 5000;
/** Shortest time between two positions in the middle of a segment, milliseconds. */
const positionEveryMs = 5000;

/**
 * A first-in first-out queue of events on disk: append-only segments of records, and a position up to which they are
 * acknowledged. An event gets epoch and sequence number when it is put in, and is handed out only after it was synced,
 * so whatever was sent is sent again under the same identity after a crash.
 *
 * The position is written before a segment is deleted. One that is older than the truth only costs that events are sent
 * again. While the disk takes nothing (full, read-only) the queue goes on in memory, and writes that down when it can.
 */
export class DiskQueue {
  readonly #options: DiskQueueOptions;
  readonly #segmentBytes: number;
  readonly #positionFile: string;
  readonly #quarantine: Quarantine;
  /** Oldest first; the last one may be open for writing. */
  readonly #segments: Segment[] = [];
  #writing: Segment | undefined;
  #nextNumber = 1;
  #nextSeq = 1;
  #pending: NewEvent[] = [];
  /** Events that are being written down: no longer pending and in no segment yet. */
  #underWay = 0;
  #flushing: Promise<void> | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  #positionAtMs = Number.NEGATIVE_INFINITY;
  #diskTriedAtMs = Number.NEGATIVE_INFINITY;
  readonly #listeners = new Set<() => void>();
  /** Events added since the start. */
  added = 0;
  /** Events lost since the start: no room, or damage of what this process had put in. */
  dropped = 0;
  /** Why the disk takes nothing; null while it does. */
  diskError: string | null = null;

  private constructor(options: DiskQueueOptions) {
    this.#options = options;
    const share = Math.min(4 * 1024 * 1024, Math.max(16 * 1024, Math.floor(options.limitBytes / 16)));
    this.#segmentBytes = options.segmentBytes ?? share;
    this.#positionFile = join(options.folder, 'position.json');
    this.#quarantine = new Quarantine(options.folder, options.logger);
  }

  /** Opens what an earlier process left. Damage is put aside and counted; it never keeps a queue from opening. */
  static async open(options: DiskQueueOptions): Promise<DiskQueue> {
    const queue = new DiskQueue(options);
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await queue.#load();
    return queue;
  }

  /** Events that are not acknowledged. */
  get waiting(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.events, this.#pending.length + this.#underWay);
  }

  /** Pieces that could not be read, since the start. */
  get quarantined(): number {
    return this.#quarantine.count;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Puts an event in; it can be taken out after the next sync. */
  add(event: NewEvent): void {
    this.added += 1;
    if (this.#pending.length >= this.#options.memoryEvents) {
      this.#pending.shift();
      this.dropped += 1;
    }
    this.#pending.push(event);
    this.#flushing ??= this.#flush();
  }

  /** Called whenever there is something new to take out. Returns the unsubscribing function. */
  onReady(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The oldest events, about `limit` of them; undefined when there are none. They stay until they are acknowledged. */
  next(limit: number): Promise<QueuedBatch | undefined> {
    return this.#exclusive(async () => {
      for (let head = this.#segments[0]; head !== undefined; head = this.#segments[0]) {
        const batch = await this.#batchOf(head, limit);
        if (batch !== undefined) return batch;
        if (head === this.#writing) return undefined;
        // Only damage leaves events that are in no record.
        this.dropped += head.events;
        await this.#deleteHead();
      }
      return undefined;
    });
  }

  /** These events are stored elsewhere. */
  acknowledge({ segment, records, events }: QueuedBatch): Promise<void> {
    return this.#exclusive(async () => {
      if (segment.isDropped) {
        // Dropped while they were on their way, and yet not lost.
        this.dropped -= events.length;
        return;
      }
      segment.acknowledge(records, events.length);
      const isEmpty = segment.events <= 0 && segment !== this.#writing;
      if (isEmpty) await this.#deleteHead();
      else if (this.#options.clock.nowMs() - this.#positionAtMs >= positionEveryMs) await this.#savePosition();
    });
  }

  /** Resolves when nothing waits to be written down any more. */
  async written(): Promise<void> {
    await this.#flushing;
  }

  /** Writes everything down. What the disk did not take is lost with the process and counted as dropped. */
  async close(): Promise<void> {
    await this.#flushing;
    await this.#exclusive(async () => {
      await this.#spill();
      for (const segment of this.#segments) if (!segment.isOnDisk) this.dropped += segment.events;
      await this.#writing?.close();
      this.#writing = undefined;
      await this.#savePosition();
    });
  }

  async #batchOf(segment: Segment, limit: number): Promise<QueuedBatch | undefined> {
    const { records, damage } = await segment.records();
    await this.#quarantine.putAside(segment, damage);
    const [first] = records;
    if (first === undefined) return undefined;
    const events: NewEvent[] = [];
    let count = 0;
    let bytes = 0;
    for (const record of records) {
      const isNext = record.epoch === first.epoch && record.firstSeq === first.firstSeq + events.length;
      if (!isNext || (count > 0 && events.length + record.count > limit)) break;
      const read = decodeRecord(record);
      if (read === undefined) {
        if (count > 0) break;
        await this.#quarantine.putAside(segment, [record]);
        segment.acknowledge(1, record.count);
        this.dropped += record.count;
        return this.#batchOf(segment, limit);
      }
      if (count > 0 && bytes + read.bytes > batchBytes) break;
      events.push(...read.events);
      bytes += read.bytes;
      count += 1;
    }
    return { epoch: first.epoch, firstSeq: first.firstSeq, events, segment, records: count };
  }

  async #flush(): Promise<void> {
    // What is added in the same turn of the event loop shares the first sync.
    await undefined;
    while (this.#pending.length > 0) {
      await this.#exclusive(async () => {
        await this.#spill();
        const group = this.#pending.splice(0, groupEvents);
        this.#underWay = group.length;
        try {
          await this.#write(group);
        } catch (error) {
          this.dropped += group.length;
          this.#options.logger.error(
            { err: error, events: group.length },
            'events cannot be written down; they are dropped',
          );
        }
        this.#underWay = 0;
        await this.#makeRoom();
      });
      for (const listener of this.#listeners) listener();
      if (this.#pending.length < groupEvents) await this.#options.clock.pause(gatherMs);
    }
    this.#flushing = undefined;
  }

  async #write(events: readonly NewEvent[]): Promise<void> {
    const { epoch, logger } = this.#options;
    const group = { epoch, firstSeq: this.#nextSeq, events };
    const text = recordText(group);
    const textBytes = Buffer.byteLength(text);
    if (textBytes > Math.min(groupBytes, 2 * this.#segmentBytes) && events.length > 1) {
      const half = Math.floor(events.length / 2);
      await this.#write(events.slice(0, half));
      return this.#write(events.slice(half));
    }
    if (textBytes > eventBytes) {
      logger.error({ bytes: textBytes }, 'an event is too large to be sent; it is dropped');
      this.dropped += 1;
      return;
    }
    this.#nextSeq += events.length;
    const record = newRecord(group, text);
    if (this.#isDiskDue()) {
      try {
        const segment = await this.#segmentToWrite();
        await segment.append(record);
        this.#diskWorks();
        return;
      } catch (error) {
        await this.#diskFailed(error);
      }
    }
    this.#segmentInMemory().keep(record, recordBytes(record).length);
  }

  #isDiskDue(): boolean {
    return this.diskError === null || this.#options.clock.nowMs() - this.#diskTriedAtMs >= diskRetryMs;
  }

  #diskWorks(): void {
    if (this.diskError !== null) this.#options.logger.info('the disk takes events again');
    this.diskError = null;
  }

  async #diskFailed(error: unknown): Promise<void> {
    this.#diskTriedAtMs = this.#options.clock.nowMs();
    const { folder, logger } = this.#options;
    if (this.diskError === null)
      logger.error({ err: error, folder }, 'the disk takes no events; they are kept in memory until it does');
    this.diskError = error instanceof Error ? error.message : String(error);
    const writing = this.#writing;
    if (writing === undefined || !writing.isOnDisk) return;
    this.#writing = undefined;
    // What it holds was synced; the error of the disk is told above.
    await Promise.allSettled([writing.close()]);
    if (writing.bytes > 0) return;
    this.#segments.splice(this.#segments.indexOf(writing), 1);
    await this.#deleteFile(writing);
  }

  async #segmentToWrite(): Promise<Segment> {
    const present = this.#writing;
    if (present?.isOnDisk && present.bytes < this.#segmentBytes) return present;
    await this.#options.keepIdentity?.();
    const segment = new Segment(this.#options.folder, this.#nextNumber);
    this.#nextNumber += 1;
    await segment.create();
    this.#segments.push(segment);
    this.#writing = segment;
    await present?.close();
    // The one at the head is being read.
    if (present !== undefined && present !== this.#segments[0]) present.forgetRecords();
    return segment;
  }

  #segmentInMemory(): Segment {
    const most = Math.max(1, Math.floor(this.#options.memoryEvents / 8));
    const present = this.#segments.at(-1);
    if (present !== undefined && !present.isOnDisk && present.events < most && present.bytes < this.#segmentBytes)
      return present;
    const segment = new Segment(this.#options.folder, this.#nextNumber);
    this.#nextNumber += 1;
    this.#segments.push(segment);
    this.#writing = segment;
    return segment;
  }

  /** Writes down what is in memory only, once the disk is due. */
  async #spill(): Promise<void> {
    if (this.diskError === null || !this.#isDiskDue()) return;
    try {
      await this.#options.keepIdentity?.();
      for (const segment of this.#segments) {
        if (segment.isOnDisk) continue;
        await segment.spill();
        if (segment === this.#writing) this.#writing = undefined;
      }
      this.#diskWorks();
    } catch (error) {
      await this.#diskFailed(error);
    }
  }

  /** Drops the oldest segments while there is too much of them. */
  async #makeRoom(): Promise<void> {
    const { limitBytes, memoryEvents, logger } = this.#options;
    const inMemory = () => this.#segments.reduce((sum, one) => sum + (one.isOnDisk ? 0 : one.events), 0);
    while (this.#segments.length > 1 && (this.bytes > limitBytes || inMemory() > memoryEvents)) {
      const isMemory = this.bytes <= limitBytes;
      const at = isMemory ? this.#segments.findIndex((one) => !one.isOnDisk) : 0;
      const [oldest] = this.#segments.splice(at, 1) as [Segment];
      oldest.isDropped = true;
      this.dropped += oldest.events;
      logger.warn(
        { events: oldest.events, dropped: this.dropped },
        'there is no room for more events: the oldest are dropped',
      );
      await this.#savePosition();
      await this.#deleteFile(oldest);
    }
  }

  async #deleteHead(): Promise<void> {
    const [done] = this.#segments.splice(0, 1);
    await this.#savePosition();
    failpoint('buffer.before-delete');
    if (done !== undefined) await this.#deleteFile(done);
  }

  async #deleteFile(segment: Segment): Promise<void> {
    if (!segment.isOnDisk) return;
    try {
      await rm(segment.path, { force: true });
    } catch (error) {
      // The position says that it is done; the next start tries again.
      this.#options.logger.warn({ err: error, file: segment.path }, 'a segment of the buffer could not be deleted');
    }
  }

  async #savePosition(): Promise<void> {
    this.#positionAtMs = this.#options.clock.nowMs();
    const [head] = this.#segments;
    const position = {
      segment: head?.number ?? this.#nextNumber,
      // One that is in memory is written down from what is not acknowledged.
      bytes: head?.isOnDisk ? head.acknowledgedTo : 0,
    };
    try {
      await writePosition(this.#positionFile, position);
    } catch (error) {
      // An older position only costs that events are sent again; a full disk needs segments to be deleted all the more.
      this.#options.logger.warn({ err: error }, 'the position of the buffer could not be written; it is tried again');
    }
  }

  async #load(): Promise<void> {
    const { folder, logger } = this.#options;
    const names = await readdir(folder);
    const numbers = names.map(segmentNumber).filter((number) => number !== undefined);
    const position = await this.#positionAmong(numbers);
    for (const number of numbers.sort((a, b) => a - b)) {
      this.#nextNumber = number + 1;
      const { segment, content, damage } = await Segment.found(
        folder,
        number,
        number === position.segment ? position.bytes : 0,
      );
      await this.#quarantine.putAside(segment, damage, content);
      if (number >= position.segment && segment.events > 0) this.#segments.push(segment);
      else await this.#deleteFile(segment);
    }
    this.#nextNumber = Math.max(this.#nextNumber, position.segment);
    if (this.waiting > 0)
      logger.info({ events: this.waiting, folder }, 'events of an earlier start wait in the buffer');
  }

  /** The position that was saved; the beginning when that cannot be read or cannot be true of these segments. */
  async #positionAmong(numbers: readonly number[]): Promise<QueuePosition> {
    const { folder, logger } = this.#options;
    const file = this.#positionFile;
    const position = await readPosition(file);
    const endsRecord = ({ segment, bytes }: QueuePosition) => Segment.endsRecord(folder, segment, bytes);
    if (position !== undefined && (await isPlausible(position, numbers, endsRecord))) return position;
    this.#quarantine.count += 1;
    logger.error(
      { file, ...position },
      position === undefined
        ? 'the position of the buffer cannot be read; what is there is sent again'
        : 'the position of the buffer fits none of its segments; what is there is sent again',
    );
    await putPositionAside(file);
    return firstPosition;
  }

  /** One thing at a time on the files. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(work);
    this.#busy = result.catch(() => undefined);
    return result;
  }
}
