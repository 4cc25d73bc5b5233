import { useVirtualizer } from '@tanstack/react-virtual';
import type { MonitorRow } from '@watchkeeper/model';
import { useEffect, useRef } from 'react';
import { MonitorLine } from './MonitorLine.tsx';

const isNarrow = () => matchMedia('(max-width: 700px)').matches;
const rowHeight = () => (isNarrow() ? 118 : 36);

/** Rows of monitors; only those in sight are drawn, and told to `onSight` so that their pages are loaded. */
export function MonitorList({
  count,
  rowAt,
  onSight,
}: {
  readonly count: number;
  readonly rowAt: (index: number) => MonitorRow | undefined;
  readonly onSight: (range: readonly [number, number]) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: rowHeight,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => onSight([first, last]), [first, last, onSight]);
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
          const row = rowAt(item.index);
          return (
            <div
              key={item.key}
              data-index={item.index}
              ref={virtualizer.measureElement}
              style={{ position: 'absolute', insetInline: 0, transform: `translateY(${item.start}px)` }}
            >
              {row === undefined ? <div className="line is-waiting" /> : <MonitorLine row={row} />}
            </div>
          );
        })}
      </div>
    </section>
  );
}
