import type { ProcessList } from '@watchkeeper/model';
import { clockText, countText, lagText, rangesText } from '@watchkeeper/model/light';
import { useEffect, useState } from 'react';
import { type LagPoint, lagPointOf, type ReaderLag, withPoint } from './lag-history.ts';
import { lagPaths, picture, type Scale, scaleOf, xOf } from './lag-picture.ts';

/** One picture per reader of the log, over the time that the page is open, on the same scales. */
export function LagCharts({ list }: { readonly list: ProcessList }) {
  const [history, setHistory] = useState<readonly LagPoint[]>([]);
  const [chosenMs, choose] = useState<number>();
  useEffect(() => setHistory((present) => withPoint(present, lagPointOf(list))), [list]);
  const readers = [...new Set(list.readers.map(({ reader }) => reader))];
  if (readers.length === 0 || history.length === 0) return null;
  const scale = scaleOf(history);
  const chosen = history.find(({ atMs }) => atMs === chosenMs);
  return (
    <section className="card lags" aria-label="How far readers are behind">
      <header className="explained">
        <h2 className="h2">Events not read yet</h2>
        <span className="sub s">since this page was opened, {clockText(history[0]?.atMs ?? 0, scale.toMs)} UTC</span>
      </header>
      <div className="lag-row">
        {readers.map((reader) => (
          <LagChart key={reader} {...{ reader, history, scale, chosen, choose }} />
        ))}
      </div>
    </section>
  );
}

interface ChartProps {
  readonly reader: string;
  readonly history: readonly LagPoint[];
  readonly scale: Scale;
  /** The moment that is read out in all pictures; the newest when undefined. */
  readonly chosen: LagPoint | undefined;
  readonly choose: (atMs: number | undefined) => void;
}

function LagChart({ reader, history, scale, chosen, choose }: ChartProps) {
  const { line, area, unread } = lagPaths(history, reader, scale);
  const shown = chosen ?? (history.at(-1) as LagPoint);
  const words = wordsOf(shown.readers.get(reader));
  const at = clockText(shown.atMs, scale.toMs);
  const x = (xOf(shown.atMs, scale) / picture.width) * 100;
  const most = Math.max(...history.map(({ readers }) => readers.get(reader)?.events ?? 0));
  return (
    <figure className="lag">
      <figcaption>
        <b>{reader}</b>
        <span className="tn">
          {chosen === undefined ? '' : `${at}: `}
          {words}
        </span>
      </figcaption>
      <div className="lag-plot">
        <span className="top dim">{countText(scale.top)}</span>
        <span className="zero dim">0</span>
        <svg viewBox={`0 0 ${picture.width} ${picture.height}`} preserveAspectRatio="none" aria-hidden="true">
          <path className="grid" d={`M0 .5h${picture.width}M0 ${picture.height - 0.5}h${picture.width}`} />
          {unread.map((band) => (
            <rect key={band.x} className="unread" x={band.x} width={band.width} height={picture.height} />
          ))}
          <path className="area" d={area} />
          <path className="line" d={line} />
        </svg>
        {chosen === undefined ? null : <i className="at" style={{ left: `${x}%` }} />}
        <input
          type="range"
          min={0}
          max={history.length - 1}
          value={history.indexOf(shown)}
          aria-label={`Events that ${reader} has not read; at most ${countText(most)} since the page was opened`}
          aria-valuetext={`${at}: ${words}`}
          onChange={(event) => choose(history[Number(event.target.value)]?.atMs)}
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            const wantedMs = scale.fromMs + ((event.clientX - box.left) / box.width) * (scale.toMs - scale.fromMs);
            choose(nearest(history, wantedMs)?.atMs);
          }}
          onPointerLeave={() => choose(undefined)}
          onBlur={() => choose(undefined)}
        />
      </div>
      <div className="lag-axis dim">
        <span>{clockText(scale.fromMs, scale.toMs)}</span>
        <span>{clockText(scale.toMs, scale.toMs)} UTC</span>
      </div>
    </figure>
  );
}

function wordsOf(lag: ReaderLag | undefined): string {
  if (lag === undefined) return 'nothing known';
  const left = lag.unread.length === 0 ? '' : `, nobody reads ${rangesText(lag.unread)}`;
  return `${lagText(lag)}${left}`;
}

function nearest(history: readonly LagPoint[], wantedMs: number): LagPoint | undefined {
  const away = ({ atMs }: LagPoint) => Math.abs(atMs - wantedMs);
  return history.reduce<LagPoint | undefined>(
    (best, candidate) => (best === undefined || away(candidate) < away(best) ? candidate : best),
    undefined,
  );
}
