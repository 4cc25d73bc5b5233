import { type Static, Type } from 'typebox';
import { Duration, Instant, Nullable, SlugName } from './fields.ts';

const LabelName = Type.String({ minLength: 1, maxLength: 63, pattern: '^[A-Za-z_][A-Za-z0-9_.-]*$' });

/** Bounds of what a sink may be told to do. Times in milliseconds. */
export const sinkBounds = {
  batchEvents: 10_000,
  longestWaitMs: 600_000,
  longestRetryMs: 3_600_000,
  /** Refusals that are kept of each sink, the newest ones. */
  keptRefusals: 1000,
} as const;

export type SinkEvents = Static<typeof SinkEvents>;
export const SinkEvents = Type.Object(
  {
    names: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\s*]+\\*?$|^\\*$' }), {
        description: 'Names of events; `openstack.*` takes all that begin so. Empty means all',
        default: [],
        maxItems: 100,
      }),
    ),
    where: Type.Optional(
      Type.Record(LabelName, Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 100 }), {
        description: 'Dimension, attribute, `outcome` or `reason` → accepted values',
        maxProperties: 20,
        default: {},
      }),
    ),
  },
  { description: 'Takes single events', additionalProperties: false },
);

export type SinkRollup = Static<typeof SinkRollup>;
export const SinkRollup = Type.Object(
  {
    name: SlugName('Name of the rollup'),
    granularity: Duration('One of its granularities'),
    delay: Type.Optional(Duration('Wait after the end of a period for what comes late, 0s to 1h', { default: '10s' })),
    correctFor: Type.Optional(
      Duration('A period that changes within this time after its end is sent again, 0s to 1d', { default: '10m' }),
    ),
  },
  { description: 'Takes the periods of a rollup instead of single events', additionalProperties: false },
);

export type SinkMapping = Static<typeof SinkMapping>;
export const SinkMapping = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        description:
          'Name under which events go out; `{name}` and labels in braces are filled in: `api.{service}.{status}`',
        minLength: 1,
        maxLength: 300,
        default: '{name}',
      }),
    ),
    keep: Type.Optional(
      Type.Array(LabelName, {
        description: 'Only these labels (dimensions, attributes, `outcome`, `reason`) go out. Empty means all',
        maxItems: 100,
        uniqueItems: true,
        default: [],
      }),
    ),
    rename: Type.Optional(
      Type.Record(LabelName, LabelName, {
        description: 'Label, or name of a value → the name under which it goes out',
        maxProperties: 100,
        default: {},
      }),
    ),
  },
  { description: 'How events are named outside', additionalProperties: false },
);

export type SinkInput = Static<typeof SinkInput>;
/** Where events or rollups are forwarded, which of them, and how. */
export const SinkInput = Type.Object(
  {
    name: SlugName('Unique within the tenant'),
    type: Type.String({
      description: 'Name of the sink type: influxdb, kafka, webhook, …',
      minLength: 1,
      maxLength: 40,
    }),
    options: Type.Record(Type.String(), Type.Unknown(), { description: 'Options of the type; see its schema' }),
    events: Type.Optional(SinkEvents),
    rollup: Type.Optional(SinkRollup),
    mapping: Type.Optional(SinkMapping),
    begin: Type.Optional(
      Type.Union([Type.Literal('now'), Type.Literal('oldest')], {
        description: 'Where a new sink begins: with what comes from now on, or with the oldest that is kept',
        default: 'now',
      }),
    ),
    batchEvents: Type.Optional(
      Type.Integer({
        description: 'Most events that go out at once',
        minimum: 1,
        maximum: sinkBounds.batchEvents,
        default: 1000,
      }),
    ),
    batchWait: Type.Optional(Duration('Longest time that events wait for more, 0s to 10m', { default: '1s' })),
    retryFirst: Type.Optional(Duration('Pause after the first failure, 100ms to 1h', { default: '1s' })),
    retryLongest: Type.Optional(Duration('Longest pause between attempts, 100ms to 1h', { default: '1m' })),
    timeout: Type.Optional(Duration('Longest time of one attempt, 100ms to 5m', { default: '10s' })),
    paused: Type.Optional(Type.Boolean({ description: 'Nothing goes out; it goes on where it was', default: false })),
  },
  { $id: 'SinkInput', additionalProperties: false },
);

