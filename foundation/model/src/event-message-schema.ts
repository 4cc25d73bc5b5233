import { type Static, Type } from 'typebox';
import { longestDeliveryMs } from './delivery.ts';
import { eventMessageLimits, eventMessageVersion } from './event-message-limits.ts';
import { Nullable } from './fields.ts';
import { Outcome } from './states.ts';

const text = (description: string) => Type.String({ description, maxLength: eventMessageLimits.text });

export const SeriesMessage = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({
        description: 'Who owns it; `default` when left out. Over HTTP it is always the tenant of the key',
      }),
    ),
    environment: Type.Optional(text('What is watched; empty when left out')),
    zone: Type.Optional(text('From where it is watched; empty when left out')),
    host: Type.Optional(text('Empty when left out')),
    guest: Type.Optional(text('Empty when left out')),
    service: Type.Optional(text('What users call the thing; empty when left out')),
    name: Type.String({
      description: 'Noun and past verb: `monitor.checked`',
      minLength: 1,
      maxLength: eventMessageLimits.text,
    }),
    source: Type.Optional(text('What made the observation, such as the identifier of a monitor; empty when left out')),
    attributes: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: eventMessageLimits.attributeText }), {
        description: 'Text that repeats; none when left out',
        maxProperties: eventMessageLimits.attributes,
      }),
    ),
    valueNames: Type.Array(Type.String({ minLength: 1, maxLength: eventMessageLimits.text }), {
      description: 'Names of the values, the unit at the end: `durationMs`',
      maxItems: eventMessageLimits.values,
      uniqueItems: true,
    }),
  },
  { description: 'What repeats in events' },
);

export const EventInMessage = Type.Object(
  {
    series: Type.Integer({ description: 'Place in `series`, from 0', minimum: 0 }),
    timeUs: Type.Integer({
      description: 'When it happened: microseconds since 1970-01-01 UTC, at most a day in the future',
      minimum: 0,
    }),
    timeNs: Type.Optional(Type.Integer({ description: 'Nanoseconds beyond `timeUs`', minimum: 0, maximum: 999 })),
    outcome: Outcome,
    reason: Type.Optional(
      Type.String({ description: 'An error class, where the outcome is not ok', minLength: 1, maxLength: 63 }),
    ),
    values: Type.Array(Nullable(Type.Number()), {
      description: 'One number per name in `valueNames` of the series, at most 1e290 either way; null is not measured',
    }),
    detail: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: `Seldom: text, booleans, large integers, messages; at most ${eventMessageLimits.detailDepth} deep`,
      }),
    ),
    slot: Type.Optional(
      Type.Object(
        {
          slotMs: Type.Integer({ description: 'Start of the slot, milliseconds since 1970-01-01 UTC', minimum: 0 }),
          attempt: Type.Integer({ description: '1 for the first attempt', minimum: 1, maximum: 100 }),
          monitorId: Type.Optional(
            Type.String({ description: 'The monitor; `source` of the series when left out', format: 'uuid' }),
          ),
          zone: Type.Optional(Type.String({ description: 'The zone; `zone` of the series when left out' })),
        },
        {
          description:
            'Slot of a scheduled check: its result counts once, whoever sends it. Over HTTP it needs a key with the role `agent`',
        },
      ),
    ),
  },
  { description: 'One event; event i has the sequence number `firstSeq + i`' },
);

export type EventMessage = Static<typeof EventMessage>;
export const EventMessage = Type.Object(
  {
    version: Type.Literal(eventMessageVersion, { description: 'Of this format' }),
    producer: Type.String({
      description: 'Who sends; nobody else may use the name at the same time',
      minLength: 1,
      maxLength: eventMessageLimits.text,
    }),
    epoch: Type.Integer({
      description: 'Number of the start of the producer; a higher one fences the lower',
      minimum: 1,
    }),
    firstSeq: Type.Integer({
      description:
        'Sequence number of the first event. Numbers rise within an epoch; what is not newer than what is stored counts as stored already',
      minimum: 1,
    }),
    delivery: Type.Optional(
      Type.Object(
        {
          id: Type.String({ description: 'Its name', minLength: 1, maxLength: eventMessageLimits.text }),
          withinMs: Type.Integer({
            description: 'How long the name is remembered, milliseconds',
            minimum: 1,
            maximum: longestDeliveryMs,
          }),
        },
        {
          description:
            'Set by Watchkeeper on what came from a client without identity: of messages with one name the first is stored. Over HTTP it is ignored',
        },
      ),
    ),
    series: Type.Array(SeriesMessage, { maxItems: eventMessageLimits.events }),
    events: Type.Array(EventInMessage, { maxItems: eventMessageLimits.events }),
  },
  { $id: 'EventMessage' },
);
