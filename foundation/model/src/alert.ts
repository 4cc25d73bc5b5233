import { type Static, Type } from 'typebox';
import { Duration, Instant, Nullable, SlugName, Uuid } from './fields.ts';
import { State } from './states.ts';

export type AlertChannelInput = Static<typeof AlertChannelInput>;
/** Who is told, how, and of what. */
export const AlertChannelInput = Type.Object(
  {
    name: SlugName('Unique within the tenant'),
    type: Type.String({ description: 'Name of the channel type: webhook, slack, email', minLength: 1, maxLength: 40 }),
    options: Type.Record(Type.String(), Type.Unknown(), { description: 'Options of the type; see its schema' }),
    states: Type.Optional(
      Type.Array(State, {
        description: 'Tell when a service comes to one of these',
        default: ['failed'],
        minItems: 1,
        uniqueItems: true,
      }),
    ),
    environments: Type.Optional(
      Type.Array(SlugName('An environment'), { description: 'Empty means all', default: [] }),
    ),
    services: Type.Optional(Type.Array(SlugName('A service'), { description: 'Empty means all', default: [] })),
    groupWait: Type.Optional(Duration('Wait for more of the same before telling, 0s to 10m', { default: '2s' })),
    resolved: Type.Optional(Type.Boolean({ description: 'Tell also when it is over', default: true })),
    paused: Type.Optional(Type.Boolean({ default: false })),
  },
  { $id: 'AlertChannelInput', additionalProperties: false },
);

export type AlertChannel = Static<typeof AlertChannel>;
export const AlertChannel = Type.Object(
  {
    tenant: Type.String(),
    name: Type.String(),
    type: Type.String(),
    options: Type.Record(Type.String(), Type.Unknown()),
    states: Type.Array(State),
    environments: Type.Array(Type.String()),
    services: Type.Array(Type.String()),
    groupWait: Type.String(),
    resolved: Type.Boolean(),
    paused: Type.Boolean(),
    version: Type.Integer(),
    lastDelivery: Nullable(
      Type.Object({
        at: Type.String(),
        delivered: Type.Boolean(),
        error: Nullable(Type.String()),
        waiting: Type.Integer({ description: 'Deliveries not done yet' }),
      }),
    ),
  },
  { $id: 'AlertChannel' },
);

export type AlertChannelTypeView = Static<typeof AlertChannelTypeView>;
export const AlertChannelTypeView = Type.Object(
  { name: Type.String(), summary: Type.String(), options: Type.Record(Type.String(), Type.Unknown()) },
  { $id: 'AlertChannelType' },
);

export type Alert = Static<typeof Alert>;
const rule = Nullable(Type.String({ description: 'The alert rule; null for an alert of a service' }));
const group = Nullable(
  Type.Record(Type.String(), Type.String(), {
    description: 'Of which group of the rule: its dimensions and attributes',
  }),
);

/**
 * A service that is not well in an environment, or a group of events that breaks an alert rule, from the first notice
 * to the resolution.
 */
export const Alert = Type.Object(
  {
    id: Uuid('The alert'),
    tenant: Type.String(),
    service: Type.String(),
    environment: Type.String(),
    rule,
    group,
    state: State,
    reason: Nullable(Type.String()),
    message: Nullable(Type.String()),
    openedAt: Instant('When the service left OK'),
    resolvedAt: Nullable(Instant('When it was OK again')),
    held: Type.Boolean({ description: 'Nobody is told: a service it depends on has failed' }),
    heldBy: Nullable(Type.String()),
    deliveries: Type.Array(
      Type.Object({
        channel: Type.String(),
        kind: Type.Union([
          Type.Literal('opened'),
          Type.Literal('changed'),
          Type.Literal('resolved'),
          Type.Literal('test'),
        ]),
        attempts: Type.Integer(),
        deliveredAt: Nullable(Type.String()),
        givenUpAt: Nullable(Type.String()),
        nextAttemptAt: Nullable(Type.String()),
        lastError: Nullable(Type.String()),
      }),
    ),
  },
  { $id: 'Alert' },
);

/** The generic JSON body that a webhook receives; versioned by `version`. */
export type AlertNotification = Static<typeof AlertNotification>;
export const AlertNotification = Type.Object(
  {
    version: Type.Literal(1),
    kind: Type.Union([Type.Literal('opened'), Type.Literal('changed'), Type.Literal('resolved'), Type.Literal('test')]),
    sentAt: Type.String(),
    title: Type.String({ description: 'One sentence: what is wrong, where' }),
    link: Nullable(Type.String({ description: 'Address of the web page, when the public address is known' })),
    alerts: Type.Array(
      Type.Object({
        id: Type.String(),
        tenant: Type.String(),
        service: Type.String(),
        environment: Type.String(),
        rule,
        group,
        state: State,
        previousState: Nullable(State),
        reason: Nullable(Type.String()),
        message: Nullable(Type.String()),
        openedAt: Type.String(),
        resolvedAt: Nullable(Type.String()),
        zones: Type.Array(Type.Object({ zone: Type.String(), state: State })),
        monitors: Type.Array(
          Type.Object({
            id: Type.String(),
            name: Type.String(),
            state: State,
            reason: Nullable(Type.String()),
            message: Nullable(Type.String()),
          }),
        ),
      }),
    ),
  },
  { $id: 'AlertNotification' },
);
