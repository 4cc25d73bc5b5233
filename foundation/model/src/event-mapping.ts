import { type Static, Type } from 'typebox';
import type { NewEvent } from './event.ts';
import { eventMessageLimits, largestValue } from './event-message-limits.ts';
import type { Series } from './series.ts';
import { Outcome } from './states.ts';

/**
 * How messages of others become events: a declaration of where in the message each part stands. Places are JSON
 * Pointers (RFC 6901). Identity is not mapped: it is the place of the message in its topic.
 */

const Place = Type.String({
  description: 'JSON Pointer into the message: `/payload/status`',
  pattern: '^(/[^/]*)*$',
  maxLength: 500,
});
const text = (description: string) =>
  Type.Union(
    [
      Type.Object(
        {
          from: Place,
          else: Type.Optional(Type.String({ description: 'What it is where nothing stands there', maxLength: 200 })),
        },
        { additionalProperties: false },
      ),
      Type.Object(
        { text: Type.String({ description: 'The same for all messages', maxLength: 200 }) },
        { additionalProperties: false },
      ),
    ],
    { description },
  );
const texts = (description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { description, maxItems: 100 }));
const attribute = text('An attribute');
type Text = Static<typeof attribute>;
const timeUnits = ['iso', 's', 'ms', 'us', 'ns'] as const;

export type EventMapping = Static<typeof EventMapping>;
export const EventMapping = Type.Object(
  {
    when: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 200 }), {
        description: 'The mapping is for messages that have these texts at these places; for all when left out',
      }),
    ),
    name: text('Name of the event: noun and past verb, `order.placed`'),
    tenant: Type.Optional(Type.String({ description: 'Whose events they are', default: 'default', maxLength: 63 })),
    time: Type.Optional(
      Type.Object(
        {
          from: Place,
          unit: Type.Unsafe<(typeof timeUnits)[number]>(
            Type.Union(
              timeUnits.map((unit) => Type.Literal(unit)),
              {
                description:
                  'iso: RFC 3339; otherwise a number of seconds, milliseconds, microseconds or nanoseconds since 1970',
              },
            ),
          ),
        },
        { additionalProperties: false, description: 'When it happened; when the message was written, if left out' },
      ),
    ),
    environment: Type.Optional(text('What is watched; empty when left out')),
    zone: Type.Optional(text('From where it is watched; empty when left out')),
    host: Type.Optional(text('The host it is about; empty when left out')),
    guest: Type.Optional(text('The guest on that host; empty when left out')),
    service: Type.Optional(text('The service it is about; empty when left out')),
    source: Type.Optional(text('What measured it; empty when left out')),
    attributes: Type.Record(Type.String(), attribute, {
      description: 'Attributes by name',
      maxProperties: eventMessageLimits.attributes,
      default: {},
    }),
    values: Type.Record(
      Type.String(),
      Type.Object(
        {
          from: Place,
          times: Type.Optional(
            Type.Number({ description: 'Factor that changes the unit: seconds to ms is 1000', default: 1 }),
          ),
        },
        { additionalProperties: false },
      ),
      {
        description: 'Values by name, the unit at the end of the name: `durationMs`, `sizeBytes`',
        maxProperties: eventMessageLimits.values,
        default: {},
      },
    ),
    outcome: Type.Optional(
      Type.Object(
        {
          from: Place,
          ok: texts('Texts that mean ok'),
          degraded: texts('Texts that mean degraded'),
          failed: texts('Texts that mean failed'),
          else: Type.Optional(
            Type.Unsafe<Outcome>({ ...Outcome, description: 'What every other text means, and none', default: 'ok' }),
          ),
        },
        { additionalProperties: false, description: 'Which texts mean what; everything is ok when left out' },
      ),
    ),
    reason: Type.Optional(text('Why the outcome is not ok: an error class, at most 63 characters')),
  },
  { additionalProperties: false, description: 'Where in a message of others the parts of an event stand' },
);

/** Whether a mapping is meant for a message. */
export function isMappingFor({ when = {} }: EventMapping, message: unknown): boolean {
  return Object.entries(when).every(([place, text]) => textOf(valueAt(message, place)) === text);
}

/** The event that a mapping makes of a message, or what is wrong. `writtenMs`: when the message was written. */
export function mapEvent(mapping: EventMapping, message: unknown, writtenMs: number): NewEvent | string {
  const missing: string[] = [];
  const text = (given: Text | undefined) => {
    if (given === undefined) return '';
    if ('text' in given) return given.text;
    const found = textOf(valueAt(message, given.from)) ?? given.else;
    if (found === undefined) missing.push(given.from);
    return (found ?? '').slice(0, eventMessageLimits.text);
  };
  const timeUs = timeOf(mapping, message, writtenMs);
  if (typeof timeUs === 'string') return timeUs;
  const values: (number | null)[] = [];
  for (const [name, { from, times = 1 }] of Object.entries(mapping.values)) {
    const found = valueAt(message, from);
    const number = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
    if (
      found !== undefined &&
      found !== null &&
      !(typeof number === 'number' && Math.abs(number * times) <= largestValue)
    )
      return `${from} (value ${name}) is not a number`;
    values.push(typeof number === 'number' ? number * times : null);
  }
  const series: Series = {
    tenant: mapping.tenant ?? 'default',
    ...{ environment: text(mapping.environment), zone: text(mapping.zone), host: text(mapping.host) },
    ...{ guest: text(mapping.guest), service: text(mapping.service), source: text(mapping.source) },
    name: text(mapping.name),
    attributes: Object.fromEntries(Object.entries(mapping.attributes).map(([name, given]) => [name, text(given)])),
    valueNames: Object.keys(mapping.values),
  };
  const outcome = outcomeOf(mapping, message);
  const reason = outcome === 'ok' ? '' : text(mapping.reason).slice(0, 63);
  if (missing.length > 0) return `there is no text at ${missing.join(', ')}`;
  if (series.name === '') return 'the name is empty';
  return { series, timeUs, outcome, values, ...(reason === '' ? {} : { reason }) };
}

function timeOf({ time }: EventMapping, message: unknown, writtenMs: number): number | string {
  if (time === undefined) return Math.round(writtenMs * 1000);
  const found = valueAt(message, time.from);
  const microseconds =
    time.unit === 'iso'
      ? Date.parse(String(found)) * 1000
      : Number(found) * { s: 1_000_000, ms: 1000, us: 1, ns: 0.001 }[time.unit];
  const timeUs = Math.round(microseconds);
  // PostgreSQL and JavaScript both know these years: 1970 to 2200.
  if (Number.isSafeInteger(timeUs) && timeUs >= 0 && timeUs < 7_258_118_400_000_000) return timeUs;
  return `${time.from} is no instant (${time.unit})`;
}

function outcomeOf({ outcome }: EventMapping, message: unknown): Outcome {
  if (outcome === undefined) return 'ok';
  const found = textOf(valueAt(message, outcome.from)) ?? '';
  if (outcome.ok?.includes(found)) return 'ok';
  if (outcome.degraded?.includes(found)) return 'degraded';
  if (outcome.failed?.includes(found)) return 'failed';
  return outcome.else ?? 'ok';
}

/** What stands at a JSON Pointer; undefined where nothing does. */
function valueAt(message: unknown, place: string): unknown {
  let found: unknown = message;
  for (const step of place.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}
