import { type Static, Type } from 'typebox';
import { Duration, Nullable, TimeBound } from './fields.ts';
import { AggregateText } from './rollup.ts';

const Dimension = Type.String({ minLength: 1, maxLength: 63, pattern: '^[A-Za-z_][A-Za-z0-9_.-]*$' });

export type QueryInput = Static<typeof QueryInput>;
/** A question to raw events or to a rollup. */
export const QueryInput = Type.Object(
  {
    rollup: Type.Optional(Type.String({ description: 'Ask this rollup; otherwise raw events', maxLength: 63 })),
    events: Type.Optional(Type.String({ description: 'Name of the raw events', maxLength: 100 })),
    where: Type.Optional(
      Type.Record(Dimension, Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 100 }), {
        description: 'Dimension, attribute, `outcome` or `reason` → accepted values',
        maxProperties: 20,
      }),
    ),
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

export type HeatmapInput = Static<typeof HeatmapInput>;
export const HeatmapInput = Type.Object(
  {
    events: Type.String({ maxLength: 100 }),
    value: Type.String({ description: 'Value whose distribution is shown', maxLength: 63 }),
    where: Type.Optional(
      Type.Record(Dimension, Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 100 }), {
        maxProperties: 20,
      }),
    ),
    from: TimeBound('Start, inclusive'),
    to: Type.Optional(TimeBound('End, exclusive')),
    step: Duration('Width of a column'),
  },
  { $id: 'HeatmapInput', additionalProperties: false },
);

export type Heatmap = Static<typeof Heatmap>;
/** Columns of a heat map: counts per log-linear bucket; a column without reports has `sources` 0. */
export const Heatmap = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    step: Type.String(),
    columns: Type.Array(
      Type.Object({
        at: Type.String(),
        sources: Type.Integer(),
        buckets: Type.Array(Type.Object({ lower: Type.Number(), upper: Type.Number(), count: Type.Integer() })),
      }),
    ),
  },
  { $id: 'Heatmap' },
);
