import { type Static, Type } from 'typebox';
import { Duration, Instant, Labels, Nullable, SlugName, Title, Uuid } from './fields.ts';
import { Outcome, State } from './states.ts';

/** What a person says about a monitor. Everything that has a default may be left out. */
const wish = {
  name: Title('Unique within the tenant'),
  service: SlugName('The service it watches'),
  environment: SlugName('What is watched: a cloud, a region, a product'),
  zones: Type.Array(SlugName('A zone'), {
    description:
      'From where it is watched; when left out, a new monitor is watched from `local` or else the first zone that somebody watches from',
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
  }),
  type: Type.String({ description: 'Name of the monitor type', minLength: 1, maxLength: 40 }),
  options: Type.Record(Type.String(), Type.Unknown(), { description: 'Options of the type; see its schema' }),
  interval: Duration('From check to check, 1s to 1d', { default: '30s' }),
  timeout: Duration(
    'Longest time one attempt may take, 10ms to 60s; attempts and pauses must fit the interval. 5s, or what fits, when left out',
  ),
  retries: Type.Integer({
    description: 'Attempts after a failed one before the check counts as failed',
    minimum: 0,
    maximum: 5,
    default: 0,
  }),
  assertions: Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
    description: 'Conditions, one a line; empty means the conditions of the type',
    maxItems: 50,
    default: [],
  }),
  labels: Type.Intersect([Labels], { default: {} }),
  paused: Type.Boolean({ description: 'Not checked while true', default: false }),
};

export type MonitorInput = Static<typeof MonitorInput>;
/** A monitor as it is written: in the API's bodies, in files for `apply`, in the form. */
export const MonitorInput = Type.Object(
  {
    name: wish.name,
    service: wish.service,
    environment: wish.environment,
    zones: Type.Optional(wish.zones),
    type: wish.type,
    options: wish.options,
    interval: Type.Optional(wish.interval),
    timeout: Type.Optional(wish.timeout),
    retries: Type.Optional(wish.retries),
    assertions: Type.Optional(wish.assertions),
    labels: Type.Optional(Labels),
    paused: Type.Optional(wish.paused),
  },
  { $id: 'MonitorInput', additionalProperties: false },
);

export type Monitor = Static<typeof Monitor>;
export const Monitor = Type.Object(
  {
    id: Uuid('Given by Watchkeeper'),
    tenant: SlugName('Who owns it'),
    name: wish.name,
    service: wish.service,
    environment: wish.environment,
    zones: Type.Array(Type.String()),
    type: wish.type,
    options: wish.options,
    interval: Type.String(),
    timeout: Type.String(),
    retries: Type.Integer(),
    assertions: Type.Array(Type.String()),
    labels: Labels,
    paused: Type.Boolean(),
    version: Type.Integer({ description: 'Rises by one with every change; also the ETag' }),
    createdAt: Instant('When it was made'),
    updatedAt: Instant('When it was last changed'),
  },
  { $id: 'Monitor' },
);

/** Limits the schema cannot say; the API and `apply` check them too. */
export const monitorLimits = {
  intervalMs: { minimum: 1000, maximum: 86_400_000 },
  timeoutMs: { minimum: 10, maximum: 60_000 },
} as const;

export type ZoneStatus = Static<typeof ZoneStatus>;
export const ZoneStatus = Type.Object({
  zone: Type.String(),
  state: State,
  since: Nullable(Instant('When this state began')),
  reason: Nullable(Type.String({ description: 'Error class of the last failed check' })),
  message: Nullable(Type.String({ description: 'The last failed check in one sentence' })),
  lastCheckedAt: Nullable(Instant('Time of the newest check')),
  lastOutcome: Nullable(Outcome),
  lastDurationMs: Nullable(Type.Number()),
});

export type MonitorStatus = Static<typeof MonitorStatus>;
/** Worst of its zones, since when, and why. */
export const MonitorStatus = Type.Object(
  {
    monitorId: Uuid('The monitor'),
    state: State,
    since: Nullable(Instant('When this state began')),
    reason: Nullable(Type.String()),
    message: Nullable(Type.String()),
    zones: Type.Array(ZoneStatus),
  },
  { $id: 'MonitorStatus' },
);

