import { type Static, Type } from 'typebox';
import type { Delivery } from './delivery.ts';
import type { Series } from './series.ts';
import { Outcome } from './states.ts';

/** One observation on its way into the log. */
export interface NewEvent {
  readonly series: Series;
  /** When it happened: microseconds since 1970-01-01 UTC, an integer. */
  readonly timeUs: number;
  /** Nanoseconds beyond `timeUs`, 0 to 999. */
  readonly timeNs?: number;
  readonly outcome: Outcome;
  /** An error class; only where the outcome is not `ok`. */
  readonly reason?: string;
  /** One number of at most `largestValue`, or null for "not measured", per name in `series.valueNames`. */
  readonly values: readonly (number | null)[];
  /** Seldom: text, booleans, large integers, hops of a redirect, messages. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** The check's slot: makes a monitor's result unique, whichever scheduler sent it. */
  readonly slot?: CheckSlot;
}

/** Identity of one attempt of one scheduled check. */
export interface CheckSlot {
  readonly monitorId: string;
  readonly zone: string;
  /** Start of the slot on the absolute grid, milliseconds since 1970-01-01 UTC. */
  readonly slotMs: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** Events of one producer, in order. Event i has sequence number `firstSeq + i`. */
export interface EventBatch {
  readonly producer: string;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly events: readonly NewEvent[];
  /** Where it came from a client without identity that may send it again. */
  readonly delivery?: Delivery;
}

/** An event as read back from the log. */
export interface LoggedEvent extends NewEvent {
  readonly partition: number;
  /** Gapless within the partition, from 1. */
  readonly offset: number;
  /** When the log took it: microseconds since 1970-01-01 UTC; never falls within a partition. */
  readonly receivedUs: number;
  readonly producerId: number;
  readonly epoch: number;
  readonly seq: number;
}

/** An event as the API shows it. */
export type EventView = Static<typeof EventView>;
export const EventView = Type.Object(
  {
    id: Type.String({ description: 'Partition and offset in the log, `3-1204`' }),
    time: Type.String({ description: 'When it happened, RFC 3339, UTC' }),
    receivedAt: Type.String({ description: 'When the log took it, RFC 3339, UTC' }),
    name: Type.String(),
    tenant: Type.String(),
    environment: Type.String(),
    zone: Type.String(),
    host: Type.String(),
    guest: Type.String(),
    service: Type.String(),
    source: Type.String({ description: 'Identifier of the monitor or other source' }),
    attributes: Type.Record(Type.String(), Type.String()),
    outcome: Outcome,
    reason: Type.Union([Type.String(), Type.Null()]),
    values: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()]), {
      description: 'Numbers by name; the unit is the end of the name; null is not measured',
    }),
    detail: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  },
  { $id: 'Event' },
);