/** A sink with everything filled in; exactly one of `events` and `rollup` is there. */
export type SinkDefinition = Required<Omit<SinkInput, 'events' | 'rollup' | 'mapping'>> & {
  readonly events?: Required<SinkEvents>;
  readonly rollup?: Required<SinkRollup>;
  readonly mapping: Required<SinkMapping>;
};

export type SinkStatus = Static<typeof SinkStatus>;
export const SinkStatus = Type.Object({
  state: Type.Union(
    [Type.Literal('forwarding'), Type.Literal('failing'), Type.Literal('paused'), Type.Literal('waiting')],
    { description: '`failing`: the target did not take the last attempt; `waiting`: nothing was sent yet' },
  ),
  forwarded: Type.Integer({ description: 'Events that the target has taken, ever' }),
  refused: Type.Integer({
    description: 'Events that the target refused for good, ever; the newest are kept with the reason',
  }),
  skipped: Type.Integer({ description: 'Events of the log that retention dropped before this sink had read them' }),
  lagEvents: Nullable(Type.Integer({ description: 'Events of the log that it has not left behind; null of a rollup' })),
  lagMs: Nullable(Type.Number({ description: 'Age of the oldest of them, milliseconds; null while it is not known' })),
  forwardedAt: Nullable(Instant('When the target last took something')),
  failingSince: Nullable(Instant('Since when the target takes nothing; null while it does')),
  attempts: Type.Integer({ description: 'Failed attempts since then' }),
  lastError: Nullable(Type.String({ description: 'Why the last attempt failed; null once one has succeeded' })),
});

export type Sink = Static<typeof Sink>;
export const Sink = Type.Object(
  {
    tenant: Type.String(),
    name: Type.String(),
    type: Type.String(),
    options: Type.Record(Type.String(), Type.Unknown()),
    events: Nullable(
      Type.Object({ names: Type.Array(Type.String()), where: Type.Record(Type.String(), Type.Array(Type.String())) }),
    ),
    rollup: Nullable(
      Type.Object({
        name: Type.String(),
        granularity: Type.String(),
        delay: Type.String(),
        correctFor: Type.String(),
      }),
    ),
    mapping: Type.Object({
      name: Type.String(),
      keep: Type.Array(Type.String()),
      rename: Type.Record(Type.String(), Type.String()),
    }),
    begin: Type.String(),
    batchEvents: Type.Integer(),
    batchWait: Type.String(),
    retryFirst: Type.String(),
    retryLongest: Type.String(),
    timeout: Type.String(),
    paused: Type.Boolean(),
    version: Type.Integer(),
    status: SinkStatus,
  },
  { $id: 'Sink' },
);

export type SinkTypeView = Static<typeof SinkTypeView>;
export const SinkTypeView = Type.Object(
  { name: Type.String(), summary: Type.String(), options: Type.Record(Type.String(), Type.Unknown()) },
  { $id: 'SinkType' },
);

export type SinkRefusal = Static<typeof SinkRefusal>;
export const SinkRefusal = Type.Object(
  {
    id: Type.Integer(),
    at: Instant('When the target refused it'),
    event: Type.String({ description: 'Partition and offset in the log, `3-1204`; of a rollup its period and key' }),
    reason: Type.String({ description: 'What the target said' }),
    body: Nullable(Type.String({ description: 'The event as it went out, its beginning' })),
  },
  { $id: 'SinkRefusal', description: 'An event that the target of a sink refused for good' },
);
