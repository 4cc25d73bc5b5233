import { createHash } from 'node:crypto';
import {
  attributeOf,
  bucketOf,
  type LoggedEvent,
  largestValue,
  parseAggregate,
  parseDuration,
  type RollupInput,
  type Series,
  seriesDimensions,
} from '@watchkeeper/model';
import type { RollupDefinitionRow, RollupDelta, RollupKey } from '@watchkeeper/store';

/** A definition made ready for adding up. */
export interface RollupPlan {
  readonly row: RollupDefinitionRow;
  /** Seconds, finest first. */
  readonly granularitiesS: readonly number[];
  /** Granularities that the finest one divides are added up from it when the deltas are taken. */
  readonly values: readonly string[];
  readonly distributions: readonly string[];
  readonly counters: readonly string[];
}

/** Values, distributions and counters that a definition needs; the order is the order of the stored arrays. */
export function planRollup(row: RollupDefinitionRow): RollupPlan {
  const values = new Set<string>();
  const distributions = new Set<string>();
  const counters = new Set<string>();
  for (const text of row.definition.aggregates) {
    const aggregate = parseAggregate(text);
    if (aggregate === undefined || aggregate.fn === 'count') continue;
    if (aggregate.fn === 'counter') counters.add(aggregate.attribute);
    else values.add(aggregate.value);
    if (aggregate.fn === 'percentile') distributions.add(aggregate.value);
  }
  const granularitiesS = row.definition.granularities
    .map((text) => (parseDuration(text) ?? 60_000) / 1000)
    .sort((a, b) => a - b);
  return { row, granularitiesS, values: [...values], distributions: [...distributions], counters: [...counters] };
}

/** What a dimension, an attribute, `outcome` or `reason` says of an event; empty when it says nothing. */
function dimensionOf(series: Series, name: string): string {
  if ((seriesDimensions as readonly string[]).includes(name)) return series[name as (typeof seriesDimensions)[number]];
  return attributeOf(series, name);
}

/** Whether events of a series count at all. */
export function countsSeries({ events, where }: RollupInput, series: Series): boolean {
  if (series.name !== events) return false;
  return Object.entries(where ?? {}).every(([name, accepted]) => accepted.includes(dimensionOf(series, name)));
}

interface Cell {
  count: number;
  readonly valueCounts: number[];
  readonly sums: number[];
  readonly minimums: number[];
  readonly maximums: number[];
  /** One map per counter of the plan. */
  readonly counters: Map<string, number>[];
  /** One map per distribution of the plan. */
  readonly distributions: Map<number, number>[];
}

/** The sums of one key: cells by granularity and start of period. */
export class KeySums {
  readonly key: RollupKey;
  readonly #plan: RollupPlan;
  /** Per granularity: start of period in seconds → cell. */
  readonly #cells: Map<number, Cell>[];

  constructor(plan: RollupPlan, key: RollupKey) {
    this.#plan = plan;
    this.key = key;
    this.#cells = plan.granularitiesS.map(() => new Map());
  }

