import type { NewEvent } from '@watchkeeper/model';

/** Events in the order in which they came, at most so many: one more, and the oldest goes. */
export class EventQueue {
  readonly #limit: number;
  #events: (NewEvent | undefined)[] = [];
  /** Place of the oldest; what stands before it was taken. */
  #first = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#events.length - this.#first;
  }

  /** Returns how many were dropped for it: 0 or 1. */
  push(event: NewEvent): number {
    const isFull = this.length >= this.#limit;
    if (isFull) this.#leave(1);
    this.#events.push(event);
    return isFull ? 1 : 0;
  }

  /** Takes the oldest out, at most so many. */
  take(count: number): NewEvent[] {
    const taken = this.#events.slice(this.#first, this.#first + count) as NewEvent[];
    this.#leave(taken.length);
    return taken;
  }

  /** Puts what was taken back before all others, whatever the limit. */
  putBack(events: readonly NewEvent[]): void {
    this.#events = [...events, ...this.#events.slice(this.#first)];
    this.#first = 0;
  }

  #leave(count: number): void {
    this.#events.fill(undefined, this.#first, this.#first + count);
    this.#first += count;
    // Moved together seldom, so that taking the oldest out costs nothing by the length of the queue.
    if (this.#first < 1000 || this.#first * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#first);
    this.#first = 0;
  }
}
