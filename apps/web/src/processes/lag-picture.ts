import { gapMs, type LagPoint } from './lag-history.ts';

/** Size of the picture in its own units; it is stretched to the width that there is. */
export const picture = { width: 600, height: 64 } as const;
/** Shortest time that a picture shows, milliseconds. */
const shortestMs = 60_000;

export interface Scale {
  readonly fromMs: number;
  readonly toMs: number;
  /** Events at the upper edge; the lower one is 0. */
  readonly top: number;
}

/** One scale for all readers, so that their pictures can be compared. */
export function scaleOf(history: readonly LagPoint[]): Scale {
  const toMs = history.at(-1)?.atMs ?? 0;
  const fromMs = Math.min(history[0]?.atMs ?? toMs, toMs - shortestMs);
  const most = Math.max(0, ...history.flatMap(({ readers }) => [...readers.values()].map(({ events }) => events)));
  return { fromMs, toMs, top: roundUp(most) };
}

/** The next of 10, 20, 50, 100, 200, 500 … */
function roundUp(value: number): number {
  for (let step = 10; ; step *= 10) {
    for (const factor of [1, 2, 5]) if (value <= step * factor) return step * factor;
  }
}

export const xOf = (atMs: number, { fromMs, toMs }: Scale): number =>
  Math.round(((atMs - fromMs) / Math.max(1, toMs - fromMs)) * picture.width * 10) / 10;
const yOf = (events: number, { top }: Scale): number => Math.round((1 - events / top) * picture.height * 10) / 10;

export interface LagPaths {
  /** Straight lines, broken where nothing is known. */
  readonly line: string;
  /** The same down to zero. */
  readonly area: string;
  /** Times in which the reader had partitions that nobody read. */
  readonly unread: readonly { readonly x: number; readonly width: number }[];
}

export function lagPaths(history: readonly LagPoint[], reader: string, scale: Scale): LagPaths {
  const runs: { x: number; y: number }[][] = [];
  const unread: { x: number; width: number }[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, readers } of history) {
    const lag = readers.get(reader);
    if (lag === undefined) continue;
    if (atMs - lastMs > gapMs) runs.push([]);
    const x = xOf(atMs, scale);
    if (lag.unread.length > 0) {
      const fromX = atMs - lastMs > gapMs ? x : xOf(lastMs, scale);
      const band = unread.at(-1);
      if (band !== undefined && band.x + band.width >= fromX - 0.2) band.width = x - band.x;
      else unread.push({ x: fromX, width: Math.max(2, x - fromX) });
    }
    runs.at(-1)?.push({ x, y: yOf(lag.events, scale) });
    lastMs = atMs;
  }
  const lineOf = (run: readonly { x: number; y: number }[]) => run.map(({ x, y }) => `${x} ${y}`).join('L');
  return {
    line: runs.map((run) => `M${lineOf(run)}${run.length === 1 ? 'h1' : ''}`).join(''),
    area: runs.map((run) => `M${run[0]?.x} ${picture.height}L${lineOf(run)}V${picture.height}Z`).join(''),
    unread,
  };
}
