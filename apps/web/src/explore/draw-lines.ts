import { type Colors, font } from '../components/canvas.ts';
import type { Period, Periods } from './answers.ts';
import { type PlotLane, type PlotLayout, plotX, plotY } from './plot-layout.ts';

/** What is drawn as a line, each with a stroke of its own: not by colour alone. */
export const lineKinds = [
  { name: 'p50', title: 'Median', dash: [], width: 1.8 },
  { name: 'p95', title: '95 %', dash: [6, 3], width: 1.5 },
  { name: 'p99', title: '99 %', dash: [1.5, 3], width: 1.5 },
  { name: 'avg', title: 'Average', dash: [10, 3, 2, 3], width: 1 },
] as const;

/** Straight from period to period, at the middle of each; broken where nothing was measured. */
export function drawLines(
  g: CanvasRenderingContext2D,
  layout: PlotLayout,
  lane: PlotLane,
  periods: Periods,
  { isCounted, colors }: { readonly isCounted: boolean; readonly colors: Colors },
): void {
  g.save();
  g.beginPath();
  g.rect(layout.left, lane.plotTop, layout.right - layout.left, lane.plotHeight);
  g.clip();
  g.strokeStyle = colors['data-1'] ?? '';
  g.fillStyle = colors['data-1'] ?? '';
  g.lineJoin = 'round';
  if (isCounted) drawLine(g, layout, lane, periods, ({ count }) => count);
  else {
    for (const { name, dash, width } of lineKinds) {
      g.setLineDash([...dash]);
      g.lineWidth = width;
      drawLine(g, layout, lane, periods, ({ values }) => values[name] ?? null);
    }
  }
  g.restore();
  if (!isCounted) drawNames(g, layout, lane, periods, colors);
}

function drawLine(
  g: CanvasRenderingContext2D,
  layout: PlotLayout,
  lane: PlotLane,
  { stepMs, rows }: Periods,
  numberOf: (row: Period) => number | null,
): void {
  g.beginPath();
  let lastMs = Number.NEGATIVE_INFINITY;
  let isAlone = false;
  for (const row of rows) {
    const value = numberOf(row);
    if (value === null) continue;
    const [x, y] = [plotX(layout, row.atMs + stepMs / 2), plotY(layout, lane, value)];
    if (row.atMs - lastMs > stepMs * 1.5) {
      g.moveTo(x, y);
      // A period between gaps would be no line at all.
      isAlone = true;
    } else {
      g.lineTo(x, y);
      isAlone = false;
    }
    if (isAlone) g.fillRect(x - 1.5, y - 1.5, 3, 3);
    lastMs = row.atMs;
  }
  g.stroke();
}

/** Names at the right end of the lines; one that would cover another is left out, the legend has them all. */
function drawNames(
  g: CanvasRenderingContext2D,
  layout: PlotLayout,
  lane: PlotLane,
  { rows }: Periods,
  colors: Colors,
): void {
  const last = rows.at(-1);
  if (last === undefined) return;
  font(g, 11, 550);
  g.textAlign = 'left';
  const end = plotX(layout, last.atMs) + 8;
  const taken: number[] = [];
  for (const { name, title } of lineKinds) {
    const value = last.values[name];
    if (typeof value !== 'number') continue;
    const y = Math.max(lane.plotTop + 10, plotY(layout, lane, value) + 4);
    if (taken.some((other) => Math.abs(other - y) < 13)) continue;
    taken.push(y);
    const wide = g.measureText(title).width;
    const x = Math.min(end, layout.right - wide - 4);
    g.globalAlpha = 0.8;
    g.fillStyle = colors.surface ?? '';
    g.fillRect(x - 3, y - 10, wide + 6, 13);
    g.globalAlpha = 1;
    g.fillStyle = colors['ink-2'] ?? '';
    g.fillText(title, x, y);
  }
}
