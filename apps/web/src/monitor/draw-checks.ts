import { millisecondsText } from '@watchkeeper/model/light';
import { type ChartLayout, durationTicks, type Lane, markMs, timeTicks, xOf, yOf } from './chart-layout.ts';
import { type Check, stripOf } from './checks.ts';

export interface Marker {
  readonly atMs: number;
  readonly title: string;
  readonly isBad: boolean;
}

export interface Drawing {
  readonly layout: ChartLayout;
  readonly checks: readonly Check[];
  readonly phase: string;
  /** Lines across every lane: what is slow, what fails. */
  readonly limits: readonly { readonly ms: number; readonly title: string; readonly isFatal: boolean }[];
  readonly markers: readonly Marker[];
  readonly zoneTitle: (zone: string) => string;
  readonly selected: Check | undefined;
  /** A range of time that is being chosen. */
  readonly brush: readonly [number, number] | undefined;
}

type Colors = Readonly<Record<string, string>>;

const colorNames = [
  'ink-1',
  'ink-3',
  'axis',
  'grid',
  'grid-2',
  'data-1',
  'failed',
  'failed-tile',
  'degraded',
  'degraded-tile',
  'ok-tile',
  'hatch',
  'surface',
  'accent',
  'accent-tint',
  'on-accent',
];

