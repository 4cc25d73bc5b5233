import { type Colors, colorsOf, prepare } from '../components/canvas.ts';
import type { Box } from './cell-cursor.ts';
import { type PlotLane, type PlotLayout, plotX, plotY } from './plot-layout.ts';

export interface Framed {
  readonly lane: PlotLane;
  readonly box: Box;
}

/** What lies above the picture: the selection in an ink frame, and the cells that the keyboard is at. */
export function drawSelection(
  canvas: HTMLCanvasElement,
  layout: PlotLayout,
  { selected, cursor }: { readonly selected: Framed | undefined; readonly cursor: Framed | undefined },
): void {
  const g = prepare(canvas, layout);
  if (g === null) return;
  const colors = colorsOf(canvas);
  if (selected !== undefined) drawSelected(g, layout, selected, colors);
  if (cursor === undefined) return;
  const [x, y, wide, tall] = edges(layout, cursor);
  g.strokeStyle = colors.accent ?? '';
  g.lineWidth = 2;
  g.strokeRect(x, y, wide, tall);
}

function edges(layout: PlotLayout, { lane, box }: Framed): readonly [number, number, number, number] {
  const [left, right] = [plotX(layout, box.fromMs), plotX(layout, box.toMs)].map((x) =>
    Math.round(Math.min(layout.right, Math.max(layout.left, x))),
  ) as [number, number];
  const [top, bottom] = [Math.round(plotY(layout, lane, box.high)), Math.round(plotY(layout, lane, box.low))];
  return [left + 0.5, top + 0.5, Math.max(2, right - left), Math.max(2, bottom - top)];
}

function drawSelected(g: CanvasRenderingContext2D, layout: PlotLayout, framed: Framed, colors: Colors): void {
  const [x, y, wide, tall] = edges(layout, framed);
  const { plotTop, plotHeight } = framed.lane;
  g.globalAlpha = 0.3;
  g.fillStyle = colors.surface ?? '';
  g.beginPath();
  g.rect(layout.left, plotTop, layout.right - layout.left, plotHeight);
  g.rect(x, y, wide, tall);
  g.fill('evenodd');
  g.globalAlpha = 1;
  g.strokeStyle = colors['ink-1'] ?? '';
  g.lineWidth = 1.5;
  g.strokeRect(x, y, wide, tall);
  g.lineWidth = 1;
  g.fillStyle = colors.surface ?? '';
  for (const [cornerX, cornerY] of [
    [x, y],
    [x + wide, y],
    [x, y + tall],
    [x + wide, y + tall],
  ] as const) {
    g.fillRect(cornerX - 3.5, cornerY - 3.5, 7, 7);
    g.strokeRect(cornerX - 3.5, cornerY - 3.5, 7, 7);
  }
}
