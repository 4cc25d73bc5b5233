import { useVirtualizer } from '@tanstack/react-virtual';
import { countText, millisecondsText, preciseClockText } from '@watchkeeper/model/light';
import { memo, useMemo, useRef } from 'react';
import { PhaseBar } from '../components/PhaseBar.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { outcomeText } from './CheckTip.tsx';
import type { Check } from './checks.ts';

type Only = 'failed' | 'slow' | undefined;

const columns = 7;

/** All checks of the range as a table, newest first: the same numbers as the chart. */
export const LatestChecks = memo(function LatestChecks({
  checks,
  zoneTitle,
  only,
  onOnly,
}: {
  readonly checks: readonly Check[];
  readonly zoneTitle: (zone: string) => string;
  readonly only: Only;
  readonly onOnly: (only: Only) => void;
}) {
  const scroller = useRef<HTMLElement>(null);
  const rows = useMemo(() => {
    const wanted = only === 'slow' ? 'degraded' : only;
    return (wanted === undefined ? checks : checks.filter(({ outcome }) => outcome === wanted)).toReversed();
  }, [checks, only]);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 32,
    overscan: 10,
  });
  const items = virtualizer.getVirtualItems();
  return (
    <section className="card">
      <header>
        <h2 className="h2">Latest checks</h2>
        <span className="s dim">{countText(rows.length)}</span>
        <span className="sp" />
        <Segmented
          label="Which checks"
          value={only ?? 'all'}
          onChange={(value) => onOnly(value === 'all' ? undefined : value)}
          choices={[
            ['all', 'All'],
            ['failed', 'Failed'],
            ['slow', 'Slow'],
          ]}
        />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section id="checks" className="checks" ref={scroller} aria-label="Latest checks" tabIndex={0}>
        <table className="latest" aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Zone</th>
              <th scope="col">Result</th>
              <th scope="col" className="num">
                Total
              </th>
              <th scope="col">Share of phases</th>
              <th scope="col" className="num">
                Attempt
              </th>
              <th scope="col" className="num">
                Started late by
              </th>
            </tr>
          </thead>
          <tbody>
            <Space height={items[0]?.start ?? 0} />
            {items.map(({ index, key }) => {
              const check = rows[index];
              return check === undefined ? null : (
                <Line key={key} check={check} index={index + 2} zone={zoneTitle(check.zone)} />
              );
            })}
            <Space height={virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0)} />
          </tbody>
        </table>
        {rows.length === 0 ? (
          <p className="empty">{only === undefined ? 'No checks in this time.' : 'None in this time.'}</p>
        ) : null}
      </section>
    </section>
  );
});

/** Stands for the rows that are not drawn. */
function Space({ height }: { readonly height: number }) {
  return height <= 0 ? null : (
    <tr>
      <td style={{ height, padding: 0, border: 0 }} colSpan={columns} />
    </tr>
  );
}

function Line({ check, index, zone }: { readonly check: Check; readonly index: number; readonly zone: string }) {
  return (
    <tr aria-rowindex={index}>
      <td>
        <time dateTime={new Date(check.atMs).toISOString()} title={new Date(check.atMs).toLocaleString()}>
          {preciseClockText(check.atMs)}
        </time>
      </td>
      <td>{zone}</td>
      <td>
        <span className={`st is-${check.outcome}`}>
          <StateGlyph state={check.outcome} size={13} />
          {outcomeText(check)}
        </span>
      </td>
      <td className="num">{millisecondsText(check.values.durationMs)}</td>
      <td>
        <PhaseBar values={check.values} />
      </td>
      <td className="num dim">{check.values.attempt ?? '–'}</td>
      <td className="num dim">{millisecondsText(check.values.latenessMs)}</td>
    </tr>
  );
}
