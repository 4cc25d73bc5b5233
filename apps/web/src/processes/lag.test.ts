import type { ProcessList } from '@watchkeeper/model';
import { describe, expect, it } from 'vitest';
import { type LagPoint, lagPointOf, withPoint } from './lag-history.ts';
import { lagPaths, scaleOf } from './lag-picture.ts';

const point = (atMs: number, events: number, unread: readonly number[] = []): LagPoint => ({
  atMs,
  readers: new Map([['health', { events, ageMs: 0, unread }]]),
});

describe('The history of lag', () => {
  it('takes a reader’s partitions together and names those that nobody reads', () => {
    const reader = { reader: 'health', unheldSince: null, lagMs: 5 };
    const list: ProcessList = {
      ...{ at: '1970-01-01T00:00:01.000Z', backAt: null, items: [], leases: [] },
      readers: [
        { ...reader, partition: 0, holder: 'one', lagEvents: 2 },
        { ...reader, partition: 1, holder: null, lagEvents: 40, lagMs: 7000 },
      ],
    };
    expect(lagPointOf(list)).toEqual({
      atMs: 1000,
      readers: new Map([['health', { events: 42, ageMs: 7000, unread: [1] }]]),
    });
  });

  it('forgets after a quarter of an hour and takes the same answer once', () => {
    const history = [1000, 3000, 901_500].reduce<readonly LagPoint[]>(
      (all, atMs) => withPoint(all, point(atMs, 1)),
      [],
    );
    expect(history.map(({ atMs }) => atMs)).toEqual([3000, 901_500]);
    expect(withPoint(history, point(901_500, 9))).toBe(history);
  });
});

describe('The picture of lag', () => {
  it('begins at zero, ends at a round number, and shows a minute at least', () => {
    expect(scaleOf([point(100_000, 12), point(102_000, 3)])).toEqual({ fromMs: 42_000, toMs: 102_000, top: 20 });
    expect(scaleOf([point(0, 0), point(90_000, 101)])).toEqual({ fromMs: 0, toMs: 90_000, top: 200 });
  });

  it('breaks the line where nothing is known, and marks when partitions were read by nobody', () => {
    const history = [point(0, 0), point(2000, 10), point(40_000, 20, [3]), point(42_000, 0, [3]), point(60_000, 0)];
    const { line, unread } = lagPaths(history, 'health', { fromMs: 0, toMs: 60_000, top: 20 });
    expect(line).toBe('M0 64L20 32M400 0L420 64M600 64h1');
    expect(unread).toEqual([{ x: 400, width: 20 }]);
    expect(lagPaths(history, 'nobody', { fromMs: 0, toMs: 60_000, top: 20 })).toEqual({
      line: '',
      area: '',
      unread: [],
    });
  });
});
