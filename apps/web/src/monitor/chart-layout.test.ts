import { describe, expect, it } from 'vitest';
import { durationTicks, layOut, markAt, markBeside, timeAt, timeTicks, xOf, yOf } from './chart-layout.ts';
import type { Check } from './checks.ts';

const aCheck = (atMs: number, durationMs: number, zone = 'fra'): Check => ({
  atMs,
  zone,
  outcome: 'ok',
  reason: null,
  isRetried: false,
  values: { durationMs },
});
const checks = [aCheck(0, 10), aCheck(500, 100), aCheck(1000, 1000), aCheck(480, 50, 'ams')];
const layout = layOut({
  width: 1000,
  zones: ['fra', 'ams'],
  fromMs: 0,
  toMs: 1000,
  durations: [10, 100, 1000, 50],
  limits: [2000],
});
const byZone = Map.groupBy(checks, ({ zone }) => zone);
const [fra, ams] = layout.lanes;

describe('where things lie on the chart', () => {
  it('gives every zone the same axes, and the limit its place', () => {
    if (fra === undefined || ams === undefined) throw new Error('two lanes were asked for');
    expect(yOf(layout, fra, 100) - fra.plotTop).toBeCloseTo(yOf(layout, ams, 100) - ams.plotTop, 6);
    expect(yOf(layout, fra, 2000)).toBeGreaterThan(fra.plotTop);
    expect(yOf(layout, fra, 100) - yOf(layout, fra, 1000)).toBeCloseTo(yOf(layout, fra, 10) - yOf(layout, fra, 100), 6);
  });
  it('reads a time back from where it is drawn', () => {
    expect(timeAt(layout, xOf(layout, 730))).toBeCloseTo(730, 6);
    expect(timeAt(layout, -50)).toBe(0);
  });
  it('marks powers of ten, and round times that do not crowd', () => {
    expect(durationTicks(layout)).toEqual([10, 100, 1000]);
    const hour = layOut({ width: 900, zones: ['fra'], fromMs: 0, toMs: 3_600_000, durations: [], limits: [] });
    const ticks = timeTicks(hour);
    expect(ticks[1]).toBe(600_000);
    expect(ticks).toHaveLength(7);
  });
});

describe('marks under the pointer and the arrow keys', () => {
  it('are found within eight pixels, the nearest first', () => {
    if (fra === undefined) throw new Error('a lane was asked for');
    const [x, y] = [xOf(layout, 500), yOf(layout, fra, 100)];
    expect(markAt(layout, checks, 'durationMs', x + 5, y - 5)).toBe(checks[1]);
    expect(markAt(layout, checks, 'durationMs', x + 9, y)).toBeUndefined();
  });
  it('follow each other in time, and lie beside each other in other zones', () => {
    const beside = (from: Check | undefined, key: string) => markBeside(layout, byZone, from, key);
    expect(beside(undefined, 'ArrowLeft')).toBe(checks[2]);
    expect(beside(checks[1], 'ArrowLeft')).toBe(checks[0]);
    expect(beside(checks[2], 'ArrowRight')).toBeUndefined();
    expect(beside(checks[1], 'ArrowDown')).toBe(checks[3]);
    expect(beside(checks[3], 'ArrowUp')).toBe(checks[1]);
    expect(beside(checks[3], 'ArrowDown')).toBeUndefined();
    expect(beside(checks[1], 'Home')).toBe(checks[0]);
  });
});
