export const pageSize = 100;
/** Rows before the end of what is known from which the next page is asked for. */
const ahead = 40;

/** Pages with rows from the first to the last in sight, and the next one when the end comes near; of `known` pages. */
export function pagesInSight([first, last]: readonly [number, number], known: number): number[] {
  const from = Math.floor(Math.max(0, first) / pageSize);
  const to = Math.min(known - 1, Math.floor((last + ahead) / pageSize));
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
