/** Where things lie on the picture, in CSS pixels. One lane per group; all lanes share both axes. */
export interface PlotLayout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly lanes: readonly PlotLane[];
  /** Top of the lane that shows how many series reported. */
  readonly coverageTop: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly axis: ValueAxis;
}

export interface PlotLane {
  /** Value of the attribute that is split by; undefined when nothing is split. */
  readonly group: string | undefined;
  readonly top: number;
  readonly plotTop: number;
  readonly plotHeight: number;
}

export interface ValueAxis {
  readonly scale: 'log' | 'linear';
  readonly low: number;
  readonly high: number;
}

export const coverageHeight = 12;
const titleHeight = 18;
const laneGap = 8;

/** An axis that holds what there is: logarithmic from the lowest positive value, or linear from a drawn zero. */
export function axisFor(
  scale: ValueAxis['scale'],
  extent: { readonly low: number; readonly high: number } | undefined,
): ValueAxis {
  const { low, high } = extent ?? { low: 1, high: 1000 };
  if (scale === 'linear') {
    const step = roundStep((Math.max(high, 0) - Math.min(low, 0)) / 8) || 1;
    return {
      scale,
      low: Math.min(0, Math.floor(low / step) * step),
      high: Math.max(step, Math.ceil(high / step) * step),
    };
  }
  const least = low > 0 ? low : Math.max(high / 1000, Number.MIN_VALUE);
  const most = Math.max(high, least * 1.01);
  // Rounded, so that the axis does not move with every event; less than a power of ten would have hardly a tick.
  const [from, to] = [Math.floor(Math.log10(least) * 5 - 0.2) / 5, Math.ceil(Math.log10(most) * 5 + 0.2) / 5];
  const missing = Math.max(0, 1 - (to - from)) / 2;
  return { scale, low: 10 ** (from - missing), high: 10 ** (to + missing) };
}

/** Place of a value: 0 at the bottom, 1 at the top; what lies beyond the axis stays on its edge. */
export function shareOnAxis({ scale, low, high }: ValueAxis, value: number): number {
  const share =
    scale === 'log'
      ? (Math.log(Math.max(value, Number.MIN_VALUE)) - Math.log(low)) / (Math.log(high) - Math.log(low))
      : (value - low) / (high - low);
  return Math.min(1, Math.max(0, share));
}

export function valueAtShare({ scale, low, high }: ValueAxis, share: number): number {
  const inside = Math.min(1, Math.max(0, share));
  return scale === 'log' ? low * (high / low) ** inside : low + (high - low) * inside;
}

export interface PlotLayoutInput {
  readonly width: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly axis: ValueAxis;
  /** One per lane, from top to bottom; a single undefined when nothing is split. */
  readonly groups: readonly (string | undefined)[];
  /** Room for a single lane, pixels. */
  readonly tall: number;
}

export function layOutPlot({ width, fromMs, toMs, axis, groups, tall }: PlotLayoutInput): PlotLayout {
  const isSplit = groups.some((group) => group !== undefined);
  const count = Math.max(1, groups.length);
  const laneHeight = isSplit ? Math.max(72, Math.floor(tall / count) - titleHeight - laneGap) : tall;
  const lanes: PlotLane[] = [];
  let top = 8;
  for (const group of groups) {
    const plotTop = top + (isSplit ? titleHeight : 0);
    lanes.push({ group, top, plotTop, plotHeight: laneHeight });
    top = plotTop + laneHeight + laneGap;
  }
  const coverageTop = top + 2;
  return {
    width,
    height: coverageTop + coverageHeight + 24,
    left: 70,
    right: width - 14,
    lanes,
    coverageTop,
    fromMs,
    toMs,
    axis,
  };
}

export function plotX({ left, right, fromMs, toMs }: PlotLayout, atMs: number): number {
  return left + ((atMs - fromMs) / (toMs - fromMs)) * (right - left);
}

export function plotTime({ left, right, fromMs, toMs }: PlotLayout, x: number): number {
  return fromMs + ((Math.min(right, Math.max(left, x)) - left) / (right - left)) * (toMs - fromMs);
}

export function plotY({ axis }: PlotLayout, { plotTop, plotHeight }: PlotLane, value: number): number {
  return plotTop + plotHeight * (1 - shareOnAxis(axis, value));
}

export function plotValue({ axis }: PlotLayout, { plotTop, plotHeight }: PlotLane, y: number): number {
  return valueAtShare(axis, 1 - (y - plotTop) / plotHeight);
}

/** The lane at a height; the nearest one where there is none. */
export function laneAt({ lanes }: PlotLayout, y: number): PlotLane | undefined {
  return lanes.find(({ plotTop, plotHeight }) => y <= plotTop + plotHeight) ?? lanes.at(-1);
}

/** Ticks of the value axis: powers of ten, or round numbers from zero. */
export function valueTicks({ scale, low, high }: ValueAxis, plotHeight: number): number[] {
  const most = Math.max(2, Math.floor(plotHeight / 34));
  if (scale === 'linear') {
    const step = roundStep((high - low) / most);
    const ticks: number[] = [];
    for (let index = Math.ceil(low / step); index * step <= high; index++)
      ticks.push(Number((index * step).toPrecision(12)));
    return ticks;
  }
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / most));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += every) ticks.push(Number(`1e${power}`));
  return ticks;
}

/** 1, 2 or 5 times a power of ten, at least as long; 0 of nothing. */
function roundStep(length: number): number {
  if (!(length > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(length));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= length) ?? 10 * power;
}

const timeSteps = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800].map(
  (s) => s * 1000,
);

/** Round instants, at least 90 pixels apart. */
export function plotTimeTicks({ fromMs, toMs, left, right }: PlotLayout): number[] {
  const leastMs = ((toMs - fromMs) * 90) / Math.max(1, right - left);
  const step = timeSteps.find((candidate) => candidate >= leastMs) ?? (timeSteps.at(-1) as number);
  const ticks: number[] = [];
  for (let atMs = Math.ceil(fromMs / step) * step; atMs <= toMs; atMs += step) ticks.push(atMs);
  return ticks;
}
