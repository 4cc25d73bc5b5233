import { backoffMs, type Clock } from '@watchkeeper/kit';
import { type ErrorCode, type EventBatch, isWatchkeeperError } from '@watchkeeper/model';
import type { BufferLog } from './buffer-log.ts';
import type { DiskQueue, QueuedBatch } from './disk-queue.ts';
import type { BufferIdentity } from './identity.ts';

/** Resolves when the batch is durable; the signal ends the attempt. @throws WatchkeeperError */
export type SendBatch = (
  batch: EventBatch,
  signal: AbortSignal,
) => Promise<{ readonly refused: readonly { readonly index: number; readonly code: string }[] }>;

export interface LaneOptions {
  /** Second part of the producer's name: each lane has numbers of its own. */
  readonly name: 'live' | 'backlog';
  readonly queue: DiskQueue;
  readonly identity: BufferIdentity;
  readonly send: SendBatch;
  readonly clock: Clock;
  readonly logger: BufferLog;
  /** Waits until this lane may send its next batch. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
  /** Events of one request. */
  readonly batchEvents: number;
  /** Pause after each batch, milliseconds: a server takes only so many requests of one key. */
  readonly pauseMs: number;
  /** Told after each attempt: the error after which the batch is sent again, or undefined when it is done with. */
  readonly onOutcome?: (error: unknown) => void;
}

/** What is wrong with a message itself: it will not be better the next time. */
const final: ReadonlySet<ErrorCode> = new Set([
  'validation_failed',
  'body_malformed',
  'body_too_large',
  'media_type_unsupported',
]);

/**
 * Sends the events of a queue, one batch at a time and in order, as a producer of its own. A batch is sent until it is
 * stored, unchanged, whatever the server says meanwhile; only one that is refused for what it is is given up.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #wake = new AbortController();
  #retry = new AbortController();
  /** Shortest pause that the other side asked for, milliseconds. */
  #notBeforeMs = 0;
  /** Events stored since the start, by this lane or before by a request whose answer was lost. */
  sent = 0;
  /** Events refused for good since the start. */
  refused = 0;
  /** Why the last attempt failed; null after one that did not. */
  lastError: string | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
    options.queue.onReady(() => this.#wake.abort());
    this.#running = this.#run();
  }

  /** Ends the pause before the next attempt. */
  sendNow(): void {
    this.#retry.abort();
  }

  /** Sends no more, and gives the attempt up that is under way: its batch stays in the queue. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { queue, clock, logger, turn, name, batchEvents } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#wake = new AbortController();
        if (queue.waiting > 0) await turn(signal);
        const batch = signal.aborted ? undefined : await queue.next(batchEvents);
        if (batch === undefined) await clock.pause(longestPauseMs, AbortSignal.any([this.#wake.signal, signal]));
        else await this.#sendUntilStored(batch);
      } catch (error) {
        logger.error({ err: error, lane: name }, 'the buffer cannot be read; it is tried again');
        await clock.pause(1000, signal);
      }
    }
  }

  async #sendUntilStored(batch: QueuedBatch): Promise<void> {
    const { queue, clock } = this.#options;
    const { signal } = this.#stop;
    for (let attempt = 1; !signal.aborted && !batch.segment.isDropped; attempt++) {
      const error = await this.#attempt(batch);
      if (signal.aborted && error !== undefined) return;
      this.lastError = error === undefined ? null : error.message;
      this.#options.onOutcome?.(error);
      if (error === undefined) {
        await queue.acknowledge(batch);
        await clock.pause(this.#options.pauseMs, signal);
        return;
      }
      this.#retry = new AbortController();
      const pauseMs = Math.max(this.#notBeforeMs, backoffMs(attempt, { firstMs: 200, longestMs: 5000 }));
      await clock.pause(pauseMs, AbortSignal.any([this.#retry.signal, signal]));
    }
  }

  /** One attempt: why the batch must be sent again; undefined when it is stored or refused for good. */
  async #attempt({ epoch, firstSeq, events }: QueuedBatch): Promise<Error | undefined> {
    const { identity, name, send, logger } = this.#options;
    try {
      const { refused } = await send(
        { producer: `${identity.producer}/${name}`, epoch, firstSeq, events },
        this.#stop.signal,
      );
      if (refused.length > 0) logger.error({ refused: refused.slice(0, 5), lane: name }, 'the server refused events');
      this.refused += refused.length;
      this.sent += events.length - refused.length;
      return undefined;
    } catch (error) {
      if (isWatchkeeperError(error) && final.has(error.code)) {
        logger.error({ err: error, events: events.length, lane: name }, 'the server refused a batch; it is dropped');
        this.refused += events.length;
        return undefined;
      }
      if (isWatchkeeperError(error, 'epoch_fenced')) {
        logger.error({ lane: name }, 'another process sends under the name of this buffer; it takes another name');
        await identity.renew();
      }
      this.#notBeforeMs = retryAfterMs(error);
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

const longestPauseMs = 60_000;

function retryAfterMs(error: unknown): number {
  const seconds = isWatchkeeperError(error) ? error.details.retryAfterS : undefined;
  return typeof seconds === 'number' ? Math.min(longestPauseMs, seconds * 1000) : 0;
}
