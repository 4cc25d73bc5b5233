import { setImmediate } from 'node:timers/promises';
import type { Clock, Logger } from '@watchkeeper/kit';
import { type EventFrameAnswer, type EventsAnswer, errorCatalogue } from '@watchkeeper/model';
import type { RawData, WebSocket } from 'ws';
import { knownError } from '../problems.ts';

/** Codes of RFC 6455, 7.4.1, and what is said with them. */
export const closing = {
  idle: [1000, 'nothing was sent for too long'],
  stopping: [1001, 'the server stops; connect again'],
  notAllowed: [1008, 'the key is no longer valid'],
} as const;

export interface EventConnectionOptions {
  readonly socket: WebSocket;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Frames that may wait or be under way; nothing more is read until half of them are answered. */
  readonly framesUnderWay: number;
  /** What becomes of a frame. */
  readonly take: (frame: Buffer) => Promise<EventsAnswer>;
  /** Tells of a frame that was refused as a whole. */
  readonly onRefused: (frame: Buffer, error: ReturnType<typeof knownError>) => void;
}

/** Frames of one client: one after the other, since the numbers of a producer rise, and one answer to each in order. */
export class EventConnection {
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  readonly #options: EventConnectionOptions;
  #waiting: Buffer[] = [];
  #working: Promise<void> | undefined;
  #answered = 0;
  #lastFrameMs: number;
  #isHeard = true;
  #isEnding = false;

  constructor(options: EventConnectionOptions) {
    this.#options = options;
    const { socket, clock, logger } = options;
    this.#lastFrameMs = clock.nowMs();
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('pong', () => {
      this.#isHeard = true;
    });
    socket.on('message', (data) => this.#add(bytesOf(data)));
    // A frame that is too large or no frame: the library closes the connection with the code that says so.
    socket.on('error', (error) => logger.debug({ err: error }, 'a client of the event socket was cut off'));
  }

  /** How long nothing was sent and nothing was under way, milliseconds. */
  get idleMs(): number {
    return this.#working === undefined ? this.#options.clock.nowMs() - this.#lastFrameMs : 0;
  }

  /** Asks whether the other side is still there; it must have answered when it is asked the next time. */
  ping(): void {
    // While nothing is read its answer is not heard either.
    if (this.#isHeard || this.#options.socket.isPaused) {
      this.#isHeard = false;
      this.#options.socket.ping();
    } else this.#options.socket.terminate();
  }

  /** Answers what is under way, reads nothing more, and closes. */
  async end([code, reason]: readonly [number, string], withinMs: number): Promise<void> {
    const { socket, clock } = this.#options;
    this.#isEnding = true;
    this.#waiting = this.#waiting.slice(0, 0);
    await this.#working;
    // So that the answer to the close is read.
    socket.resume();
    socket.close(code, reason);
    const stop = new AbortController();
    await Promise.race([this.ended, clock.pause(withinMs, stop.signal)]);
    stop.abort();
    socket.terminate();
  }

  #add(frame: Buffer): void {
    if (this.#isEnding) return;
    this.#lastFrameMs = this.#options.clock.nowMs();
    this.#waiting.push(frame);
    if (this.#waiting.length >= this.#options.framesUnderWay) this.#options.socket.pause();
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    const { socket, framesUnderWay } = this.#options;
    // Frames that came with this one are seen before it is worked on.
    await setImmediate();
    for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
      await this.#send({ frame: this.#answered + 1, ...(await this.#answerTo(frame)) });
      this.#answered += 1;
      if (socket.isPaused && this.#waiting.length <= framesUnderWay / 2) socket.resume();
      this.#lastFrameMs = this.#options.clock.nowMs();
    }
    this.#working = undefined;
  }

  async #answerTo(frame: Buffer): Promise<Omit<EventFrameAnswer, 'frame'>> {
    try {
      return await this.#options.take(frame);
    } catch (error) {
      const known = knownError(error);
      if (known.code === 'internal') this.#options.logger.error({ err: error }, 'a frame of events failed');
      this.#options.onRefused(frame, known);
      const { code, message } = known;
      return { error: { code, message, retryable: errorCatalogue[code].retryable } };
    }
  }

  /** Resolves when it was given to the network: a client that reads no answers is not read from either. */
  #send(answer: EventFrameAnswer): Promise<void> {
    return new Promise((resolve) => this.#options.socket.send(JSON.stringify(answer), () => resolve()));
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
