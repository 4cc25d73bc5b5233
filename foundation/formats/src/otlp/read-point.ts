import { largestValue } from '@watchkeeper/model';
import { isObject } from './read-attributes.ts';

/** What was measured at one point: values by name, and what belongs to them and is no number of its own. */
export interface OtlpMeasured {
  readonly names: readonly string[];
  /** Null: not measured. */
  readonly values: readonly (number | null)[];
  readonly detail?: Readonly<Record<string, unknown>>;
}

export type OtlpKind = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';

/** What the points of one metric have in common. */
export interface OtlpShape {
  readonly kind: OtlpKind;
  /** Whether values are sums since a start, and not since the point before. */
  readonly isCumulative: boolean;
  readonly isMonotonic: boolean;
  /** Put behind the names of values that have the unit of the metric: `Ms`. */
  readonly suffix: string;
}

type Json = Readonly<Record<string, unknown>>;
const mostBuckets = 2000;
/** Flag of a point that says: nothing was measured. */
const noRecordedValue = 1;

/** Reads a point, or says what is wrong with it. */
export function readMeasured(point: Json, shape: OtlpShape): OtlpMeasured | string {
  const measured = shape.kind === 'gauge' || shape.kind === 'sum' ? readNumber(point, shape) : readMany(point, shape);
  if (typeof measured === 'string' || (Number(point.flags ?? 0) & noRecordedValue) === 0) return measured;
  return { names: measured.names, values: measured.names.map(() => null) };
}

/**
 * A gauge is `value`, also a sum that may fall; a sum since the point before is `increase`, one since a start `total`.
 */
function readNumber({ asInt, asDouble, flags }: Json, { kind, isCumulative, isMonotonic, suffix }: OtlpShape) {
  const name = kind === 'gauge' || (isCumulative && !isMonotonic) ? 'value' : isCumulative ? 'total' : 'increase';
  const names = [`${name}${suffix}`];
  if (asInt === undefined && asDouble === undefined) {
    if ((Number(flags ?? 0) & noRecordedValue) === noRecordedValue) return { names, values: [null] };
    return 'has neither asDouble nor asInt';
  }
  const value = asDouble === undefined ? wholeOf(asInt) : numberOf(asDouble);
  if (value === undefined) return `the value is not a number of at most ${largestValue} either way`;
  if (typeof value === 'number' || Number.isSafeInteger(Number(value))) return { names, values: [Number(value)] };
  return { names, values: [Number(value)], detail: { [names[0] as string]: String(value) } };
}

/** Count and sum since the point before (`count`, `sum`) or since a start (`countTotal`, `sumTotal`), and what else is told. */
function readMany(point: Json, { kind, isCumulative, suffix }: OtlpShape): OtlpMeasured | string {
  const since = isCumulative ? 'Total' : '';
  const found: [string, number | null][] = [];
  const count = wholeOf(point.count ?? 0);
  if (count === undefined || count < 0n) return 'count is not a whole number';
  found.push([`count${since}`, Number(count)]);
  for (const [field, name] of [
    ['sum', `sum${since}${suffix}`],
    ['min', `min${suffix}`],
    ['max', `max${suffix}`],
  ] as const) {
    // Summaries have no extremes but the quantiles 0 and 1.
    if (kind === 'summary' && field !== 'sum') continue;
    const value = point[field] === undefined ? null : numberOf(point[field]);
    if (value === undefined) return `${field} is not a number of at most ${largestValue} either way`;
    found.push([name, value]);
  }
  const rest =
    kind === 'summary' ? quantiles(point, suffix) : kind === 'histogram' ? explicit(point) : exponential(point);
  if (typeof rest === 'string') return rest;
  const all = [...found, ...(rest.values ?? [])];
  const { buckets } = rest;
  return {
    names: all.map(([name]) => name),
    values: all.map(([, value]) => value),
    ...(buckets === undefined ? {} : { detail: { buckets } }),
  };
}

