import { type Static, Type } from 'typebox';
import { Instant, Nullable, SlugName, Uuid } from './fields.ts';
import { ProcessFigures } from './processes.ts';
import { Outcome } from './states.ts';

/** What passes between the server and a scheduler in a zone that has no access to the database. */

const definition = {
  name: Type.String(),
  service: Type.String(),
  environment: Type.String(),
  zones: Type.Array(Type.String()),
  type: Type.String({ description: 'Name of the monitor type' }),
  options: Type.Record(Type.String(), Type.Unknown(), {
    description: 'Options of the type. Credentials are names that the settings in the zone resolve',
  }),
  intervalMs: Type.Integer({ description: 'From slot to slot, milliseconds' }),
  timeoutMs: Type.Integer({ description: 'Longest time of one attempt, milliseconds' }),
  retries: Type.Integer(),
  assertions: Type.Array(Type.String()),
};

export type ScheduledMonitor = Static<typeof ScheduledMonitor>;
/** A monitor as a scheduler needs it. */
export const ScheduledMonitor = Type.Object(
  {
    id: Type.String(),
    tenant: Type.String(),
    ...definition,
    version: Type.Integer({ description: 'Rises by one with every change' }),
  },
  { $id: 'ScheduledMonitor' },
);

export type ZoneSchedule = Static<typeof ZoneSchedule>;
export const ZoneSchedule = Type.Object(
  {
    items: Type.Array(ScheduledMonitor, { description: 'By identifier; paused monitors are not among them' }),
    next: Nullable(Type.String({ description: '`after` of the next page; null on the last one' })),
  },
  { $id: 'ZoneSchedule' },
);

/** Name that a process gives itself; others may not use it at the same time. */
export const ProcessId = (description: string) =>
  Type.String({ description, minLength: 1, maxLength: 120, pattern: '^[A-Za-z0-9._-]+$' });

export type ZoneLeaseInput = Static<typeof ZoneLeaseInput>;
export const ZoneLeaseInput = Type.Object(
  {
    holder: ProcessId('Who asks; another name for every start'),
    seconds: Type.Integer({ description: 'How long it holds without being asked for again', minimum: 3, maximum: 60 }),
  },
  { $id: 'ZoneLeaseInput', additionalProperties: false },
);

export type ZoneLease = Static<typeof ZoneLease>;
export const ZoneLease = Type.Object(
  {
    held: Type.Boolean({ description: 'True when the caller is the one that watches from the zone' }),
    epoch: Nullable(Type.Integer({ description: 'Rises with every take-over; null when another one holds it' })),
  },
  { $id: 'ZoneLease' },
);

export type CheckRunClaim = Static<typeof CheckRunClaim>;
export const CheckRunClaim = Type.Object(
  {
    limit: Type.Integer({ description: 'Most runs to take', minimum: 1, maximum: 200 }),
    waitMs: Type.Integer({
      description: 'How long to wait when there is none, milliseconds',
      minimum: 0,
      maximum: 25_000,
    }),
  },
  { $id: 'CheckRunClaim', additionalProperties: false },
);

export type ClaimedCheckRun = Static<typeof ClaimedCheckRun>;
/** A check outside the schedule that a scheduler has taken. */
export const ClaimedCheckRun = Type.Object(
  {
    runId: Type.String(),
    zone: Type.String(),
    monitorId: Nullable(Type.String({ description: 'The monitor; null for one that is not saved' })),
    tenant: Type.String(),
    definition: Type.Object(definition),
  },
  { $id: 'ClaimedCheckRun' },
);

export type ClaimedCheckRuns = Static<typeof ClaimedCheckRuns>;
export const ClaimedCheckRuns = Type.Object(
  {
    items: Type.Array(ClaimedCheckRun),
    monitorsChanged: Type.Boolean({ description: 'A hint: the schedule may have changed while this waited' }),
  },
  { $id: 'ClaimedCheckRuns' },
);

export type CheckRunResult = Static<typeof CheckRunResult>;
export const CheckRunResult = Type.Object(
  {
    outcome: Outcome,
    reason: Nullable(Type.String({ maxLength: 63 })),
    message: Nullable(Type.String({ maxLength: 2000 })),
    values: Type.Record(Type.String({ maxLength: 100 }), Type.Number(), { maxProperties: 200 }),
    attributes: Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 1000 }), { maxProperties: 64 }),
    detail: Nullable(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'CheckRunResult', additionalProperties: false },
);

export type ProcessInput = Static<typeof ProcessInput>;
/** What a process without access to the database tells about itself. */
export const ProcessInput = Type.Object(
  {
    host: Type.String({ description: 'Name of its machine', minLength: 1, maxLength: 200 }),
    pid: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
    version: Type.String({ maxLength: 40 }),
    zones: Type.Array(SlugName('A zone'), { maxItems: 50, uniqueItems: true }),
    startedAt: Instant('When it started'),
    // Another release may know fewer figures, or more: those are left out.
    figures: Type.Partial(Type.Omit(ProcessFigures, ['isRemote', 'leases', 'readers'])),
  },
  { $id: 'ProcessInput', additionalProperties: false },
);

export type EventsAnswer = Static<typeof EventsAnswer>;
/** What became of a message of events; the three add up to its events. */
export const EventsAnswer = Type.Object(
  {
    stored: Type.Integer({ description: 'Committed by this request' }),
    alreadyStored: Type.Integer({
      description: 'Stored by an earlier request: the sequence number or the check slot is known',
    }),
    refused: Type.Array(
      Type.Object({
        index: Type.Integer({ description: 'Place among the events of the message, from 0' }),
        code: Type.String({ description: 'See the error catalogue' }),
        message: Type.String(),
      }),
      { description: 'Refused for good; sending them again does not help' },
    ),
  },
  { $id: 'EventsAnswer' },
);

export type EventFrameAnswer = Static<typeof EventFrameAnswer>;
/** The answer to one frame of the event socket. */
export const EventFrameAnswer = Type.Intersect(
  [
    Type.Object({ frame: Type.Integer({ description: 'Number of the frame within the connection, from 1' }) }),
    Type.Partial(EventsAnswer),
    Type.Object({
      error: Type.Optional(
        Type.Object(
          {
            code: Type.String({ description: 'See the error catalogue' }),
            message: Type.String(),
            retryable: Type.Boolean({ description: 'Whether the same frame may be taken later' }),
          },
          { description: 'Instead of the counts, where the frame was refused as a whole' },
        ),
      ),
    }),
  ],
  { $id: 'EventFrameAnswer' },
);

export const ZonePath = Type.Object({ zone: SlugName('Zone') });
export const ZoneRunPath = Type.Object({ zone: SlugName('Zone'), id: Uuid('The run') });