  /** Adds an event. `places` are the indexes of the plan's values in the event's series, -1 where it has none. */
  add(event: LoggedEvent, places: SeriesPlaces): void {
    const timeS = Math.floor(event.timeUs / 1_000_000);
    for (let index = 0; index < this.#cells.length; index++) {
      // Coarser periods are added up from the finest one when the deltas are taken.
      if (index > 0 && isDerived(this.#plan, index)) continue;
      const size = this.#plan.granularitiesS[index] as number;
      addToCell(this.#cell(index, Math.floor(timeS / size) * size), event, places);
    }
  }

  /** Rows this key would write. */
  get rows(): number {
    return this.#cells.reduce((sum, cells) => sum + Math.max(cells.size, 1), 0);
  }

  /** The sums since they were last taken. */
  deltas(): RollupDelta[] {
    const finest = this.#cells[0] as Map<number, Cell>;
    for (let index = 1; index < this.#cells.length; index++) {
      if (!isDerived(this.#plan, index)) continue;
      const size = this.#plan.granularitiesS[index] as number;
      for (const [bucketS, cell] of finest) mergeCell(this.#cell(index, Math.floor(bucketS / size) * size), cell);
    }
    return this.#cells.flatMap((cells, index) =>
      [...cells].map(([bucketS, cell]) => ({
        keyId: this.key.id,
        granularityS: this.#plan.granularitiesS[index] as number,
        bucketS,
        tenantId: this.key.tenantId,
        count: cell.count,
        valueCounts: cell.valueCounts,
        sums: cell.sums,
        minimums: cell.minimums,
        maximums: cell.maximums,
        counters: namedMaps(this.#plan.counters, cell.counters),
        distributions: namedMaps(this.#plan.distributions, cell.distributions),
      })),
    );
  }

  #cell(index: number, bucketS: number): Cell {
    const cells = this.#cells[index] as Map<number, Cell>;
    let cell = cells.get(bucketS);
    if (cell === undefined) {
      const { values, counters, distributions } = this.#plan;
      cell = {
        count: 0,
        valueCounts: values.map(() => 0),
        sums: values.map(() => 0),
        minimums: values.map(() => Number.POSITIVE_INFINITY),
        maximums: values.map(() => Number.NEGATIVE_INFINITY),
        counters: counters.map(() => new Map()),
        distributions: distributions.map(() => new Map()),
      };
      cells.set(bucketS, cell);
    }
    return cell;
  }
}

function isDerived({ granularitiesS }: RollupPlan, index: number): boolean {
  return (granularitiesS[index] as number) % (granularitiesS[0] as number) === 0;
}

/** Where a plan finds what it needs in the events of one series. */
export interface SeriesPlaces {
  readonly values: readonly number[];
  readonly distributions: readonly number[];
  /** Text of each counter, or how to get it from the event. */
  readonly counters: readonly (string | 'outcome' | 'reason')[];
  readonly countsOutcome: readonly boolean[];
  readonly countsReason: readonly boolean[];
}

export function placesIn(plan: RollupPlan, series: Series): SeriesPlaces {
  return {
    values: plan.values.map((name) => series.valueNames.indexOf(name)),
    distributions: plan.distributions.map((name) => series.valueNames.indexOf(name)),
    counters: plan.counters.map((name) => dimensionOf(series, name)),
    countsOutcome: plan.counters.map((name) => name === 'outcome'),
    countsReason: plan.counters.map((name) => name === 'reason'),
  };
}

function addToCell(cell: Cell, event: LoggedEvent, places: SeriesPlaces): void {
  cell.count += 1;
  for (let index = 0; index < places.values.length; index++) {
    const value = event.values[places.values[index] as number];
    // Events of the first release may hold values whose sums leave a double.
    if (value === undefined || value === null || Math.abs(value) > largestValue) continue;
    cell.valueCounts[index] = (cell.valueCounts[index] as number) + 1;
    cell.sums[index] = (cell.sums[index] as number) + value;
    if (value < (cell.minimums[index] as number)) cell.minimums[index] = value;
    if (value > (cell.maximums[index] as number)) cell.maximums[index] = value;
  }
  for (let index = 0; index < places.distributions.length; index++) {
    const value = event.values[places.distributions[index] as number];
    if (value !== undefined && value !== null)
      increase(cell.distributions[index] as Map<number, number>, bucketOf(value), 1);
  }
  for (let index = 0; index < places.counters.length; index++) {
    const text = places.countsOutcome[index]
      ? event.outcome
      : places.countsReason[index]
        ? (event.reason ?? '')
        : (places.counters[index] as string);
    if (text !== '') increase(cell.counters[index] as Map<string, number>, text, 1);
  }
}

function mergeCell(into: Cell, from: Cell): void {
  into.count += from.count;
  for (let index = 0; index < from.sums.length; index++) {
    into.valueCounts[index] = (into.valueCounts[index] as number) + (from.valueCounts[index] as number);
    into.sums[index] = (into.sums[index] as number) + (from.sums[index] as number);
    into.minimums[index] = Math.min(into.minimums[index] as number, from.minimums[index] as number);
    into.maximums[index] = Math.max(into.maximums[index] as number, from.maximums[index] as number);
  }
  from.counters.forEach((counter, index) => {
    for (const [text, count] of counter) increase(into.counters[index] as Map<string, number>, text, count);
  });
  from.distributions.forEach((distribution, index) => {
    for (const [bucket, count] of distribution)
      increase(into.distributions[index] as Map<number, number>, bucket, count);
  });
}

function increase<Key>(map: Map<Key, number>, key: Key, by: number): void {
  map.set(key, (map.get(key) ?? 0) + by);
}

function namedMaps(
  names: readonly string[],
  maps: readonly Map<string | number, number>[],
): Record<string, Record<string, number>> {
  const result: Record<string, Record<string, number>> = {};
  names.forEach((name, index) => {
    const map = maps[index];
    if (map !== undefined && map.size > 0) result[name] = Object.fromEntries(map);
  });
  return result;
}

/** The key of a series under a definition; its identifier is the first 64 bits of SHA-256 over both. */
export function keyOf({ row }: RollupPlan, series: Series, tenantId: number): RollupKey {
  const key = Object.fromEntries(row.definition.groupBy.map((name) => [name, dimensionOf(series, name)]));
  const text = JSON.stringify([row.id, row.version, tenantId, Object.entries(key)]);
  const id = createHash('sha256').update(text).digest().readBigInt64BE(0).toString();
  return { id, definitionId: row.id, tenantId, key };
}
