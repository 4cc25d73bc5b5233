import type { Heatmap, Points, QueryResult } from '@watchkeeper/model';
import type { Outcome } from '@watchkeeper/model/light';
import type { Heat, HeatColumn } from './heat.ts';

/** Answers of the API as the pictures take them, and how a newer answer continues an older one. */

/** Columns of a packed heat map; those without reports are left out. */
export function heatOf({ startMs, stepMs, sources, ends, buckets, counts }: Heatmap): Heat {
  const columns: HeatColumn[] = [];
  let start = 0;
  for (const [index, end] of ends.entries()) {
    if (end > start) {
      const own = counts.slice(start, end);
      columns.push({
        atMs: startMs + index * stepMs,
        sources: sources[index] ?? 0,
        buckets: buckets.slice(start, end),
        counts: own,
        events: own.reduce((sum, count) => sum + count, 0),
      });
    }
    start = end;
  }
  return { stepMs, columns };
}

/** One event. */
export interface Point {
  readonly atMs: number;
  readonly value: number;
  readonly outcome: Outcome;
  /** Value of the attribute that is split by; empty where nothing was said or nothing is split. */
  readonly group: string;
}

export interface PointSet {
  /** In the order of time. */
  readonly points: readonly Point[];
  /** All there are, shown or not. */
  readonly total: number;
  readonly isThinned: boolean;
}

const outcomeNames: readonly Outcome[] = ['ok', 'degraded', 'failed', 'skipped'];

export function pointsOf(
  { timesMs, values, outcomes, groups, group, total, thinned }: Points,
  split?: string,
): PointSet {
  const points = timesMs.map((atMs, index) => ({
    atMs,
    value: values[index] ?? 0,
    outcome: outcomeNames[outcomes[index] ?? 0] ?? 'ok',
    group: split === undefined ? '' : (groups[group[index] ?? 0]?.[split] ?? ''),
  }));
  return { points, total, isThinned: thinned };
}

export function mergePoints(present: PointSet, newer: PointSet, coveredFromMs: number, fromMs: number): PointSet {
  const kept = present.points.filter(({ atMs }) => atMs < coveredFromMs && atMs >= fromMs);
  const left = present.points.filter(({ atMs }) => atMs >= coveredFromMs || atMs < fromMs).length;
  return {
    points: [...kept, ...newer.points],
    total: present.total - left + newer.total,
    isThinned: present.isThinned || newer.isThinned,
  };
}

/** What was added up in one period of one group. */
export interface Period {
  readonly atMs: number;
  readonly group: string;
  readonly sources: number;
  readonly count: number;
  /** By aggregate: `avg`, `p50` …; null for what was not measured. */
  readonly values: Readonly<Record<string, number | null>>;
}

export interface Periods {
  readonly stepMs: number;
  readonly rows: readonly Period[];
  readonly isCut: boolean;
}

/** Aggregates of the lines and the table. */
export const aggregateNames = ['min', 'avg', 'p50', 'p95', 'p99', 'max'] as const;
export const aggregatesOf = (value: string | undefined): string[] =>
  value === undefined ? ['count'] : ['count', ...aggregateNames.map((name) => `${name}(${value})`)];

/** Periods that have reports, in the order of time; `at` is null of none with a step. */
export function periodsOf({ rows, truncated }: QueryResult, stepMs: number, split?: string): Periods {
  const numberOf = (value: unknown) => (typeof value === 'number' ? value : null);
  const periods = rows.flatMap(({ at, group, sources, values }): Period[] => {
    const count = numberOf(values.count) ?? 0;
    if (at === null || count === 0) return [];
    const named = Object.entries(values).map(([text, value]) => [text.split('(')[0], numberOf(value)]);
    const text = split === undefined ? '' : (group[split] ?? '');
    return [{ atMs: Date.parse(at), group: text, sources, count, values: Object.fromEntries(named) }];
  });
  return { stepMs, rows: periods, isCut: truncated };
}

export function mergePeriods(present: Periods, newer: Periods, coveredFromMs: number, fromMs: number): Periods {
  const kept = present.rows.filter(({ atMs }) => atMs < coveredFromMs && atMs + present.stepMs > fromMs);
  return { ...present, rows: [...kept, ...newer.rows], isCut: present.isCut || newer.isCut };
}
