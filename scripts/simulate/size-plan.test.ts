import { describe, expect, it } from 'vitest';
import { lineThrough, planSize, type SizePoint } from './size-plan.ts';

const same = (value: number) => ({ scheduler: value, processor: value, health: value, api: value, database: value });
/** A thousandth of a core and a tenth of a MiB per monitor, on top of 0.01 cores and 100 MiB. */
const points = [100, 200, 400].map(
  (load): SizePoint => ({
    ...{ load, eventsPerSecond: load / 10, walBytesPerSecond: load * 100 },
    ...{ cores: same(0.01 + load / 1000), memoryMiB: same(100 + load / 10) },
  }),
);
const rowBytes = { event: 100, checkSlot: 50, rollup: 200 };
const plan = (monitors: number, zones: number, intervalS: number) =>
  planSize({
    ...{ monitors, zones, intervalS, points, pointsIntervalS: 10, rowBytes },
    keep: { eventDays: 30, minuteDays: 90 },
  });

describe('A plan of sizes', () => {
  it('rests on a straight line through what was measured, never one that falls', () => {
    const line = lineThrough([
      [1, 3],
      [2, 5],
      [4, 9],
    ]);
    expect([line.idle, line.perUnit].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([1, 2]);
    expect(
      lineThrough([
        [1, 3],
        [2, 2],
      ]).perUnit,
    ).toBe(0);
  });

  it('counts checks by the interval and gives each zone a process and one that waits', () => {
    const small = plan(100, 2, 10);
    expect(small.eventsPerSecond).toBe(10);
    expect(small.cores.scheduler).toBeCloseTo(0.12);
    expect(small.zoneCores).toBeCloseTo(0.06);
    expect(small.schedulers).toBe(4);
    expect(small.schedulerMiB).toBeCloseTo(105);
    expect(plan(100, 2, 5).cores.scheduler).toBeCloseTo(0.22);
    expect(small.hints).toEqual([
      'beside the schedulers one process with the other roles and the embedded database carries it',
    ]);
    expect(plan(100, 1, 10).hints).toEqual([
      'one process with all roles and the embedded database carries it, no role needs to be split off',
    ]);
  });

  it('takes the cost of gathered events for everything behind the scheduler', () => {
    const gathered = [1000, 2000, 4000].map(
      (load): SizePoint => ({
        ...{ load, eventsPerSecond: load, walBytesPerSecond: 0 },
        ...{ cores: same(0.02 + load / 10_000), memoryMiB: same(100) },
      }),
    );
    const input = { monitors: 10_000, zones: 10, intervalS: 10, points, pointsIntervalS: 10, rowBytes };
    const { cores } = planSize({ ...input, gathered, keep: { eventDays: 30, minuteDays: 90 } });
    expect([cores.scheduler, cores.processor, cores.database].map((value) => value.toFixed(3))).toEqual([
      ...['10.100', '0.120', '0.120'],
    ]);
  });

  it('adds up what is stored: events and slots by the check, rollups by the minute', () => {
    const { bytesPerDay, databaseBytes } = plan(60, 1, 60);
    expect(bytesPerDay).toEqual({ events: 86_400 * 100, slots: 86_400 * 50, rollups: 60 * 1440 * 200 });
    expect(databaseBytes).toBeCloseTo(86_400 * (100 * 30 + 50 * 2) + 60 * 1440 * 200 * 90);
  });

  it('says what to keep for fewer days when the disk is too small: whatever is most of it', () => {
    const of = (rollup: number) =>
      planSize({
        ...{ monitors: 1_000_000, zones: 1000, intervalS: 60, points, pointsIntervalS: 10 },
        ...{ rowBytes: { ...rowBytes, rollup }, keep: { eventDays: 30, minuteDays: 90 } },
      }).hints.find((hint) => hint.includes('fewer days'));
    expect(of(200)).toBe('rollups by the minute for fewer days (`retention.minutes`): they are 25.9 of 30.4 TB');
    expect(of(30)).toMatch(/^raw events for fewer days \(`retention\.events`\): they are 4\.32 of 8\.35 TB$/);
  });

  it('says when a zone, the processors or the database are too small', () => {
    const { hints, processors, partitions } = plan(20_000, 10, 10);
    expect(hints.map((hint) => hint.split(':')[0])).toEqual([
      'a zone needs 2.0 cores',
      'more processors',
      'Kafka, or remote zones, so that checks are gathered',
      'Citus or Timescale',
    ]);
    expect([processors, partitions]).toEqual([34, 64]);
  });
});
