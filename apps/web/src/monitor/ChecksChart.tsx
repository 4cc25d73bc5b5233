import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { CheckTip, checkSentence } from './CheckTip.tsx';
import { layOut, markAt, markBeside, markMs, timeAt, xOf, yOf } from './chart-layout.ts';
import type { Check } from './checks.ts';
import { chartSentence, type Drawing, drawChecks, drawOverlay, type Marker } from './draw-checks.ts';
import { gapsOf } from './gaps.ts';
import { useCanvasFrame } from './use-canvas-frame.ts';

export interface ChecksChartProps {
  /** In the order of time. */
  readonly checks: readonly Check[];
  readonly zones: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Before this nobody watched, so nothing is missing. */
  readonly watchedFromMs: number;
  readonly intervalMs: number;
  readonly phase: string;
  readonly limits: Drawing['limits'];
  readonly markers: readonly Marker[];
  readonly zoneTitle: (zone: string) => string;
  readonly pinned: Check | undefined;
  readonly onPin: (check: Check | undefined) => void;
  readonly onZoom: (fromMs: number, toMs: number) => void;
  /** The table with the same numbers is wanted. */
  readonly onTable: () => void;
}

/** A drag shorter than this, in pixels, is a click. */
const leastDrag = 6;

/** All checks as marks, one lane per zone. Hovering reads a mark, a click pins it, dragging zooms the time. */
export function ChecksChart(props: ChecksChartProps) {
  const { checks, zones, fromMs, toMs, watchedFromMs, intervalMs, phase, limits, markers, zoneTitle } = props;
  const { pinned, onPin, onZoom, onTable } = props;
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const { frame, width, paint } = useCanvasFrame();
  const [hovered, hover] = useState<Check>();
  const [focused, focus] = useState<Check>();
  const [brush, setBrush] = useState<readonly [number, number]>();

  const layout = useMemo(
    () =>
      layOut({
        width: Math.max(width, 240),
        zones,
        fromMs,
        toMs,
        durations: checks.map((check) => markMs(check, phase)),
        limits: limits.map(({ ms }) => ms),
      }),
    [width, zones, fromMs, toMs, checks, phase, limits],
  );
  const checksByZone = useMemo(() => Map.groupBy(checks, ({ zone }) => zone), [checks]);
  const gapsByZone = useMemo(() => {
    const range = { fromMs: Math.max(fromMs, watchedFromMs), toMs, intervalMs };
    const timesOf = (zone: string) =>
      (checksByZone.get(zone) ?? []).filter(({ isRetried }) => !isRetried).map(({ atMs }) => atMs);
    return new Map(zones.map((zone) => [zone, gapsOf(timesOf(zone), range)]));
  }, [checksByZone, zones, fromMs, toMs, watchedFromMs, intervalMs]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: paint says that the colours or fonts are others now
  useEffect(() => {
    if (base.current === null || width === 0) return;
    drawChecks(base.current, { layout, checksByZone, gapsByZone, intervalMs, phase, limits, markers, zoneTitle });
  }, [layout, checksByZone, gapsByZone, intervalMs, phase, limits, markers, zoneTitle, width, paint]);
  const sentence = useMemo(() => chartSentence(checks, zones.length), [checks, zones]);
  const selected = hovered ?? focused ?? pinned;
  // biome-ignore lint/correctness/useExhaustiveDependencies: paint says that the colours are others now
  useEffect(() => {
    if (top.current === null || width === 0) return;
    drawOverlay(top.current, { layout, phase, selected, brush });
  }, [layout, phase, selected, brush, width, paint]);

  const place = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const { x, y } = place(event);
    if (brush !== undefined) setBrush([brush[0], timeAt(layout, x)]);
    else hover(markAt(layout, checks, phase, x, y));
  };
  const onDown = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = timeAt(layout, place(event).x);
    setBrush([at, at]);
  };
  const onUp = (event: PointerEvent<HTMLCanvasElement>) => {
    if (brush === undefined) return;
    const [first, last] = [Math.min(...brush), Math.max(...brush)];
    setBrush(undefined);
    if (xOf(layout, last) - xOf(layout, first) > leastDrag) onZoom(first, last);
    else {
      const { x, y } = place(event);
      focus(undefined);
      onPin(markAt(layout, checks, phase, x, y));
    }
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) {
      focus(markBeside(layout, checksByZone, focused ?? pinned, event.key) ?? focused);
    } else if (event.key === 'Enter' && focused !== undefined) onPin(focused);
    else if (event.key === 'Escape') {
      focus(undefined);
      setBrush(undefined);
      onPin(undefined);
    } else if (event.key === 't') onTable();
    else return;
    event.preventDefault();
  };
  const close = () => {
    focus(undefined);
    onPin(undefined);
  };
  const lane = selected && layout.lanes.find(({ zone }) => zone === selected.zone);
  const x = selected === undefined ? 0 : xOf(layout, selected.atMs);
  return (
    <div className="plot" ref={frame}>
      <section
        aria-label="Every check. Arrow keys go from mark to mark, Enter pins one, t leads to the table."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the marks are read by arrow keys
        tabIndex={0}
        onKeyDown={onKey}
        onBlur={() => focus(undefined)}
        style={{ height: layout.height }}
      >
        <canvas ref={base} />
        <canvas
          ref={top}
          role="img"
          aria-label={sentence}
          onPointerMove={onMove}
          onPointerDown={onDown}
          onPointerUp={onUp}
          onPointerCancel={() => setBrush(undefined)}
          onPointerLeave={() => hover(undefined)}
        />
        <div className="visually-hidden" role="status">
          {focused === undefined ? '' : checkSentence(focused, zoneTitle)}
        </div>
      </section>
      {selected === undefined || lane === undefined || x < layout.left - 1 || x > layout.right + 1 ? null : (
        <CheckTip
          check={selected}
          zoneTitle={zoneTitle}
          style={{
            top: Math.max(4, yOf(layout, lane, markMs(selected, phase)) - 20),
            ...(x > layout.width - 260 ? { right: Math.max(4, layout.width - x + 14) } : { left: x + 14 }),
          }}
          {...(selected === pinned ? { onClose: close } : {})}
        />
      )}
    </div>
  );
}
