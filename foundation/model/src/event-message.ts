import { type Delivery, longestDeliveryMs, partOfDelivery } from './delivery.ts';
import type { ErrorCode } from './errors.ts';
import type { CheckSlot, EventBatch, NewEvent } from './event.ts';
import { eventMessageLimits, eventMessageVersion, largestValue } from './event-message-limits.ts';
import type { EventMessage } from './event-message-schema.ts';
import { canonicalSeries, type Series } from './series.ts';
import { type Outcome, outcomes } from './state-names.ts';

/** Why an event, or the whole message, cannot be taken. */
export interface EventMessageProblem {
  /** Place among the events of the message; null when nothing of the message can be used. */
  readonly index: number | null;
  readonly code: Extract<ErrorCode, 'validation_failed'>;
  /** JSON Pointer (RFC 6901) into the message. */
  readonly pointer: string;
  readonly message: string;
}

export interface DecodedEventMessage {
  /**
   * The good events under the sequence numbers that they have in the message: one batch, and one more for every gap
   * that bad events leave. In order; empty when the message cannot be used.
   */
  readonly batches: readonly EventBatch[];
  readonly problems: readonly EventMessageProblem[];
}

export function encodeEventMessage({ producer, epoch, firstSeq, events, delivery }: EventBatch): EventMessage {
  const places = new Map<Series, number>();
  const placesByText = new Map<string, number>();
  const series: Series[] = [];
  return {
    version: eventMessageVersion,
    producer,
    epoch,
    firstSeq,
    ...(delivery === undefined ? {} : { delivery }),
    series: series as EventMessage['series'],
    events: events.map((event) => {
      let place = places.get(event.series);
      if (place === undefined) {
        const canonical = canonicalSeries(event.series);
        place = placesByText.get(canonical) ?? series.push(event.series) - 1;
        placesByText.set(canonical, place);
        places.set(event.series, place);
      }
      return eventInMessage(event, place);
    }),
  };
}

function eventInMessage(event: NewEvent, place: number): EventMessage['events'][number] {
  const { series, timeUs, timeNs, outcome, reason, values, detail, slot } = event;
  const written: EventMessage['events'][number] = {
    series: place,
    timeUs,
    outcome,
    values: values as (number | null)[],
  };
  if (timeNs !== undefined) written.timeNs = timeNs;
  if (reason !== undefined) written.reason = reason;
  if (detail !== undefined) written.detail = detail;
  if (slot !== undefined) {
    written.slot = { slotMs: slot.slotMs, attempt: slot.attempt };
    if (slot.monitorId !== series.source) written.slot.monitorId = slot.monitorId;
    if (slot.zone !== series.zone) written.slot.zone = slot.zone;
  }
  return written;
}

