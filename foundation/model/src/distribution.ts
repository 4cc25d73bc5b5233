/**
 * Log-linear buckets: 16 per power of two, so a bucket is at most 1/16 of its lower bound wide and its middle is at
 * most 3.1 % off. Merged by addition. Bucket numbers are integers; `zeroBucket` holds zero and negative values.
 */
export const zeroBucket = -2000;
const perOctave = 16;

/** The bucket of a value; every finite positive double has one. */
export function bucketOf(value: number): number {
  if (!(value > 0)) return zeroBucket;
  const exponent = Math.floor(Math.log2(value));
  // log2 rounds near powers of two; the mantissa decides.
  let mantissa = value / 2 ** exponent;
  let octave = exponent;
  if (mantissa >= 2) {
    mantissa /= 2;
    octave += 1;
  } else if (mantissa < 1) {
    mantissa *= 2;
    octave -= 1;
  }
  return octave * perOctave + Math.min(perOctave - 1, Math.floor((mantissa - 1) * perOctave));
}

/** Lower (inclusive) and upper (exclusive) bound of a bucket, in the unit of the value. */
export function bucketBounds(bucket: number): { lower: number; upper: number } {
  if (bucket <= zeroBucket) return { lower: 0, upper: 0 };
  const octave = Math.floor(bucket / perOctave);
  const step = bucket - octave * perOctave;
  const base = 2 ** octave;
  return { lower: base * (1 + step / perOctave), upper: base * (1 + (step + 1) / perOctave) };
}

/**
 * The value below which `share` (0 to 1) of the observations lie, by linear interpolation within its bucket;
 * null of an empty distribution.
 */
export function percentileOf(distribution: ReadonlyMap<number, number>, share: number): number | null {
  let total = 0;
  for (const count of distribution.values()) total += count;
  if (total === 0) return null;
  const buckets = [...distribution].sort(([a], [b]) => a - b);
  const rank = share * total;
  let before = 0;
  for (const [bucket, count] of buckets) {
    if (before + count >= rank) {
      const { lower, upper } = bucketBounds(bucket);
      return lower + (upper - lower) * Math.max(0, Math.min(1, (rank - before) / count));
    }
    before += count;
  }
  const last = buckets.at(-1);
  return last === undefined ? null : bucketBounds(last[0]).upper;
}
