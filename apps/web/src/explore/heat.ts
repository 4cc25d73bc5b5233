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
    for (const bucket of buckets) {
      if (bucket <= zeroBucket) hasZero = true;
      else {
        low = Math.min(low, bucket);
        high = Math.max(high, bucket);
      }
    }
  }
  if (low > high) return hasZero ? { low: 0.1, high: 1, hasZero } : undefined;
  return { low: bucketBounds(low).lower, high: bucketBounds(high).upper, hasZero };
}

export const eventsIn = (columns: readonly HeatColumn[]): number =>
  columns.reduce((sum, { counts }) => counts.reduce((all, count) => all + count, sum), 0);

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
export function sumCells({ stepMs, columns }: Heat, grid: CellGrid): Float32Array {
  const { nx, ny, fromMs, toMs, shareOf } = grid;
  const cells = new Float32Array(nx * ny);
  const rows = new Map<number, readonly Part[]>();
  const rowsOf = (bucket: number) => {
    const known = rows.get(bucket);
    if (known !== undefined) return known;
    const { lower, upper } = bucketBounds(bucket);
    const parts =
      bucket <= zeroBucket ? [{ cell: 0, weight: 1 }] : partsOf(shareOf(lower) * ny, shareOf(upper) * ny, ny);
    rows.set(bucket, parts);
    return parts;
  };
  const xOf = (atMs: number) => ((atMs - fromMs) / (toMs - fromMs)) * nx;
  for (const { atMs, buckets, counts } of columns) {
    const across = partsOf(xOf(atMs), xOf(atMs + stepMs), nx);
    for (let place = 0; place < buckets.length; place++) {
      const count = counts[place] as number;
      for (const row of rowsOf(buckets[place] as number)) {
        const start = row.cell * nx;
        for (const { cell, weight } of across)
          cells[start + cell] = (cells[start + cell] as number) + count * weight * row.weight;
      }
    }
  }
  return cells;
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

/**
 * The rank of every cell among the different counts there are, above 0 to 1; 0 for empty cells. Colours by rank show
 * rare and frequent cells alike, however far apart the counts are.
 */
export function ranksOf(cells: Float32Array): Float32Array {
  const sorted = cells.filter((count) => count > 0).sort();
  let different = 0;
  for (const [index, count] of sorted.entries())
    if (index === 0 || count !== sorted[index - 1]) sorted[different++] = count;
  const ranks = new Float32Array(cells.length);
  for (let index = 0; index < cells.length; index++) {
    const count = cells[index] as number;
    if (count > 0) ranks[index] = (placeOf(sorted, different, count) + 1) / different;
  }
  return ranks;
}

function placeOf(sorted: Float32Array, length: number, wanted: number): number {
  let [low, high] = [0, length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
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
