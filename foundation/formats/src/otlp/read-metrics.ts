import { isUtf8 } from 'node:buffer';
import { eventMessageLimits, type NewEvent, type Series } from '@watchkeeper/model';
import { beginningOfJson } from '../beginning-of-json.ts';
import { decodeProtobuf } from '../protobuf/decode.ts';
import { metricsRequest } from './messages.ts';
import { isObject, isStorable, type OtlpAttributes, readAttributes } from './read-attributes.ts';
import { type OtlpKind, type OtlpShape, readMeasured, wholeOf } from './read-point.ts';

/** A point, or what stands around points, that cannot be taken. */
export interface OtlpRejection {
  /** Where it stands: `resourceMetrics[0].scopeMetrics[0].metrics[2] (cpu.time), point 3`. */
  readonly place: string;
  readonly reason: string;
  /** Points that are lost with it. */
  readonly points: number;
  /** How it looks, in JSON; only its beginning. */
  readonly text: string;
}

export interface OtlpReadOptions {
  readonly tenant: string;
  /** Time of points that have none; those of more than a day later are rejected. Microseconds since 1970-01-01 UTC. */
  readonly receivedUs: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Rejections of one request that are told; the others are counted. */
const toldRejections = 1000;
const dayUs = 86_400_000_000;
const kinds: readonly OtlpKind[] = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];

/** Units (UCUM) that names of values say at their end; every other one becomes the attribute `unit`. */
const unitSuffixes: Readonly<Record<string, string>> = {
  ...{ ns: 'Ns', us: 'Us', ms: 'Ms', s: 'Seconds', min: 'Minutes', h: 'Hours', d: 'Days' },
  ...{ By: 'Bytes', KiBy: 'Kib', MiBy: 'Mib', GiBy: 'Gib', bit: 'Bits', '%': 'Percent' },
  ...{ Cel: 'Celsius', Hz: 'Hertz', V: 'Volts', A: 'Amperes', W: 'Watts', J: 'Joules', m: 'Meters' },
};

/** Where fields of a series are looked for, the first that is there. What gives one is no attribute any more. */
const ownFields = {
  environment: ['environment', 'deployment.environment.name', 'deployment.environment'],
  zone: ['zone'],
  host: ['host', 'host.name'],
  guest: ['guest', 'container.name'],
  service: ['service', 'service.name'],
} as const;

/** An ExportMetricsServiceRequest as it stands in JSON. @throws SyntaxError, RangeError */
export function parseOtlpJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new RangeError('the body is not UTF-8');
  return JSON.parse(body.toString('utf8'));
}

/** The same from Protocol Buffers, in the form that JSON has. @throws RangeError */
export function parseOtlpProtobuf(body: Buffer): unknown {
  return decodeProtobuf(body, metricsRequest);
}

/** Metrics on their way to events: one event per point. */
export class OtlpReading {
  /** Of the good points, in order. */
  readonly events: NewEvent[] = [];
  /** The first rejections. */
  readonly rejections: OtlpRejection[] = [];
  rejectedPoints = 0;
  /** Whether each good point so far had a time of its own. */
  isTimed = true;

  readonly #options: OtlpReadOptions;
  readonly #points: Generator<void>;

  /** @param request as `parseOtlpJson` and `parseOtlpProtobuf` give it */
  constructor(request: unknown, options: OtlpReadOptions) {
    this.#options = options;
    this.#points = this.#read(request);
  }

  /** Reads so many points more; false when there are no others. */
  read(points: number): boolean {
    for (let left = points; left > 0; left--) if (this.#points.next().done) return false;
    return true;
  }

  *#read(request: unknown): Generator<void> {
    for (const [at, resource, path] of this.#each(request, 'resourceMetrics', '')) {
      const given = isObject(resource.resource) ? resource.resource.attributes : undefined;
      const attributes = readAttributes(given);
      if (typeof attributes === 'string') {
        this.#reject(path, `resource: ${attributes}`, pointsWithin(resource), given);
        continue;
      }
      for (const [, scoped, scopePath] of this.#each(resource, 'scopeMetrics', `resourceMetrics[${at}].`)) {
        const scope = scopeAttributes(scoped.scope);
        if (typeof scope === 'string') {
          this.#reject(scopePath, `scope: ${scope}`, pointsWithin(scoped), scoped.scope);
          continue;
        }
        for (const [, metric, metricPath] of this.#each(scoped, 'metrics', `${scopePath}.`))
          yield* this.#metric(metric, metricPath, { ...attributes, ...scope });
      }
    }
  }

  /** Objects of a list, their place and their path. */
  *#each(parent: unknown, name: string, before: string): Generator<[number, Json, string]> {
    const list = isObject(parent) ? (parent[name] ?? []) : undefined;
    if (!Array.isArray(list)) {
      this.#reject(`${before}${name}`, 'must be a list', 1, list);
      return;
    }
    for (const [at, one] of list.entries()) {
      const path = `${before}${name}[${at}]`;
      if (isObject(one)) yield [at, one, path];
      else this.#reject(path, 'must be an object', 1, one);
    }
  }

