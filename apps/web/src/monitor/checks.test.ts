import { describe, expect, it } from 'vitest';
import { type Check, checksOf, limitsOf, mergeChecks, quantile, stripOf } from './checks.ts';

const aCheck = (over: Partial<Check> = {}): Check => ({
  atMs: 1000,
  zone: 'fra',
  outcome: 'ok',
  reason: null,
  isRetried: false,
  values: {},
  ...over,
});

describe('checks of a monitor', () => {
  it('come out of columns in the order of time', () => {
    const column = { total: 1, retried: [false], values: { durationMs: [5] } };
    const checks = checksOf({
      from: '',
      to: '',
      thinned: false,
      zones: [
        { zone: 'b', timeMs: [2], outcome: ['failed'], reason: ['status'], ...column },
        { zone: 'a', timeMs: [1], outcome: ['ok'], reason: [null], ...column },
      ],
    });
    expect(checks.map(({ zone, outcome }) => [zone, outcome])).toEqual([
      ['a', 'ok'],
      ['b', 'failed'],
    ]);
    expect(checks[1]?.values).toEqual({ durationMs: 5 });
  });
  it('that come twice are there once', () => {
    const present = [aCheck(), aCheck({ atMs: 3000 })];
    expect(mergeChecks(present, [aCheck({ atMs: 3000 })])).toBe(present);
    expect(mergeChecks(present, [aCheck({ atMs: 2000 })]).map(({ atMs }) => atMs)).toEqual([1000, 2000, 3000]);
    expect(mergeChecks(present, [aCheck({ zone: 'ams' })])).toHaveLength(3);
  });
  it('show the worst of each period, and a gap where there were none', () => {
    const checks = [
      aCheck({ atMs: 100 }),
      aCheck({ atMs: 150, outcome: 'failed' }),
      aCheck({ atMs: 350, outcome: 'degraded' }),
    ];
    expect(stripOf(checks, { fromMs: 0, toMs: 400 }, 4)).toBe('nfnd');
  });
  it('an attempt that was repeated does not colour its period', () => {
    expect(
      stripOf(
        [aCheck({ atMs: 50, outcome: 'failed', isRetried: true }), aCheck({ atMs: 60 })],
        { fromMs: 0, toMs: 100 },
        1,
      ),
    ).toBe('o');
  });
});

describe('limits and quantiles', () => {
  it('reads limits of the duration out of conditions', () => {
    expect(limitsOf(['status in 200..299', 'durationMs < 500', 'warn durationMs < 0.2s'])).toEqual({
      failMs: 500,
      warnMs: 200,
    });
    expect(limitsOf(['durationMs < 500 and status == 200'])).toEqual({});
  });
  it('gives the value at a share, null of none', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([], 0.5)).toBeNull();
  });
});
