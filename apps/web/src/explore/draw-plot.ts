import { colorsOf, prepare } from '../components/canvas.ts';
import { type Gap, gapsOf } from '../monitor/gaps.ts';
import { drawDots, drawExtremes } from './draw-dots.ts';
import { type Coverage, drawAxes, drawCoverage, drawGaps } from './draw-frame.ts';
import { drawHeat, heatStops, highlightStops, rampOf } from './draw-heat.ts';
import { drawLines } from './draw-lines.ts';
import type { Heat } from './heat.ts';
import type { PlotLayout } from './plot-layout.ts';
import type { LaneData, View } from './use-explore.ts';

export interface Drawing {
  readonly layout: PlotLayout;
  readonly view: View;
  readonly lanes: readonly LaneData[];
  readonly highlight: Heat | undefined;
  readonly unit: string;
  /** Events have no number: they are counted. */
  readonly isCounted: boolean;
}

/** The whole picture except for what follows the pointer. */
export function drawPlot(canvas: HTMLCanvasElement, drawing: Drawing): void {
  const { layout, view, lanes, highlight, unit, isCounted } = drawing;
  const startedMs = performance.now();
  const g = prepare(canvas, layout);
  if (g === null) return;
  const colors = colorsOf(canvas);
  drawAxes(g, layout, unit, colors);
  const [ramp, hot] = [rampOf(canvas, heatStops), rampOf(canvas, highlightStops)];
  for (const [index, data] of lanes.entries()) {
    const lane = layout.lanes[index];
    if (lane === undefined) continue;
    if (view === 'heat' && data.heat !== undefined)
      drawHeat(g, layout, lane, { heat: data.heat, highlight, ramp, hot });
    if (view === 'dots' && data.points !== undefined) {
      const { points, isThinned } = data.points;
      if (isThinned && data.periods !== undefined) drawExtremes(g, layout, lane, data.periods, colors);
      drawDots(g, layout, lane, isThinned ? points.filter(({ outcome }) => outcome !== 'ok') : points, colors);
    }
    if (view === 'lines' && data.periods !== undefined) drawLines(g, layout, lane, data.periods, { isCounted, colors });
    drawGaps(g, layout, lane, gapsIn(data, drawing), colors);
  }
  drawCoverage(g, layout, coverageOf(drawing), colors);
  // For whoever watches the page; only the last one is kept, however long it stays open.
  performance.clearMeasures('explore-drawn');
  performance.measure('explore-drawn', { start: startedMs, end: performance.now() });
}

/** Times at which something of a lane was reported. */
function timesOf({ heat, points, periods }: LaneData, view: View): readonly number[] {
  if (view === 'heat') return heat?.columns.map(({ atMs }) => atMs) ?? [];
  if (view === 'dots' && points?.isThinned === false) return points.points.map(({ atMs }) => atMs);
  return periods?.rows.map(({ atMs }) => atMs) ?? [];
}

/**
 * Where a lane has nothing although it has something every so often. Before its first event nobody knows of it, so
 * nothing is missing there; and how long the rhythm is, the events themselves say.
 */
function gapsIn(data: LaneData, { view, layout }: Drawing): readonly Gap[] {
  const times = timesOf(data, view);
  const [first, second] = times;
  if (first === undefined || second === undefined) return [];
  const distances = times.slice(1).map((atMs, index) => atMs - (times[index] as number));
  const usual = distances.toSorted((a, b) => a - b)[Math.floor(distances.length * 0.95)] ?? 0;
  const leastMs = (layout.toMs - layout.fromMs) / 300;
  return gapsOf(times, { fromMs: first, toMs: layout.toMs, intervalMs: Math.max(usual, leastMs) });
}

/** How many series reported in each period, of all lanes together. */
function coverageOf({ view, lanes, layout }: Drawing): Coverage {
  const totals = new Map<number, number>();
  const add = (atMs: number, sources: number) => totals.set(atMs, (totals.get(atMs) ?? 0) + sources);
  let stepMs = (layout.toMs - layout.fromMs) / 240;
  for (const { heat, periods, points } of lanes) {
    if (view === 'heat') {
      stepMs = heat?.stepMs ?? stepMs;
      for (const { atMs, sources } of heat?.columns ?? []) add(atMs, sources);
    } else if (periods !== undefined && (view !== 'dots' || points?.isThinned === true)) {
      stepMs = periods.stepMs;
      for (const { atMs, sources } of periods.rows) add(atMs, sources);
    }
  }
  return { stepMs, columns: [...totals].map(([atMs, sources]) => ({ atMs, sources })) };
}
