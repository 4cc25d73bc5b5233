import { countText, preciseClockText, reasonTitle } from '@watchkeeper/model/light';
import type { Point } from './answers.ts';
import type { Box } from './cell-cursor.ts';
import { groupTitle } from './draw-frame.ts';
import { lineKinds } from './draw-lines.ts';
import { eventsWithin } from './heat.ts';
import { type PlotLane, type PlotLayout, plotTime, plotValue, plotX, plotY } from './plot-layout.ts';
import type { LaneData, View } from './use-explore.ts';
import { valueText } from './value-text.ts';

/** What is said of a place of the picture: name and text. */
export type ReadOut = readonly (readonly [name: string, text: string])[];

const clock = (atMs: number) => new Date(atMs).toISOString().slice(11, 19);
const outcomeWords = { ok: 'OK', degraded: 'Degraded', failed: 'Failed', skipped: 'Skipped' } as const;

/** Events in a rectangle; of a heat map those that its cells say, of dots every one. Null where it is not known. */
export function eventsInBox(data: LaneData | undefined, view: View, box: Box): number | null {
  if (view === 'heat' && data?.heat !== undefined) return eventsWithin(data.heat, box);
  if (view !== 'dots' || data?.points === undefined || data.points.isThinned) return null;
  return data.points.points.filter(
    ({ atMs, value }) => atMs >= box.fromMs && atMs < box.toMs && value >= box.low && value < box.high,
  ).length;
}

/** A rectangle in words. */
export function boxReadOut(data: LaneData | undefined, view: View, box: Box, valueName: string, unit: string): ReadOut {
  const events = eventsInBox(data, view, box);
  return [
    ...(data?.group === undefined ? [] : [['In', groupTitle(data.group)] as const]),
    ['Time', `${clock(box.fromMs)} to ${clock(box.toMs)}`],
    [valueName, `${valueText(box.low, unit)} to ${valueText(box.high, unit)}`],
    ...(events === null ? [] : [['Events', countText(events)] as const]),
  ];
}

export const readOutText = (readOut: ReadOut): string => readOut.map(([name, text]) => `${name}: ${text}`).join(', ');

/** How far from the pointer a mark may be, in pixels. */
const reach = 8;
const cell = 4;

/** What lies under the pointer; undefined of an empty place. */
export function placeReadOut(
  data: LaneData | undefined,
  place: { readonly layout: PlotLayout; readonly lane: PlotLane; readonly x: number; readonly y: number },
  { view, valueName, unit }: { readonly view: View; readonly valueName: string; readonly unit: string },
): ReadOut | undefined {
  const { layout, lane, x, y } = place;
  if (data === undefined || x < layout.left || x > layout.right) return undefined;
  if (view === 'heat') {
    const stepMs = data.heat?.stepMs ?? 1000;
    const fromMs = Math.floor(plotTime(layout, x) / stepMs) * stepMs;
    const wideMs = Math.max(stepMs, plotTime(layout, x + cell) - plotTime(layout, x));
    const box = {
      fromMs,
      toMs: fromMs + wideMs,
      low: plotValue(layout, lane, y + cell / 2),
      high: plotValue(layout, lane, y - cell / 2),
    };
    return (eventsInBox(data, view, box) ?? 0) < 0.05 ? undefined : boxReadOut(data, view, box, valueName, unit);
  }
  if (view === 'dots') {
    const point = nearestPoint(data.points?.points ?? [], place);
    if (point === undefined) return undefined;
    return [
      ['Time', preciseClockText(point.atMs)],
      ...(data.group === undefined ? [] : [['In', groupTitle(data.group)] as const]),
      [valueName, valueText(point.value, unit)],
      ['Outcome', outcomeWords[point.outcome] ?? reasonTitle(point.outcome)],
    ];
  }
  const stepMs = data.periods?.stepMs ?? 0;
  const atMs = plotTime(layout, x);
  const row = data.periods?.rows.find((period) => atMs >= period.atMs && atMs < period.atMs + stepMs);
  if (row === undefined) return undefined;
  return [
    ['Time', `${clock(row.atMs)} to ${clock(row.atMs + stepMs)}`],
    ['Events', countText(row.count)],
    ...lineKinds.flatMap(({ name, title }) =>
      row.values[name] === undefined ? [] : [[title, valueText(row.values[name], unit)] as const],
    ),
  ];
}

function nearestPoint(
  points: readonly Point[],
  {
    layout,
    lane,
    x,
    y,
  }: { readonly layout: PlotLayout; readonly lane: PlotLane; readonly x: number; readonly y: number },
): Point | undefined {
  let best: Point | undefined;
  let nearest = reach;
  for (const point of points) {
    const dx = plotX(layout, point.atMs) - x;
    if (dx < -reach || dx > reach) continue;
    const distance = Math.hypot(dx, plotY(layout, lane, point.value) - y);
    if (distance <= nearest) [best, nearest] = [point, distance];
  }
  return best;
}
