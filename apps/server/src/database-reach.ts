/** Two words of a process to the database are missing: it was away, not only slow. Milliseconds. */
const awayAfterMs = 11_000;

/** When this process could not reach the database for long, and since when it can again. Times are those of its clock. */
export class DatabaseReach {
  #reachedAtMs: number;
  #backAtMs: number | null = null;

  /** From now on, as if it had been reached just now. */
  constructor(nowMs: number) {
    this.#reachedAtMs = nowMs;
  }

  /** The database has answered. */
  note(nowMs: number): void {
    if (nowMs - this.#reachedAtMs > awayAfterMs) this.#backAtMs = nowMs;
    this.#reachedAtMs = nowMs;
  }

  /** Time since the database was reached again, milliseconds; 0 while it is away, null when it has not been away. */
  backMs(nowMs: number): number | null {
    if (nowMs - this.#reachedAtMs > awayAfterMs) return 0;
    return this.#backAtMs === null ? null : nowMs - this.#backAtMs;
  }
}
