/** A time without checks, milliseconds since 1970. */
export type Gap = readonly [fromMs: number, toMs: number];

/** Checks are this many times further apart than those beside them before it counts as a gap. */
const leastFactor = 2.5;

/**
 * Where one zone sent nothing although it should have: between checks, before the first and after the last one. The
 * distance of the neighbours counts beside the interval, because the interval may have been another one then.
 */
export function gapsOf(
  timesMs: readonly number[],
  range: { readonly fromMs: number; readonly toMs: number; readonly intervalMs: number },
): Gap[] {
  const { fromMs, toMs, intervalMs } = range;
  if (toMs <= fromMs) return [];
  if (timesMs.length === 0) return [[fromMs, toMs]];
  const points = [fromMs, ...timesMs, toMs];
  const between = (index: number) => (points[index + 1] ?? 0) - (points[index] ?? 0);
  const gaps: Gap[] = [];
  for (let index = 0; index < points.length - 1; index += 1) {
    const length = between(index);
    // The borders of the range are no checks, and say nothing about the rhythm.
    const before = index >= 2 ? between(index - 1) : 0;
    const after = index + 1 <= points.length - 3 ? between(index + 1) : 0;
    if (length > leastFactor * Math.max(intervalMs, Math.min(before || after, after || before))) {
      const [from = 0, to = 0] = [points[index], points[index + 1]];
      gaps.push([index === 0 ? from : from + intervalMs, to]);
    }
  }
  return gaps;
}
