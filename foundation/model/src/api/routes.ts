import { type Static, type TSchema, Type } from 'typebox';
import { ChangeRecord, Key, KeyInput, Role, Session } from '../access.ts';
import { Alert, AlertChannel, AlertChannelInput, AlertChannelTypeView } from '../alert.ts';
import { DeadLetter, deadLetterPage } from '../dead-letter.ts';
import { EventView } from '../event.ts';
import { EventMessage } from '../event-message-schema.ts';
import { Duration, Instant, Nullable, Page, PageQuery, SlugName, TimeBound, Uuid } from '../fields.ts';
import {
  CheckRun,
  Monitor,
  MonitorChecks,
  MonitorInput,
  MonitorRow,
  MonitorStatus,
  MonitorTypeView,
  StatisticsRow,
} from '../monitor.ts';
import { ProcessList } from '../processes.ts';
import { Heatmap, HeatmapInput, QueryInput, QueryResult } from '../query.ts';
import { RefusedInputCount } from '../refused-input.ts';
import {
  CheckRunClaim,
  CheckRunResult,
  ClaimedCheckRuns,
  EventsAnswer,
  ProcessId,
  ProcessInput,
  ZoneLease,
  ZoneLeaseInput,
  ZonePath,
  ZoneRunPath,
  ZoneSchedule,
} from '../remote-zone.ts';
import { ApplyInput, ApplyResult } from '../resource.ts';
import { Rollup, RollupInput } from '../rollup.ts';
import {
  ActivityEntry,
  Environment,
  EnvironmentInput,
  Overview,
  Service,
  ServiceInput,
  Zone,
  ZoneInput,
} from '../service.ts';
import { Sink, SinkInput, SinkRefusal, SinkTypeView } from '../sink.ts';
import { Outcome, State, StateCounts } from '../states.ts';
import type { OperationName } from './operations.ts';

/**
 * One operation: who may use it, what it takes and what it answers. The server's handlers, the OpenAPI document,
 * the reference page and the types of the client come from this table.
 */
export interface Route {
  readonly summary: string;
  /** Least role; `none` for the two routes that a stranger may use. */
  readonly role: Role | 'none';
  readonly tag: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** 200 unless `status` says otherwise; absent for 204. */
  readonly response?: TSchema;
  readonly status?: 200 | 201 | 202 | 204;
  /** Writes: the object's version must be named by If-Match when it exists. */
  readonly ifMatch?: 'required' | 'optional';
  /**
   * Answers carry an ETag: the object's version, or a hash of the `content`. With the latter If-None-Match is answered
   * by 304.
   */
  readonly etag?: true | 'content';
  /** The handler reads the body itself, so that a bad part of it does not refuse the rest; the schema describes it. */
  readonly ownBody?: true;
  /** Not JSON: server-sent events. */
  readonly stream?: true;
  /** Not JSON: text of this media type. */
  readonly text?: string;
}

const ById = Type.Object({ id: Uuid('Identifier') });
const ByName = Type.Object({ name: SlugName('Name') });
const ByProcess = Type.Object({ id: ProcessId('The process') });
const Empty = Type.Object({}, { additionalProperties: false });
const object = <T extends Parameters<typeof Type.Object>[0]>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

const range = {
  from: Type.Optional(TimeBound('Start, inclusive; one hour ago when left out')),
  to: Type.Optional(TimeBound('End, exclusive; now when left out')),
};

export const MonitorFilter = {
  q: Type.Optional(Type.String({ maxLength: 200, description: 'Text in name, service, environment, target or label' })),
  state: Type.Optional(State),
  type: Type.Optional(Type.String({ maxLength: 40 })),
  service: Type.Optional(Type.String({ maxLength: 63 })),
  environment: Type.Optional(Type.String({ maxLength: 63 })),
  zone: Type.Optional(Type.String({ maxLength: 63 })),
  label: Type.Optional(Type.String({ maxLength: 264, description: '`key` or `key=value`' })),
};

