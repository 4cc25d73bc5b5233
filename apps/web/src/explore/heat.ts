import { bucketBounds, zeroBucket } from '@watchkeeper/model/light';

/** What was counted in one period: how many events fell into each log-linear bucket. */
export interface HeatColumn {
  /** Start, milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  /** Series that reported. */
  readonly sources: number;
  /** Numbers of buckets, rising, and beside each its events. */
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
  /** All of its events. */
  readonly events: number;
}

/** Columns that have reports, in the order of time, all of one length. */
export interface Heat {
  readonly stepMs: number;
  readonly columns: readonly HeatColumn[];
}

/** The columns with those of a newer answer in place of what they cover; what is before the range is forgotten. */
export function mergeHeat(present: Heat, newer: Heat, coveredFromMs: number, fromMs: number): Heat {
  const kept = present.columns.filter(({ atMs }) => atMs < coveredFromMs && atMs + present.stepMs > fromMs);
  return { stepMs: present.stepMs, columns: [...kept, ...newer.columns] };
}

/** Lowest and highest positive value that the buckets reach, and whether there are values of zero or less. */
export function extentOf(columns: readonly HeatColumn[]): { low: number; high: number; hasZero: boolean } | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let hasZero = false;
  for (const { buckets } of columns) {
    // They rise, and what is zero or less is the lowest.
    const isZeroFirst = buckets[0] !== undefined && buckets[0] <= zeroBucket;
    if (isZeroFirst) hasZero = true;
    const [first, last] = [buckets[isZeroFirst ? 1 : 0], buckets.at(-1)];
    if (first === undefined || last === undefined) continue;
    low = Math.min(low, first);
    high = Math.max(high, last);
  }
  if (low > high) return hasZero ? { low: 0.1, high: 1, hasZero } : undefined;
  return { low: bucketBounds(low).lower, high: bucketBounds(high).upper, hasZero };
}

export const eventsIn = (columns: readonly HeatColumn[]): number =>
  columns.reduce((sum, { events }) => sum + events, 0);

export interface CellGrid {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nx: number;
  readonly ny: number;
  /** Place of a value on the axis: 0 at the bottom, 1 at the top. */
  readonly shareOf: (value: number) => number;
}

/**
 * Events per cell of the screen, row by row from the bottom: cell (x, y) stands at `y * nx + x`. A column or bucket
 * that lies over several cells is divided among them by how much of it lies in each.
 */
export function sumCells(heat: Heat, { nx, ny, fromMs, toMs, shareOf }: CellGrid): Float32Array {
  const { lowest, count, sums } = sumColumns(heat, { nx, fromMs, toMs });
  const cells = new Float32Array(nx * ny);
  for (let place = 0; place <= count; place++) {
    const { lower, upper } = bucketBounds(lowest + place);
    const rows = place === count ? [{ cell: 0, weight: 1 }] : partsOf(shareOf(lower) * ny, shareOf(upper) * ny, ny);
    for (const { cell, weight } of rows) {
      for (let x = 0; x < nx; x++) {
        const at = cell * nx + x;
        cells[at] = (cells[at] as number) + (sums[place * nx + x] as number) * weight;
      }
    }
  }
  return cells;
}

/**
 * Events per bucket and column of the screen: bucket `lowest + i`, column x at `i * nx + x`; zero and less, which is far
 * below the others, at `count * nx + x`.
 */
function sumColumns({ stepMs, columns }: Heat, { nx, fromMs, toMs }: Pick<CellGrid, 'nx' | 'fromMs' | 'toMs'>) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { buckets } of columns) {
    for (const bucket of [buckets[0], buckets[1], buckets.at(-1)]) {
      if (bucket === undefined || bucket <= zeroBucket) continue;
      low = Math.min(low, bucket);
      high = Math.max(high, bucket);
    }
  }
  if (low > high) [low, high] = [0, -1];
  const count = high - low + 1;
  const sums = new Float32Array((count + 1) * nx);
  const xOf = (atMs: number) => ((atMs - fromMs) / (toMs - fromMs)) * nx;
  for (const { atMs, buckets, counts } of columns) {
    for (const { cell, weight } of partsOf(xOf(atMs), xOf(atMs + stepMs), nx)) {
      for (let place = 0; place < buckets.length; place++) {
        const bucket = buckets[place] as number;
        const at = (bucket <= zeroBucket ? count : bucket - low) * nx + cell;
        sums[at] = (sums[at] as number) + (counts[place] as number) * weight;
      }
    }
  }
  return { lowest: low, count, sums };
}

interface Part {
  readonly cell: number;
  readonly weight: number;
}

/** The cells from `start` to `end`, and which share of that length lies in each; what is outside is left out. */
function partsOf(start: number, end: number, count: number): Part[] {
  const length = end - start;
  if (!(length > 0)) {
    const cell = Math.floor(start);
    return cell >= 0 && cell < count ? [{ cell, weight: 1 }] : [];
  }
  const parts: Part[] = [];
  for (let cell = Math.max(0, Math.floor(start)); cell < Math.min(count, Math.ceil(end)); cell++) {
    parts.push({ cell, weight: (Math.min(end, cell + 1) - Math.max(start, cell)) / length });
  }
  return parts;
}

/** Counts up to here are told apart by a quarter of an event, larger ones by a part in 256. */
const fineCount = 1024;

/** A whole number that rises with the count. */
function stepOf(count: number): number {
  if (count <= fineCount) return Math.max(1, Math.round(count * 4));
  return fineCount * 4 + Math.round(Math.log(count / fineCount) * 256);
}

/**
 * The rank of every cell among the different counts there are, above 0 to 1; 0 for empty cells. Colours by rank show
 * rare and frequent cells alike, however far apart the counts are.
 */
export function ranksOf(cells: Float32Array): Float32Array {
  const ranks = new Float32Array(cells.length);
  let most = 0;
  for (const count of cells) if (count > most) most = count;
  if (most === 0) return ranks;
  const rankOfStep = new Uint32Array(stepOf(most) + 1);
  for (const count of cells) if (count > 0) rankOfStep[stepOf(count)] = 1;
  let different = 0;
  for (const [step, isUsed] of rankOfStep.entries()) if (isUsed > 0) rankOfStep[step] = ++different;
  for (let index = 0; index < cells.length; index++) {
    const count = cells[index] as number;
    if (count > 0) ranks[index] = (rankOfStep[stepOf(count)] as number) / different;
  }
  return ranks;
}

/** Events within a rectangle of time and value; a bucket or column that it cuts counts by the share inside. */
export function eventsWithin(
  { stepMs, columns }: Heat,
  box: { readonly fromMs: number; readonly toMs: number; readonly low: number; readonly high: number },
): number {
  let events = 0;
  for (const { atMs, buckets, counts } of columns) {
    const inTime = overlap(atMs, atMs + stepMs, box.fromMs, box.toMs);
    if (inTime === 0) continue;
    for (const [place, bucket] of buckets.entries()) {
      const { lower, upper } = bucketBounds(bucket);
      const inside = upper > lower ? overlap(lower, upper, box.low, box.high) : box.low <= 0 ? 1 : 0;
      events += inTime * inside * (counts[place] as number);
    }
  }
  return events;
}

const overlap = (from: number, to: number, low: number, high: number) =>
  Math.max(0, Math.min(to, high) - Math.max(from, low)) / (to - from);