function colorsOf(element: Element): Colors {
  const style = getComputedStyle(element);
  return Object.fromEntries(colorNames.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** Every check is a mark: a dot when it was OK, a triangle when degraded, a cross when failed; small when it was repeated. */
export function drawChecks(canvas: HTMLCanvasElement, drawing: Drawing): void {
  const { layout } = drawing;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(layout.width * scale);
  canvas.height = Math.round(layout.height * scale);
  canvas.style.width = `${layout.width}px`;
  canvas.style.height = `${layout.height}px`;
  const g = canvas.getContext('2d');
  if (g === null) return;
  g.scale(scale, scale);
  const colors = colorsOf(canvas);
  drawTime(g, drawing, colors);
  for (const lane of layout.lanes) drawLane(g, drawing, lane, colors);
  drawMarkers(g, drawing, colors);
  drawSelection(g, drawing, colors);
}

const font = (g: CanvasRenderingContext2D, size: number, weight = 400) => {
  g.font = `${weight} ${size}px Inter, system-ui, sans-serif`;
};

function line(g: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number, color = ''): void {
  g.strokeStyle = color;
  g.beginPath();
  g.moveTo(x1, y1);
  g.lineTo(x2, y2);
  g.stroke();
}

function drawTime(g: CanvasRenderingContext2D, { layout, brush }: Drawing, colors: Colors): void {
  const { top, height, right, fromMs, toMs } = layout;
  if (brush !== undefined) {
    g.fillStyle = colors['accent-tint'] ?? '';
    g.fillRect(xOf(layout, brush[0]), top, xOf(layout, brush[1]) - xOf(layout, brush[0]), height - top - 20);
  }
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
  const { layout, checks, phase, limits, zoneTitle } = drawing;
  const { left, right, fromMs, toMs } = layout;
  const own = checks.filter(({ zone }) => zone === lane.zone);
  font(g, 12.5, 620);
  g.textAlign = 'left';
  g.fillStyle = colors['ink-1'] ?? '';
  g.fillText(zoneTitle(lane.zone), left, lane.top + 12);
  drawStrip(g, layout, lane, stripOf(own, { fromMs, toMs }, layout.width < 500 ? 60 : 120), colors);
  for (const ms of durationTicks(layout)) {
    const y = Math.round(yOf(layout, lane, ms)) + 0.5;
    line(g, left, y, right, y, colors.grid);
    label(g, ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`, left - 8, y, colors.axis);
  }
  for (const { ms, title, isFatal } of limits) {
    const y = Math.round(yOf(layout, lane, ms)) + 0.5;
    const color = isFatal ? colors.failed : colors.degraded;
    g.setLineDash([4, 3]);
    line(g, left, y, right, y, color);
    g.setLineDash([]);
    font(g, 11, 550);
    g.fillStyle = colors.surface ?? '';
    g.fillRect(0, y - 7, left - 4, 14);
    label(g, title, left - 8, y, color, 550);
  }
  for (const check of own) {
    const x = xOf(layout, check.atMs);
    if (x >= left - 1 && x <= right + 1) mark(g, check, x, yOf(layout, lane, markMs(check, phase)), colors);
  }
  if (own.length === 0) {
    font(g, 12);
    g.textAlign = 'center';
    g.fillStyle = colors['ink-3'] ?? '';
    g.fillText('no data', (left + right) / 2, lane.plotTop + lane.plotHeight / 2);
  }
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

function mark(g: CanvasRenderingContext2D, check: Check, x: number, y: number, colors: Colors): void {
  const size = check.isRetried ? 1.8 : 2.8;
  g.globalAlpha = check.outcome === 'ok' ? 0.7 : 1;
  if (check.outcome === 'failed') {
    g.lineWidth = check.isRetried ? 1.2 : 1.6;
    g.strokeStyle = colors.failed ?? '';
    g.beginPath();
    g.moveTo(x - size, y - size);
    g.lineTo(x + size, y + size);
    g.moveTo(x + size, y - size);
    g.lineTo(x - size, y + size);
    g.stroke();
    g.lineWidth = 1;
  } else if (check.outcome === 'degraded') {
    g.fillStyle = colors['degraded-tile'] ?? '';
    g.beginPath();
    g.moveTo(x, y - size - 0.6);
    g.lineTo(x + size, y + size);
    g.lineTo(x - size, y + size);
    g.fill();
  } else {
    g.fillStyle = colors['data-1'] ?? '';
    g.beginPath();
    g.arc(x, y, 1.9, 0, 7);
    g.fill();
  }
  g.globalAlpha = 1;
}

function drawMarkers(g: CanvasRenderingContext2D, { layout, markers }: Drawing, colors: Colors): void {
  let takenUntil = 0;
  for (const { atMs, title, isBad } of markers) {
    const x = Math.round(xOf(layout, atMs)) + 0.5;
    if (x < layout.left || x > layout.right) continue;
    const color = (isBad ? colors['failed-tile'] : colors.accent) ?? '';
    line(g, x, 18, x, layout.height - 20, color);
    font(g, 11, 620);
    const wide = g.measureText(title).width + 12;
    const start = Math.min(x, layout.right - wide);
    // Two titles in one place could not be read.
    if (start < takenUntil) continue;
    takenUntil = start + wide + 4;
    g.fillStyle = color;
    g.beginPath();
    g.roundRect(start, 2, wide, 17, 3);
    g.fill();
    g.fillStyle = isBad ? '#fff' : (colors['on-accent'] ?? '');
    g.textAlign = 'left';
    g.fillText(title, start + 6, 14.5);
  }
}

function drawSelection(g: CanvasRenderingContext2D, { layout, selected, phase }: Drawing, colors: Colors): void {
  const lane = selected && layout.lanes.find(({ zone }) => zone === selected.zone);
  if (selected === undefined || lane === undefined) return;
  g.strokeStyle = colors['ink-1'] ?? '';
  g.lineWidth = 2;
  g.beginPath();
  g.arc(xOf(layout, selected.atMs), yOf(layout, lane, markMs(selected, phase)), 6, 0, 7);
  g.stroke();
  g.lineWidth = 1;
}

/** What the chart shows, as a sentence for those who do not see it. */
export function chartSentence({ checks, layout }: Pick<Drawing, 'checks' | 'layout'>): string {
  const failed = checks.filter(({ outcome, isRetried }) => outcome === 'failed' && !isRetried).length;
  const all = checks.filter(({ isRetried }) => !isRetried).length;
  const slowest = checks.reduce((most, { values }) => Math.max(most, values.durationMs ?? 0), 0);
  return `Duration of ${all} checks from ${layout.lanes.length} zones on a logarithmic scale; ${failed} failed, the longest took ${millisecondsText(slowest)}. The table of latest checks has the same numbers.`;
}