export const EventFilter = {
  name: Type.Optional(Type.String({ maxLength: 100 })),
  monitor: Type.Optional(Uuid('Only events of this monitor')),
  service: Type.Optional(Type.String({ maxLength: 63 })),
  environment: Type.Optional(Type.String({ maxLength: 63 })),
  zone: Type.Optional(Type.String({ maxLength: 63 })),
  outcome: Type.Optional(Outcome),
  reason: Type.Optional(Type.String({ maxLength: 63 })),
};

export const routes = {
  getProduct: {
    summary: 'Name, version, roles and counts',
    role: 'viewer',
    tag: 'product',
    response: Type.Object(
      {
        name: Type.Literal('watchkeeper'),
        version: Type.String(),
        roles: Type.Array(Type.String(), { description: 'Roles that this process has' }),
        startedAt: Instant('When this process started'),
        demo: Type.Boolean({ description: 'The demo runs here' }),
        production: Type.Boolean(),
        counts: Type.Object({
          monitors: Type.Integer(),
          services: Type.Integer(),
          environments: Type.Integer(),
          zones: Type.Integer(),
          series: Type.Integer(),
          events: Type.Integer({ description: 'Events in the log, counted from the heads' }),
          openAlerts: Type.Integer(),
        }),
      },
      { $id: 'Product' },
    ),
  },

  listProcesses: {
    summary:
      'Every process with its roles, what it reads and how far it is behind, who holds which lease, and what nobody reads',
    role: 'viewer',
    tag: 'product',
    response: ProcessList,
  },

  listMonitors: {
    summary: 'Monitors with their state, worst first',
    role: 'viewer',
    tag: 'monitors',
    query: object({
      ...MonitorFilter,
      sort: Type.Optional(
        Type.Union([Type.Literal('worst'), Type.Literal('name'), Type.Literal('newest')], { default: 'worst' }),
      ),
      ...PageQuery,
    }),
    response: Type.Object(
      {
        items: Type.Array(MonitorRow),
        next: Nullable(Type.String()),
        total: Type.Integer({ description: 'All that fit the filter' }),
        counts: StateCounts,
      },
      { $id: 'MonitorPage' },
    ),
  },
  createMonitor: {
    summary: 'Create a monitor',
    role: 'editor',
    tag: 'monitors',
    body: MonitorInput,
    response: Monitor,
    status: 201,
    etag: true,
  },
  bulkMonitors: {
    summary: 'Start, stop or delete all monitors that fit a filter',
    role: 'operator',
    tag: 'monitors',
    body: object({
      filter: object(MonitorFilter),
      action: Type.Union([Type.Literal('start'), Type.Literal('stop'), Type.Literal('delete')]),
      dryRun: Type.Optional(Type.Boolean({ default: false, description: 'Only count' })),
    }),
    response: Type.Object(
      { matched: Type.Integer(), changed: Type.Integer(), dryRun: Type.Boolean() },
      { $id: 'BulkResult' },
    ),
  },
  getMonitor: { summary: 'One monitor', role: 'viewer', tag: 'monitors', params: ById, response: Monitor, etag: true },
  replaceMonitor: {
    summary: 'Change a monitor',
    role: 'editor',
    tag: 'monitors',
    params: ById,
    body: MonitorInput,
    response: Monitor,
    ifMatch: 'required',
    etag: true,
  },
  deleteMonitor: {
    summary: 'Delete a monitor; its events stay until retention drops them',
    role: 'editor',
    tag: 'monitors',
    params: ById,
    status: 204,
    ifMatch: 'optional',
  },
  startMonitor: {
    summary: 'Check it on its schedule',
    role: 'operator',
    tag: 'monitors',
    params: ById,
    body: Empty,
    response: Monitor,
    etag: true,
  },
  stopMonitor: {
    summary: 'Pause it',
    role: 'operator',
    tag: 'monitors',
    params: ById,
    body: Empty,
    response: Monitor,
    etag: true,
  },
  runMonitor: {
    summary: 'Check it now from its zones, beside the schedule',
    role: 'operator',
    tag: 'monitors',
    params: ById,
    body: object({ zones: Type.Optional(Type.Array(Type.String({ maxLength: 63 }), { maxItems: 50 })) }),
    response: CheckRun,
    status: 202,
  },
  getMonitorStatus: {
    summary: 'State, since when and why',
    role: 'viewer',
    tag: 'monitors',
    params: ById,
    response: MonitorStatus,
  },
  getMonitorChecks: {
    summary: 'Every check of a time range in columns, one zone after the other',
    role: 'viewer',
    tag: 'monitors',
    params: ById,
    query: object({
      ...range,
      zone: Type.Optional(Type.String({ maxLength: 63 })),
      max: Type.Optional(
        Type.Integer({
          minimum: 100,
          maximum: 200_000,
          default: 60_000,
          description: 'Above this many, OK checks are thinned; failures never',
        }),
      ),
    }),
    response: MonitorChecks,
  },
  getMonitorStatistics: {
    summary: 'Rows of the view monitor_statistics',
    role: 'viewer',
    tag: 'monitors',
    params: ById,
    query: object({
      ...range,
      granularity: Type.Optional(
        Type.Union([Type.Literal('minute'), Type.Literal('hour'), Type.Literal('day')], { default: 'minute' }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 })),
    }),
    response: Type.Object({ rows: Type.Array(StatisticsRow) }, { $id: 'StatisticsList' }),
  },
  listMonitorTypes: {
    summary: 'Monitor types with the schema of their options',
    role: 'viewer',
    tag: 'monitors',
    response: Type.Object({ items: Type.Array(MonitorTypeView) }, { $id: 'MonitorTypeList' }),
  },
  checkConditions: {
    summary: 'Read conditions and say where a mistake is',
    role: 'viewer',
    tag: 'monitors',
    body: object({
      type: Type.String({ maxLength: 40 }),
      assertions: Type.Array(Type.String({ maxLength: 500 }), { maxItems: 50 }),
    }),
    response: Type.Object(
      {
        mistakes: Type.Array(
          Type.Object({
            index: Type.Integer({ description: 'Which condition, from 0' }),
            column: Type.Integer({ description: 'Where in it, from 1' }),
            message: Type.String(),
          }),
        ),
      },
      { $id: 'ConditionCheck' },
    ),
  },
  testMonitor: {
    summary: 'Check a monitor that is not saved yet, from its zones',
    role: 'editor',
    tag: 'monitors',
    body: MonitorInput,
    response: CheckRun,
    status: 202,
  },
  getCheckRun: {
    summary: 'What a check outside the schedule saw',
    role: 'viewer',
    tag: 'monitors',
    params: ById,
    response: CheckRun,
  },

  listServices: {
    summary: 'Services with their state per environment',
    role: 'viewer',
    tag: 'services',
    query: object(PageQuery),
    response: Page(Service),
  },
  getService: {
    summary: 'One service',
    role: 'viewer',
    tag: 'services',
    params: ByName,
    response: Service,
    etag: true,
  },
  putService: {
    summary: 'Create or change a service',
    role: 'editor',
    tag: 'services',
    params: ByName,
    body: ServiceInput,
    response: Service,
    ifMatch: 'optional',
    etag: true,
  },
  deleteService: {
    summary: 'Delete a service that no monitor watches',
    role: 'editor',
    tag: 'services',
    params: ByName,
    status: 204,
  },
  listEnvironments: {
    summary: 'Environments',
    role: 'viewer',
    tag: 'services',
    response: Type.Object({ items: Type.Array(Environment) }, { $id: 'EnvironmentList' }),
  },
  putEnvironment: {
    summary: 'Create or rename the title of an environment',
    role: 'editor',
    tag: 'services',
    params: ByName,
    body: EnvironmentInput,
    response: Environment,
  },
  listZones: {
    summary: 'Zones, and whether somebody watches from there',
    role: 'viewer',
    tag: 'services',
    response: Type.Object({ items: Type.Array(Zone) }, { $id: 'ZoneList' }),
  },
  putZone: {
    summary: 'Create or change a zone',
    role: 'editor',
    tag: 'services',
    params: ByName,
    body: ZoneInput,
    response: Zone,
  },
  getOverview: {
    summary: 'All that the first page shows',
    role: 'viewer',
    tag: 'services',
    query: object({ environment: Type.Optional(Type.String({ maxLength: 63 })), ...range }),
    response: Overview,
  },
  listActivity: {
    summary: 'What happened, newest first',
    role: 'viewer',
    tag: 'services',
    query: object({ ...range, ...PageQuery }),
    response: Page(ActivityEntry),
  },

  listEvents: {
    summary: 'Events, newest first',
    role: 'viewer',
    tag: 'events',
    query: object({ ...EventFilter, ...range, ...PageQuery }),
    response: Page(EventView),
  },
  sendEvents: {
    summary:
      'Send events. Each is stored once, however often it is sent; a bad one is refused by its place and the others are stored',
    role: 'ingest',
    tag: 'events',
    body: EventMessage,
    ownBody: true,
    response: EventsAnswer,
  },
  streamEvents: {
    summary:
      'Events as they arrive, as server-sent events: `event` carries an array of events once a second at most, `states` tells that states changed',
    role: 'viewer',
    tag: 'events',
    query: object(EventFilter),
    stream: true,
  },
  listDeadLetters: {
    summary: 'Messages and events that could not be taken, newest first',
    role: 'operator',
    tag: 'events',
    query: object({
      from: Type.Optional(TimeBound('Put aside at this time or later')),
      to: Type.Optional(TimeBound('Put aside before this time')),
      reason: Type.Optional(Type.String({ maxLength: 63, description: 'A code of the error catalogue' })),
      of: Type.Optional(
        Type.Unsafe<'messages' | 'doors'>(
          Type.Union([Type.Literal('messages'), Type.Literal('doors')], {
            description: 'Only messages of topics, or only what doors refused',
          }),
        ),
      ),
      ...PageQuery,
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: deadLetterPage, default: 50, description: 'Rows per page' }),
      ),
    }),
    response: Page(DeadLetter),
  },
  listRefusedInputs: {
    summary:
      'What could not be taken, counted by door, key and reason, with an example; new series that were too many among it. The last refused first',
    role: 'viewer',
    tag: 'events',
    query: object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) }),
    response: object({ items: Type.Array(RefusedInputCount) }),
  },
  query: {
    summary: 'Aggregate raw events or a rollup',
    role: 'viewer',
    tag: 'events',
    body: QueryInput,
    response: QueryResult,
  },
  queryHeatmap: {
    summary: 'Columns of a heat map',
    role: 'viewer',
    tag: 'events',
    body: HeatmapInput,
    response: Heatmap,
  },
  listRollups: {
    summary: 'Rollup definitions',
    role: 'viewer',
    tag: 'rollups',
    response: Type.Object({ items: Type.Array(Rollup) }, { $id: 'RollupList' }),
  },
  getRollup: {
    summary: 'One rollup definition',
    role: 'viewer',
    tag: 'rollups',
    params: ByName,
    response: Rollup,
    etag: true,
  },
  putRollup: {
    summary: 'Create or change a rollup; it counts from then on',
    role: 'editor',
    tag: 'rollups',
    params: ByName,
    body: RollupInput,
    response: Rollup,
    ifMatch: 'optional',
    etag: true,
  },
  deleteRollup: {
    summary: 'Delete a rollup and what it added up',
    role: 'editor',
    tag: 'rollups',
    params: ByName,
    status: 204,
  },

  getRollupMetrics: {
    summary: 'The newest whole period of a rollup in the exposition format of Prometheus, for scraping',
    role: 'viewer',
    tag: 'rollups',
    params: ByName,
    query: object({
      granularity: Type.Optional(Duration('One of its granularities; the finest when left out')),
      delay: Type.Optional(Duration('Time after the end of a period before it is shown', { default: '10s' })),
    }),
    response: Type.String(),
    text: 'text/plain; version=0.0.4; charset=utf-8',
  },

  listAlerts: {
    summary: 'Alerts, newest first',
    role: 'viewer',
    tag: 'alerts',
    query: object({
      open: Type.Optional(Type.Boolean()),
      service: Type.Optional(Type.String({ maxLength: 63 })),
      environment: Type.Optional(Type.String({ maxLength: 63 })),
      ...PageQuery,
    }),
    response: Page(Alert),
  },
  getAlert: { summary: 'One alert with its deliveries', role: 'viewer', tag: 'alerts', params: ById, response: Alert },
  listAlertChannelTypes: {
    summary: 'Channel types with the schema of their options',
    role: 'viewer',
    tag: 'alerts',
    response: Type.Object({ items: Type.Array(AlertChannelTypeView) }, { $id: 'AlertChannelTypeList' }),
  },
  listAlertChannels: {
    summary: 'Channels',
    role: 'viewer',
    tag: 'alerts',
    response: Type.Object({ items: Type.Array(AlertChannel) }, { $id: 'AlertChannelList' }),
  },
  getAlertChannel: {
    summary: 'One channel',
    role: 'viewer',
    tag: 'alerts',
    params: ByName,
    response: AlertChannel,
    etag: true,
  },
  putAlertChannel: {
    summary: 'Create or change a channel',
    role: 'editor',
    tag: 'alerts',
    params: ByName,
    body: AlertChannelInput,
    response: AlertChannel,
    ifMatch: 'optional',
    etag: true,
  },
  deleteAlertChannel: { summary: 'Delete a channel', role: 'editor', tag: 'alerts', params: ByName, status: 204 },
  testAlertChannel: {
    summary: 'Send a test notification now and tell what became of it',
    role: 'operator',
    tag: 'alerts',
    params: ByName,
    body: Empty,
    response: Type.Object(
      {
        delivered: Type.Boolean(),
        answer: Nullable(Type.String()),
        error: Nullable(Type.String()),
        durationMs: Type.Number(),
      },
      { $id: 'AlertTest' },
    ),
  },

  listSinkTypes: {
    summary: 'Sink types with the schema of their options',
    role: 'viewer',
    tag: 'sinks',
    response: Type.Object({ items: Type.Array(SinkTypeView) }, { $id: 'SinkTypeList' }),
  },
  listSinks: {
    summary: 'Sinks, how far they are and what they forwarded',
    role: 'viewer',
    tag: 'sinks',
    response: Type.Object({ items: Type.Array(Sink) }, { $id: 'SinkList' }),
  },
  getSink: { summary: 'One sink', role: 'viewer', tag: 'sinks', params: ByName, response: Sink, etag: true },
  putSink: {
    summary: 'Create or change a sink; a changed one goes on where it was',
    role: 'editor',
    tag: 'sinks',
    params: ByName,
    body: SinkInput,
    response: Sink,
    ifMatch: 'optional',
    etag: true,
  },
  deleteSink: {
    summary: 'Delete a sink and how far it was',
    role: 'editor',
    tag: 'sinks',
    params: ByName,
    status: 204,
  },
  listSinkRefusals: {
    summary: 'Events that the target of a sink refused for good, newest first',
    role: 'operator',
    tag: 'sinks',
    params: ByName,
    query: object({
      ...PageQuery,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Rows per page' })),
    }),
    response: Page(SinkRefusal),
  },

  getZoneSchedule: {
    summary: 'What a scheduler checks from a zone; If-None-Match answers 304 while nothing has changed',
    role: 'agent',
    tag: 'zones',
    params: ZonePath,
    query: object({
      after: Type.Optional(Uuid('`next` of the page before')),
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 1000, default: 1000, description: 'Monitors per page' }),
      ),
    }),
    response: ZoneSchedule,
    etag: 'content',
  },
  claimZoneLease: {
    summary: 'Ask to be the one that watches from a zone, or prolong it',
    role: 'agent',
    tag: 'zones',
    params: ZonePath,
    body: ZoneLeaseInput,
    response: ZoneLease,
  },
  releaseZoneLease: {
    summary: 'Give the zone back, so that another scheduler need not wait',
    role: 'agent',
    tag: 'zones',
    params: ZonePath,
    query: object({
      holder: ProcessId('Who holds it'),
      epoch: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'As it was given' }),
    }),
    status: 204,
  },
  claimCheckRuns: {
    summary: 'Take checks outside the schedule that somebody asked for; waits when there is none',
    role: 'agent',
    tag: 'zones',
    params: ZonePath,
    body: CheckRunClaim,
    response: ClaimedCheckRuns,
  },
  finishCheckRun: {
    summary: 'Say what a check outside the schedule saw from a zone',
    role: 'agent',
    tag: 'zones',
    params: ZoneRunPath,
    body: CheckRunResult,
    status: 204,
  },
  putProcess: {
    summary: 'Say that a process in a remote zone is there; every few seconds',
    role: 'agent',
    tag: 'zones',
    params: ByProcess,
    body: ProcessInput,
    status: 204,
  },
  deleteProcess: {
    summary: 'Say that a process in a remote zone has ended',
    role: 'agent',
    tag: 'zones',
    params: ByProcess,
    status: 204,
  },

  apply: {
    summary: 'Make objects as described, all or nothing',
    role: 'editor',
    tag: 'objects',
    body: ApplyInput,
    response: ApplyResult,
  },
  exportObjects: {
    summary: 'All objects in the form that apply takes',
    role: 'viewer',
    tag: 'objects',
    query: object({ kind: Type.Optional(Type.String({ maxLength: 40 })) }),
    response: Type.Object({ objects: Type.Array(Type.Record(Type.String(), Type.Unknown())) }, { $id: 'Export' }),
  },
  listChanges: {
    summary: 'Who changed what, newest first',
    role: 'operator',
    tag: 'objects',
    query: object(PageQuery),
    response: Page(ChangeRecord),
  },

  listKeys: {
    summary: 'API keys; never their secrets',
    role: 'admin',
    tag: 'access',
    response: Type.Object({ items: Type.Array(Key) }, { $id: 'KeyList' }),
  },
  createKey: {
    summary: 'Make an API key; the answer shows it once',
    role: 'admin',
    tag: 'access',
    body: KeyInput,
    response: Type.Object(
      { key: Key, secret: Type.String({ description: 'The whole key, shown only here' }) },
      { $id: 'NewKey' },
    ),
    status: 201,
  },
  revokeKey: {
    summary: 'Revoke a key and the sessions opened with it',
    role: 'admin',
    tag: 'access',
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 40, pattern: '^[A-Za-z0-9]+$' }) }),
    status: 204,
  },
  createLoginLink: {
    summary: 'Make a one-time sign-in link for the browser',
    role: 'admin',
    tag: 'access',
    body: object({
      role: Type.Optional(Role),
      expiresIn: Type.Optional(Duration('How long the link works, at most 1h', { default: '10m' })),
    }),
    response: Type.Object({ url: Type.String(), expiresAt: Instant('End of validity') }, { $id: 'LoginLink' }),
    status: 201,
  },
  openSession: {
    summary: 'Exchange the token of a sign-in link, or an API key, for a session cookie',
    role: 'none',
    tag: 'access',
    body: object({
      token: Type.Optional(Type.String({ maxLength: 200 })),
      key: Type.Optional(Type.String({ maxLength: 200 })),
    }),
    response: Session,
  },
  getSession: { summary: 'Who the caller is', role: 'viewer', tag: 'access', response: Session },
  closeSession: { summary: 'Sign out', role: 'none', tag: 'access', status: 204 },
} as const satisfies Record<OperationName, Route>;

export type Routes = typeof routes;

type Part<R, Key extends string> = R extends { readonly [K in Key]: infer S extends TSchema } ? Static<S> : undefined;
/** What an operation takes and answers, for the server and the client alike. */
export type ParamsOf<Name extends OperationName> = Part<Routes[Name], 'params'>;
export type QueryOf<Name extends OperationName> = Part<Routes[Name], 'query'>;
export type BodyOf<Name extends OperationName> = Part<Routes[Name], 'body'>;
export type AnswerOf<Name extends OperationName> = Part<Routes[Name], 'response'>;
