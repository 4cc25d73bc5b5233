import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { Instant, Nullable } from './fields.ts';

const count = (description: string) => Type.Integer({ description, minimum: 0, maximum: 1e15 });
const words = { maxLength: 500 };

export type ProcessFigures = Static<typeof ProcessFigures>;
/** What a process tells about itself every five seconds. Null: it has no such part, or nothing was measured yet. */
export const ProcessFigures = Type.Object({
  isRemote: Type.Boolean({ description: 'Works without the database, over HTTP' }),
  leases: Type.Array(Type.String(), { description: 'Leases it held when it last told' }),
  readers: Type.Array(Type.Object({ reader: Type.String(), partitions: Type.Array(Type.Integer({ minimum: 0 })) }), {
    description: 'Partitions of the log that each of its readers reads',
  }),
  listeners: Type.Array(
    Type.Object({
      name: Type.String(words),
      places: Type.Array(Type.String(words), { description: 'Where it listens now: `udp 127.0.0.1:8125`' }),
      lines: count('Metrics and lines that were understood, since its start'),
      unreadable: count('Metrics and lines that were not'),
      lost: count('Datagrams that the system dropped since nobody read them in time'),
      refused: count('Events that the log refused, and metrics of names beyond what one flush holds'),
      dropped: count('Events dropped while the log was away'),
    }),
    { description: 'Its listeners for what others send; since its start' },
  ),
  checks: Nullable(count('Final results of checks since its start')),
  latenessP99Ms: Nullable(Type.Number({ description: '99th percentile of how late checks start, milliseconds' })),
  dropped: count('Events dropped since its start'),
  waitingEvents: count('Events not stored yet'),
  waitingMessages: Nullable(count('Messages of a log outside of the database that it has still to store')),
  rssBytes: count('Memory it has'),
  loopDelayP99Ms: Nullable(
    Type.Number({ description: '99th percentile of the delay of its event loop since the time before, milliseconds' }),
  ),
  cpuRatio: Nullable(Type.Number({ description: 'Share of one core since the time before; above 1 on several cores' })),
  buffer: Nullable(
    Type.Object(
      {
        backlog: count('Events that wait behind live ones, since the server was away when they were seen'),
        bytes: count('Bytes of the buffer'),
        refused: count('Events that the server refused for good, since its start'),
        quarantined: count('Damaged pieces of the buffer that were put aside, since its start'),
        diskError: Nullable(Type.String({ description: 'Why the disk takes no events now', ...words })),
      },
      { description: 'The buffer on disk of a remote process' },
    ),
  ),
  lastError: Nullable(Type.Object({ message: Type.String(words), at: Instant('When it happened') })),
});

/** What is known of a process that has said nothing yet. */
export const noProcessFigures: ProcessFigures = {
  ...{
    isRemote: false,
    leases: [],
    readers: [],
    listeners: [],
    checks: null,
    latenessP99Ms: null,
    dropped: 0,
    waitingEvents: 0,
  },
  ...{ rssBytes: 0, loopDelayP99Ms: null, cpuRatio: null, buffer: null, waitingMessages: null, lastError: null },
};

/** Figures as another release may have written them: what is not understood counts as not told. */
export function processFiguresOf(value: unknown): ProcessFigures {
  const told = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const known = Object.entries(ProcessFigures.properties).filter(([name, schema]) => Check(schema, told[name]));
  return { ...noProcessFigures, ...Object.fromEntries(known.map(([name]) => [name, told[name]])) };
}

export type ProcessView = Static<typeof ProcessView>;
export const ProcessView = Type.Object({
  id: Type.String({ description: 'Host, process id and a few letters by chance' }),
  host: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
  roles: Type.Array(Type.String()),
  zones: Type.Array(Type.String(), { description: 'Zones it may watch from' }),
  startedAt: Instant('When it started'),
  seenAt: Instant('When it last told that it is there'),
  state: Type.Union([Type.Literal('running'), Type.Literal('silent')], {
    description:
      'Silent after 11 s without a word; a process that ends in order is gone at once, a silent one in a day',
  }),
  isRemote: Type.Boolean({ description: 'Works without the database, over HTTP' }),
  figures: ProcessFigures,
  leases: Type.Array(Type.String(), { description: 'Leases that it holds now' }),
  replacedBy: Type.Array(
    Type.Object({
      process: Type.String({ description: 'Identifier of a process' }),
      leases: Type.Array(Type.String()),
    }),
    {
      description:
        'Silent processes: who does now what it did. Leases move on when processes come and go, so this may change',
    },
  ),
  abandoned: Type.Array(Type.String(), { description: 'Silent processes: what it held and nobody holds now' }),
});

export type LeaseView = Static<typeof LeaseView>;
export const LeaseView = Type.Object({
  name: Type.String({ description: '`processor/3`, `health-sweep`, `scheduler/frankfurt`, `maintenance`' }),
  holder: Nullable(Type.String({ description: 'Identifier of the process that holds it; null when nobody does' })),
  lastHolder: Type.String({ description: 'Who holds it or held it last' }),
  until: Instant('When it runs out or ran out'),
});

export type ReaderView = Static<typeof ReaderView>;
/** One reader of the log in one partition. */
export const ReaderView = Type.Object({
  reader: Type.String({ description: '`processor`, `health`' }),
  partition: Type.Integer(),
  holder: Nullable(Type.String({ description: 'Identifier of the process that reads it; null when nobody does' })),
  unheldSince: Nullable(Instant('Since when nobody reads it; null while somebody does, and when nobody ever did')),
  lagEvents: Nullable(count('Events of the partition whose effects are not saved yet')),
  lagMs: Nullable(Type.Number({ description: 'Age of the oldest of them, milliseconds; 0 when there are none' })),
});

export type ProcessList = Static<typeof ProcessList>;
export const ProcessList = Type.Object(
  {
    at: Instant('The time of the database when it was read'),
    backAt: Nullable(
      Instant(
        'When the database was reached again after it was away, for 11 s from then on: until everybody has told of itself again, nobody counts as silent',
      ),
    ),
    items: Type.Array(ProcessView, { description: 'Running ones first' }),
    leases: Type.Array(LeaseView, { description: 'Held now, or within the last day' }),
    readers: Type.Array(ReaderView),
  },
  { $id: 'ProcessList' },
);
