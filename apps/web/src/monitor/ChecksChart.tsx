import { clockText, millisecondsText, reasonTitle, stateTitles } from '@watchkeeper/model/light';
import { type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { phases } from '../components/PhaseBar.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { type ChartLayout, layOut, markAt, markMs, timeAt, xOf, yOf } from './chart-layout.ts';
import type { Check } from './checks.ts';
import { chartSentence, type Drawing, drawChecks, type Marker } from './draw-checks.ts';

export interface ChecksChartProps {
  readonly checks: readonly Check[];
  readonly zones: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly phase: string;
  readonly limits: Drawing['limits'];
  readonly markers: readonly Marker[];
  readonly zoneTitle: (zone: string) => string;
  readonly onZoom: (fromMs: number, toMs: number) => void;
}

/** All checks as marks, one lane per zone. Hovering reads a mark, a click pins it, dragging zooms the time. */
export function ChecksChart(props: ChecksChartProps) {
  const { checks, zones, fromMs, toMs, phase, limits, markers, zoneTitle, onZoom } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [hovered, hover] = useState<Check>();
  const [pinned, pin] = useState<Check>();
  const [brush, setBrush] = useState<readonly [number, number]>();
  const [theme, setTheme] = useState(0);

  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    const repaint = () => setTheme((count) => count + 1);
    window.addEventListener('wk-theme', repaint);
    void document.fonts.ready.then(repaint);
    return () => {
      observer.disconnect();
      window.removeEventListener('wk-theme', repaint);
    };
  }, []);

  const layout = useMemo(
    () =>
      layOut({
        width: Math.max(width, 280),
        zones,
        fromMs,
        toMs,
        durations: checks.map((check) => markMs(check, phase)),
        limits: limits.map(({ ms }) => ms),
      }),
    [width, zones, fromMs, toMs, checks, phase, limits],
  );
  const selected = pinned ?? hovered;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the theme paints again
  useEffect(() => {
    if (canvas.current === null || width === 0) return;
    drawChecks(canvas.current, { layout, checks, phase, limits, markers, zoneTitle, selected, brush });
  }, [layout, checks, phase, limits, markers, zoneTitle, selected, brush, theme, width]);

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
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = timeAt(layout, place(event).x);
    setBrush([at, at]);
  };
  const onUp = (event: PointerEvent<HTMLCanvasElement>) => {
    if (brush === undefined) return;
    const [first, last] = [Math.min(...brush), Math.max(...brush)];
    setBrush(undefined);
    if (xOf(layout, last) - xOf(layout, first) > 6) onZoom(first, last);
    else {
      const { x, y } = place(event);
      pin(markAt(layout, checks, phase, x, y));
    }
  };
  const close = useCallback(() => pin(undefined), []);
  return (
    <div className="plot" ref={frame}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={chartSentence({ checks, layout })}
        onPointerMove={onMove}
        onPointerDown={onDown}
        onPointerUp={onUp}
        onPointerLeave={() => hover(undefined)}
      />
      {selected === undefined ? null : (
        <Tip
          check={selected}
          layout={layout}
          phase={phase}
          zoneTitle={zoneTitle}
          {...(pinned === undefined ? {} : { onClose: close })}
        />
      )}
    </div>
  );
}

function Tip({
  check,
  layout,
  phase,
  zoneTitle,
  onClose,
}: {
  readonly check: Check;
  readonly layout: ChartLayout;
  readonly phase: string;
  readonly zoneTitle: (zone: string) => string;
  readonly onClose?: () => void;
}) {
  const lane = layout.lanes.find(({ zone }) => zone === check.zone);
  if (lane === undefined) return null;
  const x = xOf(layout, check.atMs);
  const y = yOf(layout, lane, markMs(check, phase));
  const isRight = x > layout.width - 260;
  const title =
    check.outcome === 'ok' || check.reason === null
      ? stateTitles[check.outcome === 'skipped' ? 'unknown' : check.outcome]
      : reasonTitle(check.reason);
  return (
    <div
      className="tip"
      style={{ top: Math.max(4, y - 20), ...(isRight ? { right: layout.width - x + 14 } : { left: x + 14 }) }}
    >
      <div className="r">
        <span className={`st is-${check.outcome}`}>
          <StateGlyph state={check.outcome} size={13} />
          {title}
        </span>
        <span className="dim tn">{clockText(check.atMs, Date.now())}</span>
      </div>
      <div className="sub">
        {zoneTitle(check.zone)}
        {check.isRetried ? ', tried again after this' : ''}
      </div>
      {phases.map(({ value, title: name }) =>
        check.values[value] === null || check.values[value] === undefined ? null : (
          <div key={value} className="r">
            <span className="sub">{name}</span>
            <b className="tn">{millisecondsText(check.values[value])}</b>
          </div>
        ),
      )}
      <div className="r">
        <span className="sub">Total</span>
        <b className="tn">{millisecondsText(check.values.durationMs)}</b>
      </div>
      {onClose === undefined ? null : (
        <button type="button" className="btn sm" onClick={onClose} style={{ marginTop: 6 }}>
          Close
        </button>
      )}
    </div>
  );
}
