import { type Static, Type } from 'typebox';
import { Instant, Nullable, SlugName, Title } from './fields.ts';
import { MinuteStrip } from './monitor.ts';
import { State, StateCounts } from './states.ts';

export type ServiceInput = Static<typeof ServiceInput>;
export const ServiceInput = Type.Object(
  {
    name: SlugName('What users call it, as one word'),
    title: Type.Optional(Title('What people read')),
    dependsOn: Type.Optional(
      Type.Array(SlugName('A service'), {
        description: 'Services it needs, in the same environment',
        maxItems: 50,
        uniqueItems: true,
      }),
    ),
  },
  { $id: 'ServiceInput', additionalProperties: false },
);

export type ServiceState = Static<typeof ServiceState>;
/** Worst of its monitors in one environment. */
export const ServiceState = Type.Object({
  environment: Type.String(),
  state: State,
  since: Nullable(Instant('When this state began')),
  reason: Nullable(Type.String()),
  message: Nullable(Type.String()),
  heldBy: Nullable(Type.String({ description: 'The failed service it depends on; its alerts are held meanwhile' })),
});

export type Service = Static<typeof Service>;
export const Service = Type.Object(
  {
    tenant: Type.String(),
    name: Type.String(),
    title: Type.String(),
    dependsOn: Type.Array(Type.String()),
    monitors: Type.Integer({ description: 'Monitors that watch it' }),
    states: Type.Array(ServiceState),
    version: Type.Integer(),
  },
  { $id: 'Service' },
);

export type EnvironmentInput = Static<typeof EnvironmentInput>;
export const EnvironmentInput = Type.Object(
  { name: SlugName('One word'), title: Type.Optional(Title('What people read')) },
  { $id: 'EnvironmentInput', additionalProperties: false },
);
export type Environment = Static<typeof Environment>;
export const Environment = Type.Object(
  { tenant: Type.String(), name: Type.String(), title: Type.String(), version: Type.Integer() },
  { $id: 'Environment' },
);

export type ZoneInput = Static<typeof ZoneInput>;
export const ZoneInput = Type.Object(
  {
    name: SlugName('One word'),
    title: Type.Optional(Title('What people read')),
    code: Type.Optional(
      Type.String({
        description: 'Up to four letters for narrow places',
        minLength: 1,
        maxLength: 4,
        pattern: '^[A-Z0-9]+$',
      }),
    ),
  },
  { $id: 'ZoneInput', additionalProperties: false },
);
export type Zone = Static<typeof Zone>;
export const Zone = Type.Object(
  {
    tenant: Type.String(),
    name: Type.String(),
    title: Type.String(),
    code: Type.String(),
    watched: Type.Boolean({ description: 'A scheduler works in this zone now' }),
    version: Type.Integer(),
  },
  { $id: 'Zone' },
);

const ZoneTile = Type.Object({
  zone: Type.String(),
  state: State,
  okRatio: Nullable(Type.Number()),
  p95Ms: Nullable(Type.Number()),
});

export type Problem = Static<typeof Problem>;
/** A service that is not well in one environment. */
export const Problem = Type.Object({
  service: Type.String(),
  environment: Type.String(),
  state: State,
  since: Nullable(Type.String()),
  reason: Nullable(Type.String()),
  message: Nullable(Type.String()),
  heldBy: Nullable(Type.String()),
  failingChecks: Type.Integer({ description: 'Monitor and zone pairs that are not OK' }),
  allChecks: Type.Integer({ description: 'Monitor and zone pairs' }),
  zones: Type.Array(Type.Object({ zone: Type.String(), state: State })),
  strip: MinuteStrip,
  alert: Nullable(
    Type.Object({
      id: Type.String(),
      openedAt: Type.String(),
      held: Type.Boolean(),
      toldAt: Nullable(Type.String()),
      channels: Type.Array(Type.String()),
      lastError: Nullable(Type.String()),
    }),
  ),
  monitorIds: Type.Array(Type.String(), { description: 'Monitors that are not OK, at most 20' }),
});

export type ActivityEntry = Static<typeof ActivityEntry>;
/** Something worth telling: a change of state, an alert told, a change made by somebody, a take-over. */
export const ActivityEntry = Type.Object({
  at: Type.String(),
  kind: Type.Union([Type.Literal('state'), Type.Literal('alert'), Type.Literal('change'), Type.Literal('takeover')]),
  state: Nullable(State),
  title: Type.String({ description: 'One short sentence' }),
  note: Type.String({ description: 'Who or why; may be empty' }),
  link: Nullable(Type.String({ description: 'Path within the web app' })),
});

export type Overview = Static<typeof Overview>;
export const Overview = Type.Object(
  {
    at: Instant('When it was read'),
    counts: StateCounts,
    monitorCounts: StateCounts,
    problems: Type.Array(Problem, { description: 'Worst first' }),
    environments: Type.Array(
      Type.Object({
        name: Type.String(),
        title: Type.String(),
        zones: Type.Array(Type.Object({ name: Type.String(), title: Type.String(), code: Type.String() })),
      }),
    ),
    services: Type.Array(
      Type.Object({
        name: Type.String(),
        title: Type.String(),
        cells: Type.Array(
          Type.Object({
            environment: Type.String(),
            state: State,
            okRatio: Nullable(Type.Number()),
            p95Ms: Nullable(Type.Number()),
            zones: Type.Array(ZoneTile),
          }),
        ),
      }),
      { description: 'Worst first; ratios over the asked range' },
    ),
    activity: Type.Array(ActivityEntry, { description: 'Newest first, at most 50' }),
    self: Type.Object({
      state: State,
      eventsPerSecond: Type.Number(),
      dropped: Type.Integer(),
      newestEventAgeMs: Nullable(Type.Number()),
    }),
  },
  { $id: 'Overview' },
);
