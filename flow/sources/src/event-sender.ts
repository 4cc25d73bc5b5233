import { backoffMs, type Clock, type Logger } from '@watchkeeper/kit';
import { type EventBatch, type EventLog, isWatchkeeperError, type NewEvent } from '@watchkeeper/model';
import { EventQueue } from './event-queue.ts';
import type { EventOutlet } from './schedule-source.ts';

export interface EventSenderOptions {
  /** The log, or what stands before it. */
  readonly eventLog: Pick<EventLog, 'openProducer' | 'append'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of this producer; nobody else may use it at the same time. */
  readonly producer: string;
  /** Events kept while the log is away; beyond it the oldest are dropped and counted. */
  readonly bufferEvents: number;
}

const batchEvents = 1000;

/**
 * Keeps events in memory and brings them into the log as one producer: one batch in flight, in order. A batch whose fate is unknown is sent
 * again unchanged, so its sequence numbers decide whether it is stored already.
 */
export class EventSender implements EventOutlet {
  readonly #options: EventSenderOptions;
  readonly #waiting: EventQueue;
  #inFlight: EventBatch | undefined;
  #epoch: number | undefined;
  #nextSeq = 1;
  #sending: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #waitForRoom: (() => void)[] = [];
  dropped = 0;
  sent = 0;
  /** Refused by the log for good, such as those of a series over the limit; not among `sent`. */
  refused = 0;
  lastError: string | null = null;

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#waiting = new EventQueue(options.bufferEvents);
  }

  /** Events not stored yet. */
  get waiting(): number {
    return this.#waiting.length + (this.#inFlight?.events.length ?? 0);
  }

  add(event: NewEvent): void {
    this.dropped += this.#waiting.push(event);
    this.#sending ??= this.#send();
  }

  /** Whether less than half of the buffer is taken: who can let its sender wait does so otherwise, and nothing is dropped. */
  get hasRoom(): boolean {
    return this.#waiting.length < this.#options.bufferEvents / 2;
  }

  /** Resolves once there is room, and when the sender is closed. */
  async room(): Promise<void> {
    while (!this.hasRoom && !this.#stop.signal.aborted)
      await new Promise<void>((resolve) => this.#waitForRoom.push(resolve));
  }

  /** Waits until everything is stored, at most `withinMs`; what is left then is counted as dropped. */
  async close(withinMs: number): Promise<void> {
    const limit = new AbortController();
    await Promise.race([this.#sending, this.#options.clock.pause(withinMs, limit.signal)]);
    limit.abort();
    this.#stop.abort();
    this.#tellRoom();
    await this.#sending;
    this.dropped += this.waiting;
  }

  async #send(): Promise<void> {
    const { eventLog, clock, logger, producer } = this.#options;
    let attempt = 0;
    while (this.waiting > 0 && !this.#stop.signal.aborted) {
      try {
        this.#epoch ??= (await eventLog.openProducer(producer)).epoch;
        this.#inFlight ??= {
          producer,
          epoch: this.#epoch,
          firstSeq: this.#nextSeq,
          events: this.#waiting.take(batchEvents),
        };
        const { refused } = await eventLog.append(this.#inFlight);
        this.refused += refused.length;
        this.sent += this.#inFlight.events.length - refused.length;
        this.#nextSeq += this.#inFlight.events.length;
        this.#inFlight = undefined;
        this.lastError = null;
        attempt = 0;
        if (this.hasRoom) this.#tellRoom();
      } catch (error) {
        attempt += 1;
        this.lastError = error instanceof Error ? error.message : String(error);
        if (isWatchkeeperError(error, 'epoch_fenced')) this.#startAnew();
        else if (!isWatchkeeperError(error)) this.#giveUpBatch(error);
        if (attempt === 1)
          logger.warn(
            { err: error, waiting: this.waiting },
            'events could not be stored yet; they are kept and sent again',
          );
        await clock.pause(backoffMs(attempt, { firstMs: 50, longestMs: 5000 }), this.#stop.signal);
      }
    }
    this.#sending = undefined;
  }

  /** Somebody took this name over: go on under a new epoch. Check slots keep what was stored from being stored again. */
  #startAnew(): void {
    this.#waiting.putBack(this.#inFlight?.events ?? []);
    this.#inFlight = undefined;
    this.#epoch = undefined;
    this.#nextSeq = 1;
  }

  #tellRoom(): void {
    for (const resolve of this.#waitForRoom.splice(0)) resolve();
  }

  /** A batch that the log refuses for another reason than being away would block everything behind it. */
  #giveUpBatch(error: unknown): void {
    const events = this.#inFlight?.events.length ?? 0;
    this.#options.logger.error({ err: error, events }, 'the event log refused a batch; it is dropped');
    this.dropped += events;
    this.#nextSeq += events;
    this.#inFlight = undefined;
  }
}
