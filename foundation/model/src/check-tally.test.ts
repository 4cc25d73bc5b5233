import { describe, expect, it } from 'vitest';
import { CheckTally, okRatioOf } from './check-tally.ts';
import { bucketOf } from './distribution.ts';

const minuteMs = 60_000;

describe('The tally of checks', () => {
  it('counts a degraded check as available and leaves skipped ones out', () => {
    expect(okRatioOf({ ok: 6, degraded: 2, failed: 2, skipped: 90 })).toBe(0.8);
  });

  it('has no OK share where nothing was checked', () => {
    expect(okRatioOf({ skipped: 5 })).toBeNull();
    expect(new CheckTally().okRatio).toBeNull();
    expect(new CheckTally().percentile(0.95)).toBeNull();
  });

  it('shows the worst outcome of each of the last sixty minutes, oldest first', () => {
    const tally = new CheckTally();
    tally.add(0, { failed: 1 }, {});
    tally.add(1 * minuteMs, { ok: 2 }, {});
    tally.add(2 * minuteMs, { degraded: 1, ok: 1 }, {});
    tally.add(2 * minuteMs, { ok: 1 }, {});
    tally.add(3 * minuteMs, { degraded: 1 }, {});
    tally.add(3 * minuteMs, { failed: 1 }, {});
    tally.add(3 * minuteMs, { degraded: 1 }, {});
    tally.add(60 * minuteMs, { skipped: 1 }, {});
    expect(tally.strip(60 * minuteMs + 5)).toBe(`odf${'n'.repeat(57)}`);
  });

  it('merges distributions of several periods and zones', () => {
    const tally = new CheckTally();
    tally.add(0, { ok: 90 }, { [bucketOf(10)]: 90 });
    tally.add(0, { ok: 10 }, { [bucketOf(1000)]: 10 });
    expect(tally.percentile(0.5)).toBeCloseTo(10.2, 0);
    expect((tally.percentile(0.95) ?? 0) / 1000).toBeGreaterThan(0.9);
    expect(tally.okRatio).toBe(1);
  });
});
