import type { Check } from './checks.ts';

/** Where things lie on the chart, in CSS pixels. One lane per zone; all lanes share both axes. */
export interface ChartLayout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly lanes: readonly Lane[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly lowMs: number;
  readonly highMs: number;
}

export interface Lane {
  readonly zone: string;
  readonly top: number;
  readonly stripY: number;
  readonly plotTop: number;
  readonly plotHeight: number;
}

const laneGap = 12;
const axisHeight = 22;

export interface LayoutInput {
  readonly width: number;
  readonly zones: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** All durations in sight, milliseconds; the axis holds them and the limits. */
  readonly durations: readonly number[];
  readonly limits: readonly number[];
}

export function layOut({ width, zones, fromMs, toMs, durations, limits }: LayoutInput): ChartLayout {
  const top = 26;
  const laneHeight = zones.length === 1 ? 260 : zones.length === 2 ? 170 : 129;
  const lanes = zones.map((zone, index) => {
    const laneTop = top + index * (laneHeight + laneGap);
    return { zone, top: laneTop, stripY: laneTop + 20, plotTop: laneTop + 36, plotHeight: laneHeight - 36 };
  });
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const ms of durations) {
    if (ms > 0 && ms < lowest) lowest = ms;
    if (ms > highest) highest = ms;
  }
  const high = Math.max(highest, ...limits, 10);
  const low = Math.min(lowest, high / 10);
  return {
    width,
    height: top + lanes.length * laneHeight + Math.max(0, lanes.length - 1) * laneGap + axisHeight,
    left: 80,
    right: width - 6,
    top,
    lanes,
    fromMs,
    toMs,
    lowMs: low / 1.4,
    highMs: high * 1.4,
  };
}

export function xOf({ left, right, fromMs, toMs }: ChartLayout, atMs: number): number {
  return left + ((atMs - fromMs) / (toMs - fromMs)) * (right - left);
}

export function timeAt({ left, right, fromMs, toMs }: ChartLayout, x: number): number {
  return fromMs + ((Math.min(right, Math.max(left, x)) - left) / (right - left)) * (toMs - fromMs);
}

/** Logarithmic; what lies beyond the axis stays on its edge. */
export function yOf({ lowMs, highMs }: ChartLayout, { plotTop, plotHeight }: Lane, ms: number): number {
  const inside = Math.min(highMs, Math.max(lowMs, ms));
  return (
    plotTop +
    plotHeight -
    ((Math.log10(inside) - Math.log10(lowMs)) / (Math.log10(highMs) - Math.log10(lowMs))) * plotHeight
  );
}

/** 1, 10, 100 … within the axis. */
export function durationTicks({ lowMs, highMs }: ChartLayout): number[] {
  const ticks: number[] = [];
  for (let power = Math.ceil(Math.log10(lowMs)); 10 ** power <= highMs; power++) ticks.push(10 ** power);
  return ticks;
}

const timeSteps = [5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 7 * 86_400].map(
  (s) => s * 1000,
);

/** Round instants, at least 90 pixels apart. */
export function timeTicks(layout: ChartLayout): number[] {
  const { fromMs, toMs, left, right } = layout;
  const leastMs = ((toMs - fromMs) * 90) / Math.max(1, right - left);
  const step = timeSteps.find((candidate) => candidate >= leastMs) ?? (timeSteps.at(-1) as number);
  const ticks: number[] = [];
  for (let atMs = Math.ceil(fromMs / step) * step; atMs <= toMs; atMs += step) ticks.push(atMs);
  return ticks;
}

/** Value that a mark stands for; a check that has none stands at its whole duration, as a refused connection does. */
export function markMs(check: Check, phase: string): number {
  return check.values[phase] ?? check.values.durationMs ?? 0;
}

/** How far from the pointer a mark may be, in pixels. */
const reach = 8;

/** The mark nearest to a point, within 8 pixels. */
export function markAt(
  layout: ChartLayout,
  checks: readonly Check[],
  phase: string,
  x: number,
  y: number,
): Check | undefined {
  let best: { readonly check: Check; readonly distance: number } | undefined;
  const lanes = new Map(layout.lanes.map((lane) => [lane.zone, lane]));
  for (const check of checks) {
    const dx = xOf(layout, check.atMs) - x;
    if (dx < -reach || dx > reach) continue;
    const lane = lanes.get(check.zone);
    if (lane === undefined) continue;
    const distance = Math.hypot(dx, yOf(layout, lane, markMs(check, phase)) - y);
    if (distance <= reach && (best === undefined || distance < best.distance)) best = { check, distance };
  }
  return best?.check;
}

/** The mark that an arrow key leads to: the one before or after it in its zone, or the nearest in time in another zone. */
export function markBeside(
  layout: ChartLayout,
  checksByZone: ReadonlyMap<string, readonly Check[]>,
  from: Check | undefined,
  key: string,
): Check | undefined {
  const zones = layout.lanes.map(({ zone }) => zone).filter((zone) => (checksByZone.get(zone)?.length ?? 0) > 0);
  const own = checksByZone.get(from?.zone ?? zones[0] ?? '') ?? [];
  if (from === undefined || key === 'End') return own.at(-1);
  if (key === 'Home') return own[0];
  const at = own.indexOf(from);
  if (key === 'ArrowLeft') return own[at - 1];
  if (key === 'ArrowRight') return own[at + 1];
  const other = checksByZone.get(zones[zones.indexOf(from.zone) + (key === 'ArrowUp' ? -1 : 1)] ?? '') ?? [];
  let best: Check | undefined;
  for (const check of other) {
    if (best === undefined || Math.abs(check.atMs - from.atMs) < Math.abs(best.atMs - from.atMs)) best = check;
  }
  return best;
}
