import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useCanvasFrame } from '../monitor/use-canvas-frame.ts';
import { type Box, boxOfCursor, type CellCursor, moveCursor } from './cell-cursor.ts';
import { drawPlot } from './draw-plot.ts';
import { drawSelection, type Framed } from './draw-selection.ts';
import { axisOf } from './extent.ts';
import { laneAt, layOutPlot, type PlotLane, plotTime, plotValue } from './plot-layout.ts';
import { boxReadOut, placeReadOut, type ReadOut, readOutText } from './read-out.ts';
import type { Explored } from './use-explore.ts';

/** A selection in a lane; without a group in the single one. */
export interface Selection extends Box {
  readonly group: string | undefined;
}

export interface PlotProps {
  readonly explored: Explored;
  /** Name of the value as people read it. */
  readonly valueName: string;
  readonly unit: string;
  readonly isCounted: boolean;
  readonly scale: 'log' | 'linear';
  /** The picture in one sentence, for those who do not see it. */
  readonly sentence: string;
  readonly selection: Selection | undefined;
  readonly onSelect: (selection: Selection | undefined) => void;
  /** The table with the same numbers is wanted. */
  readonly onTable: () => void;
}

/** A drag shorter than this, in pixels, is a click. */
const leastDrag = 5;

/** The picture. Hovering reads a place, dragging selects a rectangle; arrow keys move a cursor of cells that does both. */
export function Plot({
  explored,
  valueName,
  unit,
  isCounted,
  scale,
  sentence,
  selection,
  onSelect,
  onTable,
}: PlotProps) {
  const { lanes, view, range, highlight } = explored;
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const { frame, width, paint } = useCanvasFrame();
  const [hovered, hover] = useState<{ readonly x: number; readonly y: number }>();
  const [drag, setDrag] = useState<{ readonly lane: PlotLane; readonly from: Place; readonly to: Place }>();
  const [cursor, setCursor] = useState<CellCursor>();

  const axis = useMemo(() => axisOf(lanes, view, isCounted, scale), [lanes, view, isCounted, scale]);
  const groups = lanes.map(({ group }) => group);
  const layout = layOutPlot({
    width: Math.max(width, 240),
    fromMs: range.fromMs,
    toMs: range.toMs,
    axis,
    groups: highlight === undefined ? groups : [undefined],
    tall: width < 500 ? 300 : 470,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the layout follows from these; paint says that colours or fonts are others
  useEffect(() => {
    if (base.current === null || width === 0) return;
    drawPlot(base.current, { layout, view, lanes, highlight, unit, isCounted });
  }, [width, range.fromMs, range.toMs, axis, view, lanes, highlight, unit, isCounted, paint]);

  const laneOf = (group: string | undefined) => layout.lanes.findIndex((lane) => lane.group === group);
  const dragged = drag === undefined ? undefined : { lane: drag.lane, box: boxBetween(drag.from, drag.to) };
  const chosenLane = selection === undefined ? undefined : layout.lanes[laneOf(selection.group)];
  const selected: Framed | undefined =
    dragged ?? (selection === undefined || chosenLane === undefined ? undefined : { lane: chosenLane, box: selection });
  const cursorLane = cursor === undefined ? undefined : layout.lanes[cursor.lane];
  const atCursor =
    cursor === undefined || cursorLane === undefined
      ? undefined
      : { lane: cursorLane, box: boxOfCursor(cursor, layout) };
  useEffect(() => {
    if (top.current !== null && width > 0) drawSelection(top.current, layout, { selected, cursor: atCursor });
  });

  const placeOf = (event: PointerEvent) => {
    const frameBox = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - frameBox.left, y: event.clientY - frameBox.top };
  };
  const valueAt = (lane: PlotLane, { x, y }: { x: number; y: number }): Place => ({
    x,
    y,
    atMs: plotTime(layout, x),
    value: plotValue(layout, lane, y),
  });
  const onDown = (event: PointerEvent<HTMLCanvasElement>) => {
    const lane = laneAt(layout, placeOf(event).y);
    if (event.button !== 0 || lane === undefined) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = valueAt(lane, placeOf(event));
    setDrag({ lane, from: at, to: at });
  };
  const onMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const place = placeOf(event);
    if (drag === undefined) hover(place);
    else setDrag({ ...drag, to: valueAt(drag.lane, place) });
  };
  const onUp = () => {
    if (drag === undefined || dragged === undefined) return;
    setDrag(undefined);
    const isClick = Math.abs(drag.to.x - drag.from.x) < leastDrag || Math.abs(drag.to.y - drag.from.y) < leastDrag;
    if (isClick) onSelect(undefined);
    else select(dragged);
  };
  const select = ({ lane, box }: Framed) => {
    // What stands on the edge of the axis may lie beyond it.
    const low = box.low <= axis.low * (1 + 1e-9) ? Number.NEGATIVE_INFINITY : box.low;
    const high = box.high >= axis.high * (1 - 1e-9) ? Number.POSITIVE_INFINITY : box.high;
    onSelect({ ...box, low, high, group: lane.group });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moved = moveCursor(cursor, event.key, event.shiftKey, layout.lanes.length);
    if (moved !== undefined) setCursor(moved);
    else if (event.key === 'Enter' && atCursor !== undefined) select(atCursor);
    else if (event.key === 'Escape') {
      setCursor(undefined);
      setDrag(undefined);
      onSelect(undefined);
    } else if (event.key === 't') onTable();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const dataOf = (lane: PlotLane) => lanes[layout.lanes.indexOf(lane)];
  const framed = dragged === undefined ? atCursor : { lane: dragged.lane, box: dragged.box };
  const hoveredLane = hovered === undefined ? undefined : laneAt(layout, hovered.y);
  const readOut =
    framed !== undefined
      ? boxReadOut(dataOf(framed.lane), view, framed.box, valueName, unit)
      : hovered === undefined || hoveredLane === undefined
        ? undefined
        : placeReadOut(dataOf(hoveredLane), { layout, lane: hoveredLane, ...hovered }, { view, valueName, unit });
  const tipAt = drag?.to ?? (atCursor === undefined ? hovered : placeBeside(layout, atCursor));
  return (
    <div className="plot explore-plot" ref={frame}>
      <section
        aria-label={`Picture of ${valueName}. Arrow keys move a cursor of cells, Shift and arrows make it larger, Enter breaks down what is in it, t leads to the table.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the cells are read by arrow keys
        tabIndex={0}
        onKeyDown={onKey}
        onBlur={() => setCursor(undefined)}
        style={{ height: layout.height }}
      >
        <canvas ref={base} />
        <canvas
          ref={top}
          role="img"
          aria-label={sentence}
          onPointerDown={onDown}
          onPointerMove={onMove}
          onPointerUp={onUp}
          onPointerCancel={() => setDrag(undefined)}
          onPointerLeave={() => hover(undefined)}
        />
        <div className="visually-hidden" role="status">
          {atCursor === undefined || readOut === undefined ? '' : readOutText(readOut)}
        </div>
      </section>
      {readOut === undefined || tipAt === undefined ? null : <Tip readOut={readOut} at={tipAt} width={layout.width} />}
    </div>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly atMs: number;
  readonly value: number;
}

const boxBetween = (a: Place, b: Place): Box => ({
  fromMs: Math.round(Math.min(a.atMs, b.atMs)),
  toMs: Math.round(Math.max(a.atMs, b.atMs)),
  low: Math.min(a.value, b.value),
  high: Math.max(a.value, b.value),
});

/** The upper right corner of a rectangle. */
function placeBeside(layout: Parameters<typeof plotTime>[0], { lane, box }: Framed) {
  const share = (box.toMs - layout.fromMs) / (layout.toMs - layout.fromMs);
  return { x: layout.left + share * (layout.right - layout.left), y: lane.plotTop + 20 };
}

function Tip({
  readOut,
  at,
  width,
}: {
  readonly readOut: ReadOut;
  readonly at: { readonly x: number; readonly y: number };
  readonly width: number;
}) {
  const style = at.x > width - 260 ? { right: Math.max(4, width - at.x + 14) } : { left: at.x + 14 };
  return (
    <div className="tip" style={{ top: Math.max(4, at.y - 20), ...style }}>
      {readOut.map(([name, text]) => (
        <div key={name} className="r">
          <span className="sub">{name}</span>
          <b className="tn">{text}</b>
        </div>
      ))}
    </div>
  );
}
