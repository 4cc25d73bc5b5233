import { type Static, Type } from 'typebox';
import { FoundName } from './catalogue.ts';
import { Duration, SlugName } from './fields.ts';

/** `count`, `min(durationMs)`, `avg(durationMs)`, `p95(durationMs)`, `counter(status)`. */
export const AggregateText = Type.String({
  maxLength: 220,
  pattern: '^(count|(min|max|sum|avg|p\\d{1,2}(\\.\\d{1,3})?|counter)\\([^\\u0000-\\u001f\\u007f]{1,200}\\))$',
});

export type Aggregate =
  | { readonly fn: 'count' }
  | { readonly fn: 'min' | 'max' | 'sum' | 'avg'; readonly value: string }
  | { readonly fn: 'percentile'; readonly share: number; readonly value: string }
  | { readonly fn: 'counter'; readonly attribute: string };

/** Reads the text form of an aggregate; undefined when it is none. */
export function parseAggregate(text: string): Aggregate | undefined {
  if (text === 'count') return { fn: 'count' };
  const match = /^(min|max|sum|avg|counter|p(\d{1,2}(?:\.\d{1,3})?))\((\P{Cc}{1,200})\)$/u.exec(text);
  const [, fn, percent, name] = match ?? [];
  if (fn === undefined || name === undefined) return undefined;
  if (fn === 'counter') return { fn, attribute: name };
  if (percent !== undefined) return { fn: 'percentile', share: Number(percent) / 100, value: name };
  return { fn: fn as 'min' | 'max' | 'sum' | 'avg', value: name };
}

/** What is stored of a rollup: names of values, distributions and counters, in the order of the stored arrays. */
export interface RollupLayout {
  readonly values: readonly string[];
  readonly distributions: readonly string[];
  readonly counters: readonly string[];
}

/** The layout that a list of aggregates asks for. */
export function rollupLayout(aggregates: readonly string[]): RollupLayout {
  const values = new Set<string>();
  const distributions = new Set<string>();
  const counters = new Set<string>();
  for (const text of aggregates) {
    const aggregate = parseAggregate(text);
    if (aggregate === undefined || aggregate.fn === 'count') continue;
    if (aggregate.fn === 'counter') counters.add(aggregate.attribute);
    else values.add(aggregate.value);
    if (aggregate.fn === 'percentile') distributions.add(aggregate.value);
  }
  return { values: [...values], distributions: [...distributions], counters: [...counters] };
}

/** Dimensions that every series has; anything else in `groupBy`, `where` and counters is an attribute. */
export const seriesDimensions = [
  'tenant',
  'environment',
  'zone',
  'host',
  'guest',
  'service',
  'name',
  'source',
] as const;
export type SeriesDimension = (typeof seriesDimensions)[number];

const DimensionName = FoundName('Dimension or attribute');

export type RollupInput = Static<typeof RollupInput>;
/** Which events are added up, by what, over which periods, and what is kept of them. */
export const RollupInput = Type.Object(
  {
    name: SlugName('Unique within the tenant'),
    events: Type.String({ description: 'Name of the events, such as `monitor.checked`', minLength: 1, maxLength: 200 }),
    where: Type.Optional(
      Type.Record(DimensionName, Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 100 }), {
        description: 'Only events whose dimension or attribute has one of these values',
        maxProperties: 20,
      }),
    ),
    groupBy: Type.Array(DimensionName, { description: 'Dimensions and attributes', maxItems: 10, uniqueItems: true }),
    granularities: Type.Array(Duration('A multiple of a second'), { minItems: 1, maxItems: 6, uniqueItems: true }),
    aggregates: Type.Array(AggregateText, { minItems: 1, maxItems: 20, uniqueItems: true }),
  },
  { $id: 'RollupInput', additionalProperties: false },
);

export type Rollup = Static<typeof Rollup>;
export const Rollup = Type.Object(
  {
    tenant: Type.String(),
    builtIn: Type.Boolean({ description: 'Part of Watchkeeper; cannot be changed' }),
    name: Type.String(),
    events: Type.String(),
    where: Type.Record(Type.String(), Type.Array(Type.String())),
    groupBy: Type.Array(Type.String()),
    granularities: Type.Array(Type.String()),
    aggregates: Type.Array(Type.String()),
    version: Type.Integer(),
  },
  { $id: 'Rollup' },
);

/** The rollup that monitor statistics, lists and the overview are read from. */
export const monitorRollup: RollupInput = {
  name: 'monitors',
  events: 'monitor.checked',
  groupBy: ['environment', 'zone', 'service', 'source'],
  granularities: ['1m', '1h', '1d'],
  aggregates: [
    'count',
    'min(durationMs)',
    'max(durationMs)',
    'avg(durationMs)',
    'p95(durationMs)',
    'counter(status)',
    'counter(outcome)',
    'counter(reason)',
  ],
};
