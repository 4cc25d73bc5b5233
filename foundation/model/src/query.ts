import { type Static, Type } from 'typebox';
import { FoundName } from './catalogue.ts';
import { Duration, Nullable, TimeBound } from './fields.ts';
import { AggregateText } from './rollup.ts';

const Dimension = FoundName('Dimension or attribute');
const SomeTexts = Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 100 });

/** Which events count: all conditions must hold. */
const conditions = {
  where: Type.Optional(
    Type.Record(Dimension, SomeTexts, {
      description: 'Dimension, attribute, `outcome` or `reason` → accepted values',
      maxProperties: 20,
    }),
  ),
  whereNot: Type.Optional(
    Type.Record(Dimension, SomeTexts, {
      description: 'Dimension, attribute, `outcome` or `reason` → values that do not count; saying nothing counts',
      maxProperties: 20,
    }),
  ),
  between: Type.Optional(
    Type.Record(
      FoundName('Value'),
      Type.Object(
        { from: Type.Optional(Type.Number()), below: Type.Optional(Type.Number()) },
        { additionalProperties: false },
      ),
      {
        description: 'Value → range that it must lie in, `from` inclusive, `below` exclusive; not of rollups',
        maxProperties: 20,
      },
    ),
  ),
};

export type QueryInput = Static<typeof QueryInput>;
/** A question to raw events or to a rollup. */
export const QueryInput = Type.Object(
  {
    rollup: Type.Optional(Type.String({ description: 'Ask this rollup; otherwise raw events', maxLength: 63 })),
    events: Type.Optional(Type.String({ description: 'Name of the raw events', maxLength: 200 })),
    ...conditions,
    from: TimeBound('Start, inclusive'),
    to: Type.Optional(TimeBound('End, exclusive; now when left out')),
    groupBy: Type.Optional(Type.Array(Dimension, { maxItems: 10, uniqueItems: true })),
    step: Type.Optional(Duration('One row per period of this length; a single row per group when left out')),
    aggregates: Type.Array(AggregateText, { minItems: 1, maxItems: 20, uniqueItems: true }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 10_000 })),
  },
  { $id: 'QueryInput', additionalProperties: false },
);

export type QueryRow = Static<typeof QueryRow>;
export const QueryRow = Type.Object({
  at: Nullable(Type.String({ description: 'Start of the period; null without `step`' })),
  group: Type.Record(Type.String(), Type.String()),
  sources: Type.Integer({ description: 'Series that reported in this period' }),
  values: Type.Record(
    Type.String({ description: 'The aggregate as it was asked for' }),
    Type.Union([Type.Number(), Type.Null(), Type.Record(Type.String(), Type.Integer())]),
  ),
});

export type QueryResult = Static<typeof QueryResult>;
export const QueryResult = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    step: Nullable(Type.String()),
    rows: Type.Array(QueryRow),
    truncated: Type.Boolean({ description: 'True when `limit` cut the answer' }),
  },
  { $id: 'QueryResult' },
);

/** Which events: name, conditions and range of time. */
const chosenEvents = {
  events: Type.String({ description: 'Name of the events', minLength: 1, maxLength: 200 }),
  value: Type.String({ description: 'Value that is shown', minLength: 1, maxLength: 200 }),
  ...conditions,
  from: TimeBound('Start, inclusive'),
  to: Type.Optional(TimeBound('End, exclusive; now when left out')),
};

export type HeatmapInput = Static<typeof HeatmapInput>;
export const HeatmapInput = Type.Object(
  { ...chosenEvents, step: Duration('Width of a column') },
  { $id: 'HeatmapInput', additionalProperties: false },
);

/** Most cells of a heat map: an hour at a second with every bucket between 0.1 ms and 1 min used needs 1.1 million. */
export const mostHeatmapCells = 1_200_000;

export type Heatmap = Static<typeof Heatmap>;
/**
 * A heat map in packed arrays. Column i begins at `startMs + i * stepMs`; its cells stand in `buckets` and `counts`
 * from place `ends[i - 1]` (0 for the first column) up to `ends[i]`, by bucket. A column without reports has `sources`
 * 0 and no cells: nothing was measured. `bucketBounds` gives the bounds of a bucket.
 */
export const Heatmap = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    step: Type.String(),
    startMs: Type.Integer({ description: 'Start of the first column, milliseconds since 1970-01-01 UTC' }),
    stepMs: Type.Integer({ description: 'Width of a column, milliseconds' }),
    sources: Type.Array(Type.Integer(), { description: 'Per column: series that reported' }),
    ends: Type.Array(Type.Integer(), { description: 'Per column: where its cells end' }),
    buckets: Type.Array(Type.Integer(), {
      description: 'Per cell: number of the log-linear bucket, 16 per power of two; -2000 holds zero and less',
    }),
    counts: Type.Array(Type.Integer(), { description: 'Per cell: events' }),
  },
  { $id: 'Heatmap' },
);

export type PointsInput = Static<typeof PointsInput>;
export const PointsInput = Type.Object(
  {
    ...chosenEvents,
    groupBy: Type.Optional(Type.Array(Dimension, { description: 'Split by these', maxItems: 2, uniqueItems: true })),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 50_000,
        default: 10_000,
        description: 'Above this many, points are thinned evenly; events that are not OK last',
      }),
    ),
  },
  { $id: 'PointsInput', additionalProperties: false },
);

export type Points = Static<typeof Points>;
/** Single events in packed arrays of one length, by time; events that have no such value are left out. */
export const Points = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    total: Type.Integer({ description: 'Events in the range that have the value' }),
    thinned: Type.Boolean({ description: 'Not all of them are shown' }),
    groups: Type.Array(Type.Record(Type.String(), Type.String()), { description: 'What `group` refers to' }),
    timesMs: Type.Array(Type.Number(), { description: 'Milliseconds since 1970-01-01 UTC, to the microsecond' }),
    values: Type.Array(Type.Number()),
    outcomes: Type.Array(Type.Integer(), { description: '0 ok, 1 degraded, 2 failed, 3 skipped' }),
    group: Type.Array(Type.Integer(), { description: 'Place in `groups`' }),
  },
  { $id: 'Points' },
);
