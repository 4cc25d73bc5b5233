import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { MonitorRow } from '@watchkeeper/model';
import { millisecondsText, reasonTitle, shareText } from '@watchkeeper/model/light';
import { useEffect, useRef } from 'react';
import { StateTag } from '../components/StateTag.tsx';
import { Strip } from '../components/Strip.tsx';

const rowHeight = () => (matchMedia('(max-width: 700px)').matches ? 112 : 36);

/** Rows of monitors; only those in sight are drawn, more are asked for when the end comes near. */
export function MonitorList({ rows, onEnd }: { readonly rows: readonly MonitorRow[]; readonly onEnd: () => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: rowHeight,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastIndex >= rows.length - 20) onEnd();
  }, [lastIndex, rows.length, onEnd]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="list" ref={scroller} aria-label="Monitors" tabIndex={0}>
      <div className="top" aria-hidden="true">
        <span>State</span>
        <span>Name</span>
        <span>Environment</span>
        <span>Zones</span>
        <span>Last 60 min</span>
        <span className="num">OK 1 h</span>
        <span className="num">p95</span>
        <span className="num">Every</span>
        <span>Why</span>
      </div>
      <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const row = rows[item.index];
          return row === undefined ? null : (
            <div
              key={row.monitor.id}
              data-index={item.index}
              ref={virtualizer.measureElement}
              style={{ position: 'absolute', insetInline: 0, transform: `translateY(${item.start}px)` }}
            >
              <Line row={row} />
            </div>
          );
        })}
      </div>
    </section>
  );
}

function Line({ row }: { readonly row: MonitorRow }) {
  const { monitor, status, okRatio, p95Ms } = row;
  const why = whyOf(row);
  return (
    <Link className="line" data-row to="/monitors/$id" params={{ id: monitor.id }}>
      <StateTag state={status.state} size={14} />
      <span className="cut" title={row.target}>
        <b>{monitor.name}</b> <span className="dim">{monitor.service}</span>
      </span>
      <span className="cut sub">{monitor.environment}</span>
      <span className="cut sub" title={monitor.zones.join(', ')}>
        {monitor.zones.length > 2 ? `${monitor.zones.length} zones` : monitor.zones.join(', ')}
      </span>
      <Strip strip={row.strip} width={180} />
      <span className="num">{shareText(okRatio)}</span>
      <span className="num">{millisecondsText(p95Ms)}</span>
      <span className="num sub">{monitor.interval}</span>
      <span className="cut sub" title={why}>
        {why}
      </span>
    </Link>
  );
}

/** The reason of a row in a few words. */
function whyOf({ status }: MonitorRow): string {
  if (status.state === 'ok' || status.state === 'paused') return '';
  return status.message ?? (status.reason === null ? '' : reasonTitle(status.reason));
}
