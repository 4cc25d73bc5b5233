import type { Clock } from '@watchkeeper/kit';

/** How fast the clock gives way after the wall clock was set back: a twentieth of the time that passes. */
const slewShare = 0.05;

/**
 * The time that slots are counted by: the wall clock, but it never goes back. When the wall clock is set forward it
 * follows at once; when that is set back it goes on steadily, a little slower, until both agree again. So a jump
 * neither floods the targets with missed checks nor silences them, and no slot comes twice.
 */
export class SlotClock {
  readonly #clock: Clock;
  #offsetMs: number;
  #syncedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#syncedAtMs = clock.nowMs();
    this.#offsetMs = clock.wallMs() - this.#syncedAtMs;
  }

  /** Milliseconds since 1970-01-01 UTC; never falls. */
  nowMs(): number {
    const monotonicMs = this.#clock.nowMs();
    const elapsedMs = monotonicMs - this.#syncedAtMs;
    const aheadMs = monotonicMs + this.#offsetMs - this.#clock.wallMs();
    // The wall clock has whole milliseconds: less than that is no difference.
    if (aheadMs < -1) this.#offsetMs -= aheadMs;
    else if (aheadMs > 1) this.#offsetMs -= Math.min(aheadMs, elapsedMs * slewShare);
    this.#syncedAtMs = monotonicMs;
    return monotonicMs + this.#offsetMs;
  }
}