/** State of one minute of the last sixty, oldest first: `n` none, `o` OK, `d` degraded, `f` failed. */
export const MinuteStrip = Type.String({
  pattern: '^[nodf]*$',
  maxLength: 60,
  description: 'One letter a minute, oldest first: n none, o OK, d degraded, f failed',
});

export type MonitorRow = Static<typeof MonitorRow>;
/** A row of the list. Ratios are 0 to 1 over the last hour; null where nothing was measured. */
export const MonitorRow = Type.Object(
  {
    monitor: Monitor,
    target: Type.String({ description: 'What is checked, in a few words' }),
    status: MonitorStatus,
    strip: MinuteStrip,
    okRatio: Nullable(Type.Number({ minimum: 0, maximum: 1 })),
    p95Ms: Nullable(Type.Number()),
  },
  { $id: 'MonitorRow' },
);

export type CheckColumns = Static<typeof CheckColumns>;
/**
 * Every check of one zone in columns, oldest first; all arrays have the same length. Null is "not measured".
 */
export const CheckColumns = Type.Object({
  zone: Type.String(),
  total: Type.Integer({ description: 'Checks in the range, also those thinned out' }),
  timeMs: Type.Array(Type.Number({ description: 'Milliseconds since 1970-01-01 UTC' })),
  outcome: Type.Array(Outcome),
  reason: Type.Array(Nullable(Type.String())),
  retried: Type.Array(Type.Boolean({ description: 'True for an attempt that was followed by another one' })),
  values: Type.Record(Type.String(), Type.Array(Nullable(Type.Number())), { description: 'Columns by value name' }),
});

export type MonitorChecks = Static<typeof MonitorChecks>;
export const MonitorChecks = Type.Object(
  {
    from: Instant('Start of the range'),
    to: Instant('End of the range'),
    thinned: Type.Boolean({
      description: 'True when OK checks were thinned to the extremes of each column; every failure is there',
    }),
    zones: Type.Array(CheckColumns),
  },
  { $id: 'MonitorChecks' },
);

export type MonitorTypeView = Static<typeof MonitorTypeView>;
export const MonitorTypeView = Type.Object(
  {
    name: Type.String(),
    summary: Type.String(),
    options: Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of the options' }),
    valueNames: Type.Array(Type.String()),
    conditionNames: Type.Array(Type.String()),
    defaultAssertions: Type.Array(Type.String()),
  },
  { $id: 'MonitorType' },
);

export type CheckRun = Static<typeof CheckRun>;
/** A check outside the schedule: "run now" of a monitor, or the test of one that is not saved yet. */
export const CheckRun = Type.Object(
  {
    id: Uuid('The run'),
    monitorId: Nullable(Uuid('The monitor; null for a test of an unsaved one')),
    finished: Type.Boolean(),
    requestedAt: Instant('When it was asked for'),
    zones: Type.Array(
      Type.Object({
        zone: Type.String(),
        outcome: Nullable(Outcome),
        reason: Nullable(Type.String()),
        message: Nullable(Type.String()),
        values: Type.Record(Type.String(), Nullable(Type.Number())),
        attributes: Type.Record(Type.String(), Type.String()),
        detail: Nullable(Type.Record(Type.String(), Type.Unknown())),
        finishedAt: Nullable(Instant('When the answer came; null while running')),
      }),
    ),
  },
  { $id: 'CheckRun' },
);

export type StatisticsRow = Static<typeof StatisticsRow>;
/** One row of the view `monitor_statistics`. Response times in seconds. */
export const StatisticsRow = Type.Object(
  {
    monitorId: Uuid('The monitor'),
    environment: Type.String(),
    zone: Type.String(),
    dt: Instant('Start of the period'),
    granularity: Type.String({ description: '`minute`, `hour`, `day`, or a duration' }),
    rtMin: Nullable(Type.Number({ description: 'Shortest response time, seconds' })),
    rtMax: Nullable(Type.Number({ description: 'Longest response time, seconds' })),
    data: Type.Record(Type.String(), Type.Integer(), { description: 'Checks by status code or error class' }),
  },
  { $id: 'MonitorStatistics' },
);
