import { countText, millisecondsText } from '@watchkeeper/model/light';
import { type Colors, colorsOf, font, line, prepare } from '../components/canvas.ts';
import { addCross, addDot, addTriangle, manyMarks } from '../components/marks.ts';
import { type ChartLayout, durationTicks, type Lane, markMs, timeTicks, xOf, yOf } from './chart-layout.ts';
import { type Check, stripOf } from './checks.ts';
import type { Gap } from './gaps.ts';

export interface Marker {
  readonly atMs: number;
  readonly title: string;
  readonly to: 'ok' | 'degraded' | 'failed';
}

/** What is painted once for many movements of the pointer. */
export interface Drawing {
  readonly layout: ChartLayout;
  /** In the order of time, by zone. */
  readonly checksByZone: ReadonlyMap<string, readonly Check[]>;
  readonly gapsByZone: ReadonlyMap<string, readonly Gap[]>;
  /** From check to check. */
  readonly intervalMs: number;
  readonly phase: string;
  /** Lines across every lane: what is slow, what fails. */
  readonly limits: readonly { readonly ms: number; readonly title: string; readonly isFatal: boolean }[];
  readonly markers: readonly Marker[];
  readonly zoneTitle: (zone: string) => string;
}

/** What lies above it and follows the pointer. */
export interface Overlay {
  readonly layout: ChartLayout;
  readonly phase: string;
  readonly selected: Check | undefined;
  /** A range of time that is being chosen. */
  readonly brush: readonly [number, number] | undefined;
}

/** Every check is a mark: a dot when it was OK, a triangle when degraded, a cross when failed; small when it was repeated. */
export function drawChecks(canvas: HTMLCanvasElement, drawing: Drawing): void {
  const { layout } = drawing;
  const g = prepare(canvas, layout);
  if (g === null) return;
  const colors = colorsOf(canvas);
  drawTime(g, layout, colors);
  for (const lane of layout.lanes) drawLane(g, drawing, lane, colors);
  drawMarkers(g, drawing, colors);
}

/** The frame around the selected mark, and the range of time that is being chosen. */
export function drawOverlay(canvas: HTMLCanvasElement, { layout, phase, selected, brush }: Overlay): void {
  const g = prepare(canvas, layout);
  if (g === null) return;
  const colors = colorsOf(canvas);
  if (brush !== undefined) {
    const [from, to] = [xOf(layout, Math.min(...brush)), xOf(layout, Math.max(...brush))];
    g.globalAlpha = 0.25;
    g.fillStyle = colors.accent ?? '';
    g.fillRect(from, layout.top, to - from, layout.height - layout.top - 20);
    g.globalAlpha = 1;
  }
  const lane = selected && layout.lanes.find(({ zone }) => zone === selected.zone);
  if (selected === undefined || lane === undefined) return;
  g.strokeStyle = colors['ink-1'] ?? '';
  g.lineWidth = 2;
  g.beginPath();
  g.arc(xOf(layout, selected.atMs), yOf(layout, lane, markMs(selected, phase)), 6, 0, 7);
  g.stroke();
}

function drawTime(g: CanvasRenderingContext2D, layout: ChartLayout, colors: Colors): void {
  const { top, height, right, fromMs, toMs } = layout;
  font(g, 11);
  const isLong = toMs - fromMs > 86_400_000;
  for (const atMs of timeTicks(layout)) {
    const x = Math.round(xOf(layout, atMs)) + 0.5;
    line(g, x, top, x, height - 20, colors['grid-2']);
    if (x > right - 46) continue;
    const iso = new Date(atMs).toISOString();
    g.fillStyle = colors.axis ?? '';
    g.textAlign = 'center';
    g.fillText(
      isLong ? iso.slice(5, 16).replace('T', ' ') : toMs - fromMs < 600_000 ? iso.slice(11, 19) : iso.slice(11, 16),
      x,
      height - 5,
    );
  }
  g.textAlign = 'right';
  g.fillStyle = colors.axis ?? '';
  g.fillText('UTC', right, height - 5);
}

