import { type Colors, font, line } from '../components/canvas.ts';
import type { Gap } from '../monitor/gaps.ts';
import {
  coverageHeight,
  type PlotLane,
  type PlotLayout,
  plotTimeTicks,
  plotX,
  plotY,
  valueTicks,
} from './plot-layout.ts';
import { valueText } from './value-text.ts';

/** Axes, titles of lanes, times without reports, and how many series reported. */

/** How a value of an attribute is called; not every event says one. */
export const groupTitle = (group: string): string => (group === '' ? '(not said)' : group);

export function drawAxes(g: CanvasRenderingContext2D, layout: PlotLayout, unit: string, colors: Colors): void {
  drawTimes(g, layout, colors);
  for (const lane of layout.lanes) {
    if (lane.group !== undefined) {
      font(g, 12.5, 620);
      g.textAlign = 'left';
      g.fillStyle = colors['ink-1'] ?? '';
      g.fillText(groupTitle(lane.group), layout.left, lane.top + 11, layout.right - layout.left);
    }
    for (const value of valueTicks(layout.axis, lane.plotHeight)) {
      const y = Math.round(plotY(layout, lane, value)) + 0.5;
      line(g, layout.left, y, layout.right, y, colors.grid);
      font(g, 11);
      g.textAlign = 'right';
      g.fillStyle = colors.axis ?? '';
      g.fillText(valueText(value, unit), layout.left - 8, y + 4, layout.left - 10);
    }
    const [x, bottom] = [layout.left - 0.5, lane.plotTop + lane.plotHeight + 0.5];
    line(g, x, lane.plotTop, x, bottom, colors.line);
    line(g, x, bottom, layout.right, bottom, colors.line);
  }
}

function drawTimes(g: CanvasRenderingContext2D, layout: PlotLayout, colors: Colors): void {
  const { height, right, fromMs, toMs, lanes } = layout;
  font(g, 11);
  const top = lanes[0]?.plotTop ?? 0;
  const [isLong, isShort] = [toMs - fromMs > 86_400_000, toMs - fromMs < 600_000];
  for (const atMs of plotTimeTicks(layout)) {
    const x = Math.round(plotX(layout, atMs)) + 0.5;
    line(g, x, top, x, height - 20, colors['grid-2']);
    if (x > right - 52 || x < layout.left + 16) continue;
    const iso = new Date(atMs).toISOString();
    g.fillStyle = colors.axis ?? '';
    g.textAlign = 'center';
    g.fillText(
      isLong ? iso.slice(5, 16).replace('T', ' ') : isShort ? iso.slice(11, 19) : iso.slice(11, 16),
      x,
      height - 5,
    );
  }
  g.textAlign = 'right';
  g.fillStyle = colors.axis ?? '';
  g.fillText('UTC', right, height - 5);
}

function hatch(g: CanvasRenderingContext2D, left: number, top: number, wide: number, tall: number, color = ''): void {
  g.save();
  g.beginPath();
  g.rect(left, top, wide, tall);
  g.clip();
  g.strokeStyle = color;
  g.beginPath();
  for (let x = left - tall; x < left + wide; x += 6) {
    g.moveTo(x, top + tall);
    g.lineTo(x + tall, top);
  }
  g.stroke();
  g.restore();
}

const leastGapWidth = 4;

/** Where nothing was reported although it used to be: absent is not zero. */
export function drawGaps(
  g: CanvasRenderingContext2D,
  layout: PlotLayout,
  lane: PlotLane,
  gaps: readonly Gap[],
  colors: Colors,
): void {
  for (const [fromMs, toMs] of gaps) {
    const left = Math.max(layout.left, plotX(layout, fromMs));
    const wide = Math.min(layout.right, plotX(layout, toMs)) - left;
    if (wide < leastGapWidth) continue;
    hatch(g, left, lane.plotTop, wide, lane.plotHeight, colors.hatch);
    if (wide < 56) continue;
    font(g, 11.5, 550);
    g.textAlign = 'center';
    const [x, y] = [left + wide / 2, lane.plotTop + lane.plotHeight / 2];
    g.fillStyle = colors.surface ?? '';
    g.fillRect(x - 27, y - 9, 54, 18);
    g.fillStyle = colors['ink-3'] ?? '';
    g.fillText('no data', x, y + 4);
  }
}

/** How many series reported in each period; most of them at once are the whole height of the lane. */
export interface Coverage {
  readonly stepMs: number;
  readonly columns: readonly { readonly atMs: number; readonly sources: number }[];
}

/** A lane under the axis: how many series reported; fewer than usual stands out. */
export function drawCoverage(
  g: CanvasRenderingContext2D,
  layout: PlotLayout,
  { stepMs, columns }: Coverage,
  colors: Colors,
): void {
  const { left, right, coverageTop, fromMs, toMs } = layout;
  const cells = Math.floor((right - left) / 3);
  const most = new Uint32Array(cells);
  const place = (atMs: number) => Math.floor(((atMs - fromMs) / (toMs - fromMs)) * cells);
  for (const { atMs, sources } of columns) {
    // A column is as wide as its period, at least one cell.
    for (
      let cell = Math.max(0, place(atMs));
      cell <= Math.min(cells - 1, Math.max(place(atMs), place(atMs + stepMs) - 1));
      cell++
    )
      most[cell] = Math.max(most[cell] ?? 0, sources);
  }
  const reported = most.filter((sources) => sources > 0).sort();
  const highest = reported.at(-1);
  const usual = reported[reported.length >> 1];
  if (highest === undefined || usual === undefined) return;
  font(g, 11);
  g.textAlign = 'right';
  g.fillStyle = colors.axis ?? '';
  g.fillText('series', left - 8, coverageTop + 10);
  for (const [cell, sources] of most.entries()) {
    if (sources === 0) continue;
    const tall = Math.max(2, (coverageHeight * sources) / highest);
    g.fillStyle = (sources < usual * 0.7 ? colors['degraded-tile'] : colors['ok-tile']) ?? '';
    g.fillRect(left + cell * 3, coverageTop + coverageHeight - tall, 2.4, tall);
  }
}
