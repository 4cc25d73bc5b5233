import { describe, expect, it } from 'vitest';
import type { Check } from './checks.ts';
import { stateChangesOf } from './state-changes.ts';

const aCheck = (atMs: number, outcome: Check['outcome'], over: Partial<Check> = {}): Check => ({
  atMs,
  zone: 'fra',
  outcome,
  reason: null,
  isRetried: false,
  values: {},
  ...over,
});

describe('changes of state on the chart', () => {
  it('are where the worst zone becomes another one', () => {
    const ams = { zone: 'ams' };
    const checks = [
      aCheck(1, 'ok'),
      aCheck(2, 'ok', ams),
      aCheck(3, 'failed'),
      aCheck(4, 'failed', ams),
      aCheck(5, 'ok'),
      aCheck(6, 'degraded', ams),
      aCheck(7, 'ok', ams),
    ];
    expect(stateChangesOf(checks)).toEqual([
      { atMs: 3, to: 'failed' },
      { atMs: 6, to: 'degraded' },
      { atMs: 7, to: 'ok' },
    ]);
  });
  it('are none at the start, for attempts that were repeated, and for checks that were not made', () => {
    const checks = [aCheck(1, 'failed'), aCheck(2, 'ok', { isRetried: true }), aCheck(3, 'skipped')];
    expect(stateChangesOf(checks)).toEqual([]);
  });
});
