import { bucketBounds, bucketOf, zeroBucket } from '@watchkeeper/model/light';
import { describe, expect, it } from 'vitest';
import { heatOf } from './answers.ts';
import { eventsIn, eventsWithin, extentOf, type Heat, mergeHeat, ranksOf, sumCells } from './heat.ts';
import { axisFor, shareOnAxis } from './plot-layout.ts';

const column = (atMs: number, cells: Readonly<Record<number, number>>) => {
  const sorted = Object.entries(cells)
    .map(([value, count]) => [bucketOf(Number(value)), count] as const)
    .sort(([a], [b]) => a - b);
  const counts = sorted.map(([, count]) => count);
  return {
    atMs,
    sources: 1,
    buckets: sorted.map(([bucket]) => bucket),
    counts,
    events: counts.reduce((a, b) => a + b, 0),
  };
};
const linear = (low: number, high: number) => (value: number) => (value - low) / (high - low);
const sum = (cells: Float32Array) => cells.reduce((all, count) => all + count, 0);

describe('a packed heat map', () => {
  it('becomes columns, without those that reported nothing', () => {
    const packed = {
      startMs: 5000,
      stepMs: 1000,
      sources: [2, 0, 1],
      ends: [2, 2, 3],
      buckets: [7, 9, 7],
      counts: [1, 4, 2],
    };
    const heat = heatOf({ from: '', to: '', step: '1s', ...packed });
    expect(heat).toEqual({
      stepMs: 1000,
      columns: [
        { atMs: 5000, sources: 2, buckets: [7, 9], counts: [1, 4], events: 5 },
        { atMs: 7000, sources: 1, buckets: [7], counts: [2], events: 2 },
      ],
    });
    expect(eventsIn(heat.columns)).toBe(7);
  });
  it('takes newer columns in place of those they cover, and forgets what is before the range', () => {
    const old: Heat = { stepMs: 1000, columns: [column(0, { 5: 1 }), column(3000, { 5: 1 }), column(9000, { 5: 1 })] };
    const newer: Heat = { stepMs: 1000, columns: [column(9000, { 5: 2 }), column(10_000, { 5: 1 })] };
    const merged = mergeHeat(old, newer, 8000, 1000);
    expect(merged.columns.map(({ atMs, counts }) => [atMs, counts])).toEqual([
      [3000, [1]],
      [9000, [2]],
      [10_000, [1]],
    ]);
  });
  it('knows how far its values reach', () => {
    const zero = { atMs: 0, sources: 1, buckets: [zeroBucket], counts: [1], events: 1 };
    expect(extentOf([])).toBeUndefined();
    expect(extentOf([column(0, { 16: 1, 32: 1 }), zero])).toEqual({
      low: 16,
      high: bucketBounds(bucketOf(32)).upper,
      hasZero: true,
    });
  });
});

describe('cells of the screen', () => {
  it('hold every event once, however columns and buckets lie over them', () => {
    const heat: Heat = { stepMs: 1000, columns: [0, 1000, 2000].map((atMs) => column(atMs, { 3: 5, 100: 7, 2.5: 1 })) };
    const axis = axisFor('log', { low: 1, high: 200 });
    for (const [nx, ny] of [
      [2, 7],
      [3, 153],
      [300, 40],
    ] as const) {
      const cells = sumCells(heat, { fromMs: 0, toMs: 3000, nx, ny, shareOf: (value) => shareOnAxis(axis, value) });
      expect(sum(cells)).toBeCloseTo(39, 3);
    }
  });
  it('get the share that lies in them', () => {
    const heat: Heat = { stepMs: 1000, columns: [column(500, { 16: 8 })] };
    const grid = { fromMs: 0, toMs: 2000, nx: 2, ny: 2, shareOf: linear(0, 32) };
    // The bucket is 16 to 17: in the upper row; the column lies half in either cell.
    expect([...sumCells(heat, grid)]).toEqual([0, 0, 4, 4]);
    expect([...sumCells(heat, { ...grid, fromMs: 1000, toMs: 3000 })]).toEqual([0, 0, 4, 0]);
  });
  it('show zero and less at the bottom', () => {
    const heat: Heat = {
      stepMs: 1000,
      columns: [{ atMs: 0, sources: 1, buckets: [zeroBucket], counts: [3], events: 3 }],
    };
    expect([...sumCells(heat, { fromMs: 0, toMs: 1000, nx: 1, ny: 2, shareOf: linear(1, 2) })]).toEqual([3, 0]);
  });
  it('are coloured by the rank of their count among the different counts', () => {
    const ranks = ranksOf(Float32Array.from([0, 1, 1, 1000, 5, 0]));
    expect([...ranks].map((rank) => Math.round(rank * 3))).toEqual([0, 1, 1, 3, 2, 0]);
    expect([...ranksOf(new Float32Array(2))]).toEqual([0, 0]);
  });
});

describe('events in a rectangle', () => {
  const heat: Heat = { stepMs: 1000, columns: [column(0, { 16: 10, 64: 1 }), column(1000, { 16: 10 })] };
  it('are those of the buckets inside, and a share of those that it cuts', () => {
    expect(eventsWithin(heat, { fromMs: 0, toMs: 2000, low: 1, high: 1000 })).toBe(21);
    expect(eventsWithin(heat, { fromMs: 0, toMs: 1000, low: 20, high: 1000 })).toBe(1);
    expect(eventsWithin(heat, { fromMs: 1500, toMs: 2000, low: 16, high: 16.5 })).toBeCloseTo(2.5);
  });
});
