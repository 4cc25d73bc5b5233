import { type Static, type TSchema, Type } from 'typebox';
import { Instant, Nullable, Uuid } from './fields.ts';
import { State } from './states.ts';

/**
 * What is told to programs outside, by a message broker: facts that have happened, as CloudEvents 1.0 in structured
 * JSON. This table is the one catalogue; the reference page is made from it.
 */

const tenant = Type.String({ description: 'Who owns it' });
const service = Type.String({ description: 'The service' });
const environment = Type.String({ description: 'What is watched' });
const reason = Nullable(Type.String({ description: 'The error class where it is not ok' }));
const message = Nullable(Type.String({ description: 'One sentence for people' }));
const previousState = Nullable(State);

export type MonitorStateChanged = Static<typeof MonitorStateChanged>;
const MonitorStateChanged = Type.Object({
  tenant,
  monitor: Type.Object({ id: Uuid('The monitor'), name: Nullable(Type.String()) }),
  zone: Type.String({ description: 'From where it is watched' }),
  service,
  environment,
  state: State,
  previousState,
  reason,
  message,
});

export type ServiceStateChanged = Static<typeof ServiceStateChanged>;
const ServiceStateChanged = Type.Object({ tenant, service, environment, state: State, previousState, reason, message });

export type AlertTold = Static<typeof AlertTold>;
const AlertTold = Type.Object({
  tenant,
  id: Uuid('The alert'),
  service,
  environment,
  state: State,
  reason,
  message,
  heldBy: Nullable(Type.String({ description: 'The failed service that it suffers from; channels are not told then' })),
  rule: Nullable(Type.String({ description: 'The alert rule; null for an alert of a service' })),
  group: Nullable(Type.Record(Type.String(), Type.String(), { description: 'Of which group of the rule' })),
  openedAt: Instant('When the service left OK'),
  resolvedAt: Nullable(Instant('When it was over')),
});

/** Kinds of objects whose changes are told. */
export const toldKinds = [
  'monitor',
  'service',
  'environment',
  'zone',
  'rollup',
  'alert_channel',
  'alert_rule',
  'sink',
] as const;
export type ToldKind = (typeof toldKinds)[number];

export type ObjectChanged = Static<typeof ObjectChanged>;
const ObjectChanged = Type.Object({
  tenant,
  kind: Type.Unsafe<ToldKind>(Type.Union(toldKinds.map((kind) => Type.Literal(kind)))),
  name: Type.String({ description: 'Unique among the objects of this kind of the tenant' }),
  id: Nullable(Uuid('The monitor; null for other kinds')),
  change: Type.Union([Type.Literal('created'), Type.Literal('changed'), Type.Literal('deleted')]),
  actor: Type.String({ description: 'Name of the key or session that changed it' }),
});

export interface NotificationEntry<Data extends TSchema = TSchema> {
  readonly summary: string;
  /** Form of the subject; notifications of one subject arrive in the order in which things happened. */
  readonly subject: string;
  readonly data: Data;
  readonly exampleSubject: string;
  readonly example: Static<Data>;
}

const entry = <Data extends TSchema>(whole: NotificationEntry<Data>): NotificationEntry<Data> => whole;

const monitorId = '0191d2c4-5b7e-7c3a-9f10-2d4c8e6a1b23';
const alertId = '5f3c2a10-8f4e-4f7b-9a57-0c1d2e3f4a5b';
const openAlert: AlertTold = {
  ...{ tenant: 'default', id: alertId, service: 'shop', environment: 'production', state: 'failed' },
  ...{
    reason: 'connect_refused',
    message: 'Home page from frankfurt: connection refused',
    heldBy: null,
    rule: null,
    group: null,
  },
  ...{ openedAt: '2026-11-21T07:20:10.000Z', resolvedAt: null },
};

export const notificationCatalogue = {
  'watchkeeper.alert.changed': entry({
    summary: 'An open alert came to another state, has another reason, or is held or no longer held',
    subject: 'alerts/<id>',
    data: AlertTold,
    exampleSubject: `alerts/${alertId}`,
    example: { ...openAlert, state: 'degraded', reason: 'slow', message: 'Home page from frankfurt: took 2.4 s' },
  }),
  'watchkeeper.alert.opened': entry({
    summary: 'A service is not well in an environment',
    subject: 'alerts/<id>',
    data: AlertTold,
    exampleSubject: `alerts/${alertId}`,
    example: openAlert,
  }),
  'watchkeeper.alert.resolved': entry({
    summary: 'An alert is over; the state is the last one it had while it was open',
    subject: 'alerts/<id>',
    data: AlertTold,
    exampleSubject: `alerts/${alertId}`,
    example: { ...openAlert, resolvedAt: '2026-11-21T07:26:40.000Z' },
  }),
  'watchkeeper.monitor.state.changed': entry({
    summary: 'A monitor came to another state in one of its zones',
    subject: 'monitors/<id>',
    data: MonitorStateChanged,
    exampleSubject: `monitors/${monitorId}`,
    example: {
      ...{ tenant: 'default', monitor: { id: monitorId, name: 'Home page' }, zone: 'frankfurt' },
      ...{ service: 'shop', environment: 'production', state: 'failed', previousState: 'ok' },
      ...{ reason: 'connect_refused', message: 'connection refused' },
    },
  }),
  'watchkeeper.object.changed': entry({
    summary: 'Somebody created, changed or deleted an object; what it is now stands in the API',
    subject: 'monitors/<id>, or <kind>s/<name>',
    data: ObjectChanged,
    exampleSubject: `monitors/${monitorId}`,
    example: {
      ...{ tenant: 'default', kind: 'monitor', name: 'Home page', id: monitorId },
      ...{ change: 'changed', actor: 'local administrator' },
    },
  }),
  'watchkeeper.service.state.changed': entry({
    summary: 'A service came to another state in an environment',
    subject: 'services/<name>',
    data: ServiceStateChanged,
    exampleSubject: 'services/shop',
    example: {
      ...{ tenant: 'default', service: 'shop', environment: 'production', state: 'failed', previousState: 'ok' },
      ...{ reason: 'connect_refused', message: 'Home page from frankfurt: connection refused' },
    },
  }),
} as const;

export type NotificationType = keyof typeof notificationCatalogue;

/** A notification in the structured JSON form of CloudEvents 1.0. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same at every attempt; receivers drop repetitions by it. */
  readonly id: string;
  readonly source: string;
  readonly type: NotificationType;
  readonly subject: string;
  /** When it happened, RFC 3339 in UTC. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, unknown>>;
}

/** Content type of a CloudEvent in structured JSON, whatever carries it. */
export const cloudEventContentType = 'application/cloudevents+json';
