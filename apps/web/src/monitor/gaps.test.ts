import { describe, expect, it } from 'vitest';
import { gapsOf } from './gaps.ts';

const every = (stepMs: number, fromMs: number, toMs: number) =>
  Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => fromMs + index * stepMs);

describe('gaps of a zone', () => {
  it('are where it sent nothing, from when the next check was due', () => {
    const times = [...every(10, 0, 100), ...every(10, 200, 300)];
    expect(gapsOf(times, { fromMs: 0, toMs: 300, intervalMs: 10 })).toEqual([[110, 200]]);
  });
  it('are also before the first and after the last check', () => {
    expect(gapsOf(every(10, 100, 200), { fromMs: 0, toMs: 400, intervalMs: 10 })).toEqual([
      [0, 100],
      [210, 400],
    ]);
  });
  it('are the whole range when there is no check, and none of no range', () => {
    expect(gapsOf([], { fromMs: 5, toMs: 9, intervalMs: 1 })).toEqual([[5, 9]]);
    expect(gapsOf([], { fromMs: 5, toMs: 5, intervalMs: 1 })).toEqual([]);
  });
  it('are none where a check was late, or where the interval was longer then', () => {
    expect(gapsOf([0, 10, 32, 40], { fromMs: 0, toMs: 40, intervalMs: 10 })).toEqual([]);
    expect(gapsOf(every(60, 0, 600), { fromMs: 0, toMs: 600, intervalMs: 10 })).toEqual([]);
  });
});
