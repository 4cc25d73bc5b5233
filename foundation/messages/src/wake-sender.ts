import { backoffMs, type Clock, type Logger } from '@watchkeeper/kit';
import type { Topic } from './messages.ts';

export interface WakeSenderOptions {
  /** Brings one wake-up to the other processes. */
  readonly send: (topic: Topic) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Longest wait for what is still to be sent at the end, milliseconds. */
const graceMs = 1000;

/**
 * Sends wake-ups one after the other; several of one topic that wait become one. Whoever changes rows does not wait for
 * a broker: what cannot be sent is kept and tried again.
 */
export class WakeSender {
  readonly #options: WakeSenderOptions;
  readonly #waiting = new Set<Topic>();
  readonly #stop = new AbortController();
  #isRunning = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: WakeSenderOptions) {
    this.#options = options;
  }

  add(topic: Topic): void {
    this.#waiting.add(topic);
    if (!this.#isRunning) this.#running = this.#run();
  }

  /** Sends what waits, for a second at most, and ends. May be called twice. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    const ended = new AbortController();
    await Promise.race([this.#running, clock.pause(graceMs, ended.signal)]);
    ended.abort();
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { send, clock, logger } = this.#options;
    this.#isRunning = true;
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      const [topic] = this.#waiting;
      if (topic === undefined) break;
      this.#waiting.delete(topic);
      try {
        await send(topic);
        failures = 0;
      } catch (error) {
        this.#waiting.add(topic);
        failures += 1;
        if (this.#stop.signal.aborted) break;
        if (failures === 1) logger.warn({ err: error, topic }, 'a wake-up could not be sent; it is tried again');
        await clock.pause(backoffMs(failures, { firstMs: 100, longestMs: 5000 }), this.#stop.signal);
      }
    }
    this.#isRunning = false;
  }
}
