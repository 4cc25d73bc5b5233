import { join } from 'node:path';
import type { Clock } from '@watchkeeper/kit';
import { isWatchkeeperError, type NewEvent } from '@watchkeeper/model';
import type { BufferLog } from './buffer-log.ts';
import { DiskQueue } from './disk-queue.ts';
import { openIdentity } from './identity.ts';
import { Lane, type SendBatch } from './lane.ts';

export interface BufferedOutletOptions {
  /** Folder of the buffer. Nobody else may use it at the same time. */
  readonly folder: string;
  /** Most bytes on disk. */
  readonly limitBytes: number;
  /** Most events in memory while the disk takes nothing. */
  readonly memoryEvents: number;
  readonly send: SendBatch;
  readonly clock: Clock;
  readonly logger: BufferLog;
}

export interface BufferFigures {
  /** Events that wait, in each lane. */
  readonly live: number;
  readonly backlog: number;
  readonly bytes: number;
  readonly dropped: number;
  /** Events that the server refused for good. */
  readonly refused: number;
  /** Pieces of the buffer that were damaged. */
  readonly quarantined: number;
  /** Why the disk takes nothing; null while it does. */
  readonly diskError: string | null;
}

/** Events of one request. */
const batchEvents = 1000;
/** Pause after each batch of the backlog, milliseconds: twenty requests a second leave room for live ones. */
const backlogPauseMs = 50;
/** Share of the room that the live lane has. */
const liveShare = 1 / 8;
/** Events in the live lane beyond which new ones are no longer live. */
const liveEvents = 5000;
/** Longest time that the backlog waits for the first live event after an outage, milliseconds. */
const liveFirstMs = 5000;

/**
 * Keeps events on disk until they are stored elsewhere, in two lanes: two queues, two producers, each with its own
 * order of sequence numbers.
 *
 * After an outage people want to see what is now before what was. One producer could not do that: its numbers rise in
 * the order in which events were put in, and an event gets its number, for ever, at that moment. So it is decided at
 * that moment too: while the server takes events they go into the live lane, and while it does not, or the live lane is
 * too long, into the backlog. When the server is back the live lane goes first, and the backlog is worked off beside
 * it, as soon as a new event was seen and as long as the live lane keeps up.
 */
export class BufferedOutlet {
  readonly #clock: Clock;
  readonly #logger: BufferLog;
  readonly #live: DiskQueue;
  readonly #backlog: DiskQueue;
  readonly #liveLane: Lane;
  readonly #backlogLane: Lane;
  #isAway = false;
  /** The server answers, but not to what is at the head of the live lane: the backlog must pass it by. */
  #isStuck = false;
  /** Events that had been added to the live lane when the server came back, and when that was. */
  #returned: { readonly added: number; readonly atMs: number };

