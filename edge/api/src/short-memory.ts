import type { Clock } from '@watchkeeper/kit';

interface Remembered<T> {
  readonly value: Promise<T>;
  /** When it stops being good; for ever while it is being made. */
  untilMs: number;
}

/** Answers of a memory are good for so many times as long as they took to make: then a tenth of a core makes them at most. */
const goodForTimes = 10;
const mostEntries = 100;

/**
 * Keeps what is dear to make for a moment, so that many readers at once cost as much as one. Whoever asks while it is
 * being made waits for the same answer; a failure is not kept.
 */
export class ShortMemory<T> {
  readonly #clock: Clock;
  readonly #leastMs: number;
  readonly #entries = new Map<string, Remembered<T>>();

  /** `leastMs`: how long an answer is good that took no time at all. */
  constructor(clock: Clock, leastMs: number) {
    this.#clock = clock;
    this.#leastMs = leastMs;
  }

  get(key: string, make: () => Promise<T>): Promise<T> {
    const startedAtMs = this.#clock.nowMs();
    const known = this.#entries.get(key);
    if (known !== undefined && known.untilMs > startedAtMs) return known.value;
    const entry: Remembered<T> = { value: make(), untilMs: Number.POSITIVE_INFINITY };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > mostEntries) this.#entries.delete(this.#entries.keys().next().value as string);
    entry.value.then(
      () => {
        const endedAtMs = this.#clock.nowMs();
        entry.untilMs = endedAtMs + this.#leastMs + goodForTimes * (endedAtMs - startedAtMs);
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry.value;
  }
}
