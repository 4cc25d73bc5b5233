import type { Colors } from '../components/canvas.ts';
import { addCross, addDot, addTriangle, manyMarks } from '../components/marks.ts';
import type { Periods, Point } from './answers.ts';
import { type PlotLane, type PlotLayout, plotX, plotY } from './plot-layout.ts';

/** Every event is a mark: a dot when it was OK, a triangle when degraded, a cross when failed. Trouble lies on top. */
export function drawDots(
  g: CanvasRenderingContext2D,
  layout: PlotLayout,
  lane: PlotLane,
  points: readonly Point[],
  colors: Colors,
): void {
  const [dots, triangles, crosses] = [new Path2D(), new Path2D(), new Path2D()];
  for (const { atMs, value, outcome } of points) {
    const x = plotX(layout, atMs);
    if (x < layout.left - 1 || x > layout.right + 1) continue;
    const y = plotY(layout, lane, value);
    if (outcome === 'failed') addCross(crosses, x, y, 2.8);
    else if (outcome === 'degraded') addTriangle(triangles, x, y, 2.8);
    else addDot(dots, x, y, points.length > manyMarks);
  }
  g.fillStyle = colors['data-1'] ?? '';
  g.globalAlpha = 0.7;
  g.fill(dots);
  g.globalAlpha = 1;
  g.fillStyle = colors['degraded-tile'] ?? '';
  g.fill(triangles);
  g.strokeStyle = colors.failed ?? '';
  g.lineWidth = 1.6;
  g.stroke(crosses);
  g.lineWidth = 1;
}

/** From the lowest to the highest value of each period: what stands for dots when there are too many. */
export function drawExtremes(
  g: CanvasRenderingContext2D,
  layout: PlotLayout,
  lane: PlotLane,
  { stepMs, rows }: Periods,
  colors: Colors,
): void {
  g.fillStyle = colors['data-1'] ?? '';
  g.globalAlpha = 0.55;
  for (const { atMs, values } of rows) {
    const { min, max } = values;
    if (typeof min !== 'number' || typeof max !== 'number') continue;
    const left = Math.max(layout.left, plotX(layout, atMs));
    const wide = Math.max(1, Math.min(layout.right, plotX(layout, atMs + stepMs)) - left - 0.5);
    if (left > layout.right) continue;
    const [top, bottom] = [plotY(layout, lane, max), plotY(layout, lane, min)];
    g.fillRect(left, top - 1, wide, Math.max(2, bottom - top + 2));
  }
  g.globalAlpha = 1;
}
