/** Lengths that a range of time is cut into, milliseconds. */
const lengths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800].map(
  (seconds) => seconds * 1000,
);

/** The shortest step, at least a second, that cuts a range into at most so many periods. */
export function stepFor(rangeMs: number, mostPeriods: number): number {
  return lengths.find((ms) => rangeMs / ms <= mostPeriods) ?? (lengths.at(-1) as number);
}

/** Columns of a heat map of one hour: one a second. */
export const mostColumns = 3600;
/** Periods of lines and of the table. */
export const mostLinePeriods = 240;

/** The range with both ends on the grid of its step, so that columns stay the same while the page moves on. */
export function onGrid(range: { readonly fromMs: number; readonly toMs: number }, stepMs: number) {
  return { fromMs: Math.floor(range.fromMs / stepMs) * stepMs, toMs: Math.ceil(range.toMs / stepMs) * stepMs };
}