/** What the border where a message arrives knows better than its sender. */
export interface DecodeOptions {
  /** Over HTTP the key decides whose the events are. */
  readonly tenant?: string;
  /** The name under which the producer stands. */
  readonly producer?: (given: string) => string;
  /** Whether the sender may report scheduled checks (events with a slot). Default true. */
  readonly mayReportChecks?: boolean;
  /** Whether the sender may name deliveries. Default true. */
  readonly mayNameDeliveries?: boolean;
  /** Time of the border, milliseconds since 1970-01-01 UTC: events and slots of more than a day later are refused. */
  readonly nowMs?: number;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a message that came from outside, already parsed from JSON. Never throws for what stands in it: a bad event
 * is left out and told by its place, and the others keep their sequence numbers. Text may hold what the database
 * cannot (NUL, half a surrogate pair); the log replaces it as it stores.
 *
 * Checks are written by hand: a schema validator per event costs several times the decoding itself.
 */
export function decodeEventMessage(value: unknown, over: DecodeOptions = {}): DecodedEventMessage {
  const whole = wholeProblem(value);
  if (whole !== undefined) {
    const [pointer, message] = whole;
    return { batches: [], problems: [{ index: null, code: 'validation_failed', pointer, message }] };
  }
  const { producer, epoch, firstSeq, series, events } = value as EventMessage;
  const name = over.producer?.(producer) ?? producer;
  if (name.length > eventMessageLimits.text) {
    const message = `is too long: "${name.slice(0, name.length - producer.length)}" is put before it`;
    return { batches: [], problems: [{ index: null, code: 'validation_failed', pointer: '/producer', message }] };
  }
  const bounds: EventBounds = {
    series: series.map((given) => readSeries(given, over.tenant)),
    latestUs: over.nowMs === undefined ? latestUs : Math.min(latestUs, (over.nowMs + dayMs) * 1000),
    mayReportChecks: over.mayReportChecks ?? true,
  };
  const delivery = over.mayNameDeliveries === false ? undefined : readDelivery((value as Json).delivery);
  const problems: EventMessageProblem[] = [];
  const batches: EventBatch[] = [];
  let run: NewEvent[] = [];
  let runSeq = firstSeq;
  const endRun = (nextSeq: number) => {
    const start = runSeq - firstSeq;
    const own = delivery && partOfDelivery(delivery, { start, end: start + run.length, of: events.length });
    const named = own === undefined ? {} : { delivery: own };
    if (run.length > 0) batches.push({ producer: name, epoch, firstSeq: runSeq, events: run, ...named });
    run = [];
    runSeq = nextSeq;
  };
  for (let index = 0; index < events.length; index++) {
    const event = readEvent(events[index], bounds);
    if (typeof event !== 'string') {
      run.push(event);
      continue;
    }
    problems.push({ index, code: 'validation_failed', pointer: `/events/${index}`, message: event });
    endRun(firstSeq + index + 1);
  }
  endRun(firstSeq + events.length);
  return { batches, problems };
}

/** What makes the whole message useless: where, and why. */
function wholeProblem(value: unknown): readonly [pointer: string, message: string] | undefined {
  if (!isObject(value)) return ['', 'must be an object'];
  const { version, producer, epoch, firstSeq, series, events } = value;
  if (version !== eventMessageVersion) return ['/version', `must be ${eventMessageVersion}`];
  if (!isText(producer) || producer === '') return ['/producer', `must be text of 1 to ${eventMessageLimits.text}`];
  if (!producer.isWellFormed() || producer.includes('\0'))
    return ['/producer', 'must not hold NUL or half a surrogate pair'];
  if (!isWhole(epoch) || epoch < 1) return ['/epoch', 'must be a whole number from 1'];
  if (!isWhole(firstSeq) || firstSeq < 1) return ['/firstSeq', 'must be a whole number from 1'];
  const most = eventMessageLimits.events;
  if (!Array.isArray(series) || series.length > most) return ['/series', `must be a list of at most ${most}`];
  if (!Array.isArray(events) || events.length > most) return ['/events', `must be a list of at most ${most}`];
  if (!Number.isSafeInteger(firstSeq + events.length)) return ['/firstSeq', 'is too large'];
  return undefined;
}

const slugPattern = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const outcomeNames: ReadonlySet<unknown> = new Set(outcomes);
/** Latest instant that is taken, the year 2200: microseconds beyond 2^53 cannot be told apart. */
const latestUs = 7_258_118_400_000_000;
const dayMs = 86_400_000;

/** What the events of one message may be. */
interface EventBounds {
  /** Each a series, or what is wrong with it. */
  readonly series: readonly (Series | string)[];
  readonly latestUs: number;
  readonly mayReportChecks: boolean;
}

/** Undefined where there is none that can be kept; then each batch counts as it is. */
function readDelivery(given: unknown): Delivery | undefined {
  if (!isObject(given)) return undefined;
  const { id, withinMs } = given;
  const isKept = isText(id) && id !== '' && id.isWellFormed() && !id.includes('\0');
  const isBounded = isWhole(withinMs) && withinMs >= 1 && withinMs <= longestDeliveryMs;
  return isKept && isBounded ? { id, withinMs } : undefined;
}

/** A series, or what is wrong with it. */
function readSeries(given: unknown, forcedTenant: string | undefined): Series | string {
  if (!isObject(given)) return 'must be an object';
  const tenant = forcedTenant ?? given.tenant ?? 'default';
  const { environment = '', zone = '', host = '', guest = '', service = '', name, source = '' } = given;
  const { attributes = {}, valueNames } = given;
  if (typeof tenant !== 'string' || !slugPattern.test(tenant)) return 'tenant must be the name of a tenant';
  if (!isText(name) || name === '') return `name must be text of 1 to ${eventMessageLimits.text}`;
  if (!isText(environment) || !isText(zone) || !isText(host) || !isText(guest) || !isText(service) || !isText(source))
    return `environment, zone, host, guest, service and source must be text of at most ${eventMessageLimits.text}`;
  if (!isAttributes(attributes))
    return `attributes must be at most ${eventMessageLimits.attributes} texts of at most ${eventMessageLimits.attributeText}`;
  if (!isValueNames(valueNames))
    return `valueNames must be a list of at most ${eventMessageLimits.values} different names`;
  return { tenant, environment, zone, host, guest, service, name, source, attributes, valueNames };
}

/** An event, or what is wrong with it. */
function readEvent(given: unknown, bounds: EventBounds): NewEvent | string {
  if (!isObject(given)) return 'must be an object';
  const { timeUs, timeNs, outcome, reason, values, detail, slot } = given;
  const series = typeof given.series === 'number' ? bounds.series[given.series] : undefined;
  if (series === undefined) return 'series must be a place in the list of series';
  if (typeof series === 'string') return `series ${given.series}: ${series}`;
  if (!isWhole(timeUs)) return 'timeUs must be microseconds since 1970, a whole number';
  if (timeUs > bounds.latestUs) return 'timeUs lies too far in the future';
  if (!outcomeNames.has(outcome)) return `outcome must be one of ${outcomes.join(', ')}`;
  if (!Array.isArray(values) || values.length !== series.valueNames.length)
    return `values must be a list of ${series.valueNames.length}, one per name in valueNames`;
  for (let place = 0; place < values.length; place++) {
    const number = values[place];
    if (number !== null && !(typeof number === 'number' && Math.abs(number) <= largestValue))
      return `value ${place} must be null or a number, at most ${largestValue} either way`;
  }
  const event: Mutable<NewEvent> = { series, timeUs, outcome: outcome as Outcome, values };
  if (timeNs !== undefined) {
    if (!isWhole(timeNs) || timeNs > 999) return 'timeNs must be 0 to 999';
    event.timeNs = timeNs;
  }
  if (reason !== undefined) {
    if (typeof reason !== 'string' || reason === '' || reason.length > 63) return 'reason must be text of 1 to 63';
    event.reason = reason;
  }
  if (detail !== undefined) {
    if (!isObject(detail)) return 'detail must be an object';
    if (isDeeper(detail, eventMessageLimits.detailDepth))
      return `detail must not be nested more than ${eventMessageLimits.detailDepth} deep`;
    event.detail = detail;
  }
  if (slot !== undefined) {
    if (!bounds.mayReportChecks) return 'slot: results of scheduled checks need a key with the role agent';
    const read = readSlot(slot, series, bounds.latestUs);
    if (typeof read === 'string') return read;
    event.slot = read;
  }
  return event;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function readSlot(given: unknown, series: Series, untilUs: number): CheckSlot | string {
  if (!isObject(given)) return 'slot must be an object';
  const { slotMs, attempt, monitorId = series.source, zone = series.zone } = given;
  if (!isWhole(slotMs)) return 'slot.slotMs must be milliseconds since 1970, a whole number';
  if (slotMs > untilUs / 1000) return 'slot.slotMs lies too far in the future';
  if (!isWhole(attempt) || attempt < 1 || attempt > 100) return 'slot.attempt must be 1 to 100';
  if (typeof monitorId !== 'string' || !uuidPattern.test(monitorId))
    return 'slot.monitorId, or else the source of the series, must be a UUID in lower case';
  if (typeof zone !== 'string' || !slugPattern.test(zone))
    return 'slot.zone, or else the zone of the series, must be the name of a zone';
  return { monitorId, zone, slotMs, attempt };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= eventMessageLimits.text;
}

/** A whole number from 0 that a double holds exactly. */
function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isAttributes(value: unknown): value is Record<string, string> {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= eventMessageLimits.attributes &&
    entries.every(
      ([key, entry]) => isText(key) && typeof entry === 'string' && entry.length <= eventMessageLimits.attributeText,
    )
  );
}

function isValueNames(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= eventMessageLimits.values &&
    value.every((name) => isText(name) && name !== '') &&
    new Set(value).size === value.length
  );
}

/** Whether something is nested deeper than so many levels. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeper((value as Json)[key], levels - 1)) return true;
  return false;
}