interface Rest {
  readonly values?: readonly [string, number | null][];
  readonly buckets?: Json;
}

function quantiles({ quantileValues = [] }: Json, suffix: string): Rest | string {
  if (!Array.isArray(quantileValues) || quantileValues.length > 100)
    return 'quantileValues must be a list of at most 100';
  const values = new Map<string, number | null>();
  for (const one of quantileValues as unknown[]) {
    const quantile = isObject(one) ? numberOf(one.quantile ?? 0) : undefined;
    const value = isObject(one) ? numberOf(one.value ?? 0) : undefined;
    if (quantile === undefined || quantile < 0 || quantile > 1 || value === undefined)
      return 'a quantile or its value is not a number';
    const name = quantile === 0 ? 'min' : quantile === 1 ? 'max' : `p${Number((quantile * 100).toPrecision(12))}`;
    values.set(`${name}${suffix}`, value);
  }
  return { values: [...values] };
}

function explicit({ bucketCounts = [], explicitBounds = [] }: Json): Rest | string {
  const counts = countsOf(bucketCounts);
  if (typeof counts === 'string') return counts;
  if (!Array.isArray(explicitBounds) || explicitBounds.length > mostBuckets)
    return `explicitBounds must be a list of at most ${mostBuckets}`;
  const bounds = explicitBounds.map(numberOf);
  if (bounds.some((bound, at) => bound === undefined || (at > 0 && bound <= (bounds[at - 1] as number))))
    return 'explicitBounds must be rising numbers';
  if (counts.length === 0) return {};
  if (counts.length !== bounds.length + 1)
    return `has ${counts.length} bucketCounts for ${bounds.length} explicitBounds; one more is needed`;
  return { buckets: { bounds, counts } };
}

function exponential({ scale = 0, zeroCount = 0, zeroThreshold = 0, positive, negative }: Json): Rest | string {
  const zero = wholeOf(zeroCount);
  const threshold = numberOf(zeroThreshold);
  if (!Number.isSafeInteger(scale)) return 'scale is not a whole number';
  if (zero === undefined || threshold === undefined) return 'zeroCount or zeroThreshold is not a number';
  const read = (side: unknown) => {
    if (side === undefined || side === null) return { offset: 0, counts: [] };
    if (!isObject(side)) return 'positive and negative must be buckets';
    const { offset = 0, bucketCounts = [] } = side;
    const counts = countsOf(bucketCounts);
    if (typeof counts === 'string') return counts;
    return Number.isSafeInteger(offset) ? { offset, counts } : 'offset is not a whole number';
  };
  const [up, down] = [read(positive), read(negative)];
  if (typeof up === 'string') return up;
  if (typeof down === 'string') return down;
  return { buckets: { scale, zeroCount: Number(zero), zeroThreshold: threshold, positive: up, negative: down } };
}

function countsOf(given: unknown): number[] | string {
  if (!Array.isArray(given) || given.length > mostBuckets)
    return `bucketCounts must be a list of at most ${mostBuckets}`;
  const counts = given.map((one) => wholeOf(one));
  if (counts.some((one) => one === undefined || one < 0n)) return 'bucketCounts must be whole numbers';
  return counts.map(Number);
}

/** A whole number of 64 bits: as text in JSON, as a bigint from bytes. */
export function wholeOf(given: unknown): bigint | undefined {
  if (typeof given === 'bigint') return given;
  const isWhole = typeof given === 'number' ? Number.isInteger(given) : /^-?\d{1,20}$/.test(String(given));
  if (!isWhole || !['number', 'string'].includes(typeof given)) return undefined;
  const value = BigInt(given as number | string);
  return value >= -(2n ** 63n) && value < 2n ** 64n ? value : undefined;
}

/** A number that can be kept; in JSON it may be text. */
function numberOf(given: unknown): number | undefined {
  const isText = typeof given === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(given);
  const value = typeof given === 'number' || isText ? Number(given) : Number.NaN;
  return Math.abs(value) <= largestValue ? value : undefined;
}
