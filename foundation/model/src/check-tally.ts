import { percentileOf } from './distribution.ts';
import type { Outcome } from './states.ts';

/** How often each outcome was seen; a missing one was not seen. */
export type OutcomeCounts = Readonly<Partial<Record<Outcome, number>>>;

/** Minutes of a strip. */
export const stripMinutes = 60;

/**
 * Share of checks that did not fail: (OK + degraded) / (OK + degraded + failed), 0 to 1. A degraded check did answer,
 * so it counts as available; a skipped one was not made and counts nowhere. Null where nothing was checked.
 */
export function okRatioOf({ ok = 0, degraded = 0, failed = 0 }: OutcomeCounts): number | null {
  const made = ok + degraded + failed;
  return made === 0 ? null : (ok + degraded) / made;
}

/** Checks of some monitors and zones added up: for the strip of minutes, the OK share and percentiles. */
export class CheckTally {
  readonly #outcomes: { -readonly [O in Outcome]: number } = { ok: 0, degraded: 0, failed: 0, skipped: 0 };
  readonly #distribution = new Map<number, number>();
  /** Minutes since 1970-01-01 UTC → worst letter seen. */
  readonly #minutes = new Map<number, 'o' | 'd' | 'f'>();

  /** Adds what a period saw: counts of outcomes, and counts by bucket of a log-linear distribution. */
  add(periodStartMs: number, outcomes: OutcomeCounts, distribution: Readonly<Record<string, number>>): void {
    for (const name of ['ok', 'degraded', 'failed', 'skipped'] as const) this.#outcomes[name] += outcomes[name] ?? 0;
    for (const bucket in distribution) {
      const number = Number(bucket);
      this.#distribution.set(number, (this.#distribution.get(number) ?? 0) + (distribution[bucket] ?? 0));
    }
    const minute = Math.floor(periodStartMs / 60_000);
    const before = this.#minutes.get(minute);
    if (outcomes.failed) this.#minutes.set(minute, 'f');
    else if (outcomes.degraded && before !== 'f') this.#minutes.set(minute, 'd');
    else if (outcomes.ok && before === undefined) this.#minutes.set(minute, 'o');
  }

  get okRatio(): number | null {
    return okRatioOf(this.#outcomes);
  }

  /** The value below which `share` (0 to 1) lie, in the unit of the value; null where nothing was measured. */
  percentile(share: number): number | null {
    return percentileOf(this.#distribution, share);
  }

  /** One letter a minute, oldest first, the last one for the minute of `nowMs`; see `MinuteStrip`. */
  strip(nowMs: number): string {
    const last = Math.floor(nowMs / 60_000);
    let text = '';
    for (let minute = last - stripMinutes + 1; minute <= last; minute++) text += this.#minutes.get(minute) ?? 'n';
    return text;
  }
}