  private constructor(
    { clock, logger, send }: BufferedOutletOptions,
    identity: Awaited<ReturnType<typeof openIdentity>>,
    live: DiskQueue,
    backlog: DiskQueue,
  ) {
    this.#clock = clock;
    this.#logger = logger;
    this.#returned = { added: 0, atMs: clock.nowMs() };
    this.#live = live;
    this.#backlog = backlog;
    const common = { identity, clock, logger, batchEvents };
    this.#liveLane = new Lane({
      ...common,
      name: 'live',
      pauseMs: 0,
      queue: live,
      turn: async () => undefined,
      send,
      onOutcome: (error) => this.#notice(error),
    });
    this.#backlogLane = new Lane({
      ...common,
      name: 'backlog',
      pauseMs: backlogPauseMs,
      queue: backlog,
      turn: (signal) => this.#liveFirst(signal),
      send,
    });
  }

  static async open(options: BufferedOutletOptions): Promise<BufferedOutlet> {
    const { folder, limitBytes, memoryEvents, clock, logger } = options;
    const identity = await openIdentity(folder, { clock, logger });
    const { epoch, keep: keepIdentity } = identity;
    const common = { epoch, keepIdentity, memoryEvents: Math.ceil(memoryEvents / 2), clock, logger };
    const liveBytes = Math.floor(limitBytes * liveShare);
    const live = await DiskQueue.open({ ...common, folder: join(folder, 'live'), limitBytes: liveBytes });
    const backlog = await DiskQueue.open({
      ...common,
      folder: join(folder, 'backlog'),
      limitBytes: limitBytes - liveBytes,
    });
    return new BufferedOutlet(options, identity, live, backlog);
  }

  add(event: NewEvent): void {
    const isLive = !this.#isAway && this.#live.waiting < liveEvents;
    (isLive ? this.#live : this.#backlog).add(event);
  }

  get waiting(): number {
    return this.#live.waiting + this.#backlog.waiting;
  }

  /** Events that are stored elsewhere, since the start. */
  get sent(): number {
    return this.#liveLane.sent + this.#backlogLane.sent;
  }

  get dropped(): number {
    return this.#live.dropped + this.#backlog.dropped + this.#liveLane.refused + this.#backlogLane.refused;
  }

  get lastError(): string | null {
    return this.#liveLane.lastError ?? this.#backlogLane.lastError ?? this.#live.diskError ?? this.#backlog.diskError;
  }

  /** Tries at once: the server answers something else again. */
  sendNow(): void {
    this.#liveLane.sendNow();
    this.#backlogLane.sendNow();
  }

  figures(): BufferFigures {
    return {
      live: this.#live.waiting,
      backlog: this.#backlog.waiting,
      bytes: this.#live.bytes + this.#backlog.bytes,
      dropped: this.#live.dropped + this.#backlog.dropped,
      refused: this.#liveLane.refused + this.#backlogLane.refused,
      quarantined: this.#live.quarantined + this.#backlog.quarantined,
      diskError: this.#live.diskError ?? this.#backlog.diskError,
    };
  }

  /** Writes down what was added, and sends what it can within the time while the server takes it. */
  async flush(withinMs: number): Promise<void> {
    const untilMs = this.#clock.nowMs() + withinMs;
    const written = Promise.all([this.#live.written(), this.#backlog.written()]);
    await Promise.race([written, this.#clock.pause(withinMs)]);
    while (this.waiting > 0 && !this.#isAway && this.#clock.nowMs() < untilMs) await this.#clock.pause(20);
  }

  /** As `flush`; the rest waits on disk for the next start. */
  async close(withinMs: number): Promise<void> {
    await this.flush(withinMs);
    await Promise.all([this.#liveLane.close(), this.#backlogLane.close()]);
    await Promise.all([this.#live.close(), this.#backlog.close()]);
    if (this.waiting > 0) this.#logger.info({ events: this.waiting }, 'events wait in the buffer for the next start');
  }

  /** Notices by the live lane when the server is away and when it is back. */
  #notice(error: unknown): void {
    if (error === undefined) {
      if (this.#isAway) this.#cameBack();
      return;
    }
    if (!this.#isAway) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.warn({ reason }, 'events cannot be sent; they are kept until they can');
    }
    this.#isAway = true;
    this.#isStuck = isWatchkeeperError(error, 'internal');
  }

  #cameBack(): void {
    this.#isAway = false;
    this.#isStuck = false;
    this.#returned = { added: this.#live.added, atMs: this.#clock.nowMs() };
    const backlog = this.#backlog.waiting;
    this.#logger.info({ backlog }, 'the server takes events again; what waits follows behind live ones');
  }

  /** The turn of the backlog: a new event was seen, and the live lane keeps up. */
  async #liveFirst(signal: AbortSignal): Promise<void> {
    const mayGo = () => {
      if (this.#isStuck) return true;
      if (this.#isAway || this.#live.waiting >= batchEvents) return false;
      const isNewSeen = this.#live.added - this.#live.waiting > this.#returned.added;
      return isNewSeen || this.#clock.nowMs() - this.#returned.atMs >= liveFirstMs;
    };
    while (!signal.aborted && !mayGo()) await this.#clock.pause(100, signal);
  }
}