  *#metric(metric: Json, path: string, around: OtlpAttributes): Generator<void> {
    const { name, unit } = metric;
    const found = nameAndShape(metric);
    const kind = kinds.find((one) => metric[one] !== undefined);
    const place = typeof name === 'string' && name !== '' ? `${path} (${name.slice(0, 100)})` : path;
    if (typeof found === 'string') {
      this.#reject(place, found, pointsWithin(metric), metric);
      return;
    }
    const points = (metric[kind as OtlpKind] as Json).dataPoints ?? [];
    if (!Array.isArray(points)) {
      this.#reject(place, 'dataPoints must be a list', 1, points);
      return;
    }
    const isToldByUnit = found.suffix === '' && typeof unit === 'string' && !/^(1|\{.*\}|)$/.test(unit);
    const attributes = isToldByUnit ? { ...around, unit } : around;
    for (const [at, point] of points.entries()) {
      const event = isObject(point) ? this.#event(name as string, point, found, attributes) : 'must be an object';
      if (typeof event === 'string') this.#reject(`${place}, point ${at}`, event, 1, point);
      else this.events.push(event);
      yield;
    }
  }

  /** The event of a point, or what is wrong with it. */
  #event(name: string, point: Json, shape: OtlpShape, around: OtlpAttributes): NewEvent | string {
    const own = readAttributes(point.attributes);
    if (typeof own === 'string') return own;
    const measured = readMeasured(point, shape);
    if (typeof measured === 'string') return measured;
    const time = this.#timeOf(point.timeUnixNano);
    if (typeof time === 'string') return time;
    if (measured.names.length > eventMessageLimits.values) return `more than ${eventMessageLimits.values} values`;
    const series = seriesOf(name, { ...around, ...own }, measured.names, this.#options.tenant);
    if (typeof series === 'string') return series;
    const { values, detail } = measured;
    return { series, ...time, outcome: 'ok', values, ...(detail === undefined ? {} : { detail }) };
  }

  #timeOf(given: unknown): { timeUs: number; timeNs?: number } | string {
    const { receivedUs } = this.#options;
    const ns = wholeOf(given ?? 0);
    if (ns === undefined || ns < 0n) return 'timeUnixNano must be nanoseconds since 1970, a whole number';
    if (ns === 0n) {
      this.isTimed = false;
      return { timeUs: receivedUs };
    }
    const timeUs = Number(ns / 1000n);
    if (timeUs > receivedUs + dayUs) return 'timeUnixNano lies more than a day in the future';
    const timeNs = Number(ns % 1000n);
    return timeNs === 0 ? { timeUs } : { timeUs, timeNs };
  }

  #reject(place: string, reason: string, points: number, what: unknown): void {
    this.rejectedPoints += points;
    if (this.rejections.length >= toldRejections) return;
    this.rejections.push({ place, reason, points, text: beginningOfJson(what) });
  }
}

function nameAndShape(metric: Json): OtlpShape | string {
  const { name, unit = '' } = metric;
  if (typeof name !== 'string' || name === '') return 'has no name, or one that is not UTF-8';
  if (name.length > eventMessageLimits.text) return `the name has more than ${eventMessageLimits.text} characters`;
  if (!isStorable(name)) return 'the name holds NUL or half a surrogate pair';
  if (typeof unit !== 'string' || unit.length > 63 || !isStorable(unit)) return 'unit must be text of at most 63';
  const kind = kinds.find((one) => metric[one] !== undefined);
  if (kind === undefined) return `has none of ${kinds.join(', ')}`;
  const data = metric[kind];
  if (!isObject(data)) return `${kind} must be an object`;
  const { aggregationTemporality: temporality, isMonotonic } = data;
  const isSummed = kind !== 'gauge' && kind !== 'summary';
  if (isSummed && temporality !== 1 && temporality !== 2)
    return 'aggregationTemporality must be 1 (delta) or 2 (cumulative)';
  const suffix = unitSuffixes[unit] ?? '';
  return { kind, isCumulative: kind === 'summary' || temporality === 2, isMonotonic: isMonotonic === true, suffix };
}

/** Attributes of a scope: its name and version, and its own ones, under names that cannot be mistaken for others. */
function scopeAttributes(scope: unknown): OtlpAttributes | string {
  if (scope === undefined || scope === null) return {};
  if (!isObject(scope)) return 'must be an object';
  const { name = '', version = '', attributes } = scope;
  const own = readAttributes(attributes);
  if (typeof own === 'string') return own;
  const told: [string, string][] = Object.entries(own).map(([key, value]) => [`otel.scope.${key}`, value]);
  for (const [key, value] of Object.entries({ name, version })) {
    if (typeof value !== 'string' || value.length > eventMessageLimits.attributeText || !isStorable(value))
      return `${key} cannot be read`;
    if (value !== '') told.push([`otel.scope.${key}`, value]);
  }
  return Object.fromEntries(told);
}

function seriesOf(name: string, given: OtlpAttributes, valueNames: readonly string[], tenant: string): Series | string {
  const attributes = { ...given };
  const own: Record<string, string> = {};
  for (const [field, places] of Object.entries(ownFields)) {
    const place = places.find((one) => Object.hasOwn(attributes, one));
    const value = place === undefined ? '' : (attributes[place] ?? '');
    if (value.length > eventMessageLimits.text)
      return `the attribute ${place} has more than ${eventMessageLimits.text} characters`;
    own[field] = value;
    if (place !== undefined) delete attributes[place];
  }
  const count = Object.keys(attributes).length;
  if (count > eventMessageLimits.attributes)
    return `has ${count} attributes with those of its resource and scope; at most ${eventMessageLimits.attributes} are kept`;
  const { environment = '', zone = '', host = '', guest = '', service = '' } = own;
  return { tenant, environment, zone, host, guest, service, name, source: '', attributes, valueNames };
}

/** Points that stand within something that cannot be read; at least the thing itself counts. */
function pointsWithin(given: unknown, levels = 3): number {
  if (!isObject(given) || levels === 0) return 1;
  const lists = ['scopeMetrics', 'metrics'].map((name) => given[name]).filter(Array.isArray);
  const nested = lists.flat().reduce((sum: number, one) => sum + pointsWithin(one, levels - 1), 0);
  const own = kinds.map((kind) => given[kind]).find(isObject)?.dataPoints;
  return Math.max(1, nested + (Array.isArray(own) ? own.length : 0));
}
