import { describe, expect, it } from 'vitest';
import { mergePeriods, mergePoints, type Period, type Point, periodsOf, pointsOf } from './answers.ts';
import { comparedFields, fieldsOf } from './fields.ts';

const point = (atMs: number): Point => ({ atMs, value: 1, outcome: 'ok', group: '' });
const period = (atMs: number, count: number): Period => ({ atMs, group: '', sources: 1, count, values: {} });

describe('answers of the API', () => {
  it('become points with their group and outcome', () => {
    const packed = {
      timesMs: [1, 2.5],
      values: [10, 20],
      outcomes: [0, 2],
      groups: [{ host: 'a' }, { host: '' }],
      group: [1, 0],
    };
    expect(pointsOf({ from: '', to: '', total: 2, thinned: false, ...packed }, 'host').points).toEqual([
      { atMs: 1, value: 10, outcome: 'ok', group: '' },
      { atMs: 2.5, value: 20, outcome: 'failed', group: 'a' },
    ]);
  });
  it('become periods; one without events is none, and what was not measured is null', () => {
    const row = (at: string | null, count: number, p50: number | null) => ({
      ...{ at, group: { host: 'a' }, sources: 2 },
      values: { count, 'p50(durationMs)': p50 },
    });
    const rows = [row('2026-03-04T10:00:00Z', 0, null), row('2026-03-04T10:00:15Z', 3, null)];
    const answer = { from: '', to: '', step: '15s', truncated: true, rows };
    expect(periodsOf(answer, 15_000, 'host')).toEqual({
      stepMs: 15_000,
      isCut: true,
      rows: [
        {
          ...{ atMs: Date.parse('2026-03-04T10:00:15Z'), group: 'a', sources: 2, count: 3 },
          values: { count: 3, p50: null },
        },
      ],
    });
  });
});

describe('a newer answer', () => {
  it('takes the place of what it covers; every point is there once, and what left the range is forgotten', () => {
    const whole = { points: [point(5), point(50), point(90)], total: 3, isThinned: false };
    const tail = { points: [point(90), point(95)], total: 2, isThinned: false };
    expect(mergePoints(whole, tail, 80, 10)).toEqual({
      points: [point(50), point(90), point(95)],
      total: 3,
      isThinned: false,
    });
  });
  it('has the period that was not over yet anew', () => {
    const whole = { stepMs: 10, isCut: false, rows: [period(0, 1), period(10, 2), period(20, 1)] };
    const tail = { stepMs: 10, isCut: false, rows: [period(20, 5), period(30, 1)] };
    expect(mergePeriods(whole, tail, 20, 10).rows.map(({ atMs, count }) => [atMs, count])).toEqual([
      [10, 2],
      [20, 5],
      [30, 1],
    ]);
  });
});

describe('what events can be chosen by', () => {
  const said = (name: string, values: number) => ({ name, values, isCapped: false, examples: [] });
  const entry = {
    ...{ name: 'disk_read', firstSeen: '', lastSeen: '', series: 9 },
    values: [{ name: 'durationMs', unit: 'ms', unitIsSet: false, description: null }],
    dimensions: [said('host', 40), said('zone', 1)],
    attributes: Array.from({ length: 12 }, (_, index) => said(`a${index}`, index + 2)),
  };
  it('are texts and numbers', () => {
    const fields = fieldsOf(entry);
    expect(fields.find(({ name }) => name === 'durationMs')).toMatchObject({ kind: 'number', unit: 'ms' });
    expect(fields.find(({ name }) => name === 'outcome')).toMatchObject({ kind: 'text' });
  });
  it('are compared by those that tell events apart, no more than one question takes', () => {
    const compared = comparedFields(entry);
    expect(compared).toHaveLength(10);
    expect([compared[0], compared.includes('zone'), compared.at(-1)]).toEqual(['a0', false, 'reason']);
  });
});