function drawLane(g: CanvasRenderingContext2D, drawing: Drawing, lane: Lane, colors: Colors): void {
  const { layout, checksByZone, gapsByZone, intervalMs, limits, zoneTitle } = drawing;
  const { left, right, fromMs, toMs } = layout;
  const own = checksByZone.get(lane.zone) ?? [];
  // Shorter periods than the interval would be empty for no reason.
  const mostColumns = layout.width < 500 ? 60 : 120;
  const stripCount = Math.max(1, Math.min(mostColumns, Math.floor((toMs - fromMs) / Math.max(1, intervalMs))));
  font(g, 12.5, 620);
  g.textAlign = 'left';
  g.fillStyle = colors['ink-1'] ?? '';
  g.fillText(zoneTitle(lane.zone), left, lane.top + 12);
  drawStrip(g, layout, lane, stripOf(own, { fromMs, toMs }, stripCount), colors);
  for (const ms of durationTicks(layout)) {
    const y = Math.round(yOf(layout, lane, ms)) + 0.5;
    line(g, left, y, right, y, colors.grid);
    // A limit beside it says more.
    if (limits.some((limit) => Math.abs(yOf(layout, lane, limit.ms) - y) < 13)) continue;
    label(g, ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`, left - 8, y, colors.axis);
  }
  for (const { ms, title, isFatal } of limits) {
    const y = Math.round(yOf(layout, lane, ms)) + 0.5;
    const color = isFatal ? colors.failed : colors.degraded;
    g.setLineDash([4, 3]);
    line(g, left, y, right, y, color);
    g.setLineDash([]);
    font(g, 11, 550);
    label(g, title, left - 8, y, color, 550);
  }
  for (const gap of gapsByZone.get(lane.zone) ?? []) drawGap(g, layout, lane, gap, colors);
  drawMarks(g, drawing, lane, own, colors);
}

const leastGapWidth = 4;

function drawGap(g: CanvasRenderingContext2D, layout: ChartLayout, lane: Lane, gap: Gap, colors: Colors): void {
  const left = Math.max(layout.left, xOf(layout, gap[0]));
  const right = Math.min(layout.right, xOf(layout, gap[1]));
  const { plotTop: top, plotHeight: tall } = lane;
  if (right - left < leastGapWidth) return;
  g.save();
  g.beginPath();
  g.rect(left, top, right - left, tall);
  g.clip();
  g.strokeStyle = colors.hatch ?? '';
  g.beginPath();
  for (let x = left - tall; x < right; x += 6) {
    g.moveTo(x, top + tall);
    g.lineTo(x + tall, top);
  }
  g.stroke();
  g.restore();
  if (right - left < 56) return;
  font(g, 11.5, 550);
  g.textAlign = 'center';
  const [x, y] = [(left + right) / 2, top + tall / 2];
  g.fillStyle = colors.surface ?? '';
  g.fillRect(x - 27, y - 9, 54, 18);
  g.fillStyle = colors['ink-3'] ?? '';
  g.fillText('no data', x, y + 4);
}

function label(g: CanvasRenderingContext2D, text: string, x: number, y: number, color = '', weight = 400): void {
  font(g, 11, weight);
  g.textAlign = 'right';
  g.fillStyle = color;
  g.fillText(text, x, y + 4);
}

function drawStrip(g: CanvasRenderingContext2D, layout: ChartLayout, lane: Lane, strip: string, colors: Colors): void {
  const wide = (layout.right - layout.left) / strip.length;
  const tile: Readonly<Record<string, readonly [string | undefined, number]>> = {
    o: [colors['ok-tile'], 4],
    d: [colors['degraded-tile'], 6],
    f: [colors['failed-tile'], 9],
  };
  for (const [index, letter] of [...strip].entries()) {
    const x = layout.left + index * wide;
    const [color, tall] = tile[letter] ?? [];
    if (color === undefined || tall === undefined) {
      g.fillStyle = colors.hatch ?? '';
      g.fillRect(x + wide / 2 - 0.5, lane.stripY + 7, 1, 2);
      continue;
    }
    g.fillStyle = color;
    g.fillRect(x, lane.stripY + 9 - tall, Math.max(1, wide - 1), tall);
  }
}

/** OK first, so that trouble lies above it. One path for all marks of a kind: tens of thousands in a few milliseconds. */
function drawMarks(
  g: CanvasRenderingContext2D,
  { layout, phase }: Drawing,
  lane: Lane,
  checks: readonly Check[],
  colors: Colors,
): void {
  const dots = new Path2D();
  const triangles = new Path2D();
  const crosses = new Path2D();
  const smallCrosses = new Path2D();
  for (const check of checks) {
    const x = xOf(layout, check.atMs);
    if (x < layout.left - 1 || x > layout.right + 1) continue;
    const y = yOf(layout, lane, markMs(check, phase));
    const size = check.isRetried ? 1.8 : 2.8;
    if (check.outcome === 'failed') addCross(check.isRetried ? smallCrosses : crosses, x, y, size);
    else if (check.outcome === 'degraded') addTriangle(triangles, x, y, size);
    else addDot(dots, x, y, checks.length > manyMarks);
  }
  g.fillStyle = colors['data-1'] ?? '';
  g.globalAlpha = 0.7;
  g.fill(dots);
  g.globalAlpha = 1;
  g.fillStyle = colors['degraded-tile'] ?? '';
  g.fill(triangles);
  g.strokeStyle = colors.failed ?? '';
  g.lineWidth = 1.2;
  g.stroke(smallCrosses);
  g.lineWidth = 1.6;
  g.stroke(crosses);
  g.lineWidth = 1;
}

/** More lines than these across the chart would hide it: then only flags at its top remain. */
const mostLines = 8;

function drawMarkers(g: CanvasRenderingContext2D, { layout, markers }: Drawing, colors: Colors): void {
  const placed = markers
    .map((marker) => ({ ...marker, x: Math.round(xOf(layout, marker.atMs)) + 0.5 }))
    .filter(({ x }) => x >= layout.left && x <= layout.right);
  const hasLines = placed.length <= mostLines;
  // From the newest back: two titles in one place could not be read, and the newest says most. Of many it is the only one.
  let takenFrom = Number.POSITIVE_INFINITY;
  for (const { x, title, to } of placed.toReversed()) {
    const color = colors[to === 'failed' ? 'failed-tile' : to === 'degraded' ? 'degraded-tile' : 'ok'] ?? '';
    line(g, x, hasLines ? 18 : 20, x, hasLines ? layout.height - 20 : 26, color);
    font(g, 11, 620);
    const wide = g.measureText(title).width + 12;
    const start = Math.min(x, layout.right - wide);
    if (start + wide > takenFrom || (!hasLines && takenFrom < Number.POSITIVE_INFINITY)) continue;
    takenFrom = start - 4;
    g.fillStyle = color;
    g.beginPath();
    g.roundRect(start, 2, wide, 17, 3);
    g.fill();
    g.fillStyle = to === 'failed' ? '#fff' : to === 'degraded' ? '#3b2600' : (colors['on-accent'] ?? '');
    g.textAlign = 'left';
    g.fillText(title, start + 6, 14.5);
  }
}

/** What the chart shows, as a sentence for those who do not see it. */
export function chartSentence(checks: readonly Check[], zoneCount: number): string {
  const final = checks.filter(({ isRetried }) => !isRetried);
  const failed = final.filter(({ outcome }) => outcome === 'failed').length;
  const slowest = final.reduce((most, { values }) => Math.max(most, values.durationMs ?? 0), 0);
  const zones = zoneCount === 1 ? 'one zone' : `${zoneCount} zones`;
  return `Duration of ${countText(final.length)} checks from ${zones} on a logarithmic scale; ${countText(failed)} failed, the longest took ${millisecondsText(slowest)}. The table of checks has the same numbers.`;
}
