import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { Overview, State } from '@watchkeeper/model';
import { stateTitles } from '@watchkeeper/model/light';
import { type FocusEvent, type MouseEvent, useEffect, useRef, useState } from 'react';
import { Icon } from '../components/Icon.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { MatrixRow, type Measure } from './MatrixRow.tsx';
import { moveBetweenTiles, takeTabStop } from './tile-focus.ts';

type Row = Overview['services'][number];

const legend: readonly State[] = ['ok', 'degraded', 'failed', 'unknown'];
const rowHeight = () => (matchMedia('(max-width: 700px)').matches ? 44 : 29);
/** Above this many rows the matrix scrolls by itself and draws only what is in sight. */
const mostRows = 60;

/** Services by environments, one tile per zone. Rows that are OK everywhere fold into one while something is wrong. */
export function Matrix({ overview, isFiltered }: { readonly overview: Overview; readonly isFiltered: boolean }) {
  const [measure, setMeasure] = useState<Measure>('ok');
  const [isUnfolded, unfold] = useState(false);
  const isWell = ({ cells }: Row) => cells.every(({ state }) => state === 'ok' || state === 'paused');
  const well = overview.services.filter(isWell);
  const isFolding = overview.problems.length > 0 && !isFiltered && well.length > 3 && !isUnfolded;
  const rows = isFolding ? overview.services.filter((row) => !isWell(row)) : overview.services;
  return (
    <section className="card">
      <header>
        <h2 className="h2">Services by environment</h2>
        <span className="s dim">worst first</span>
        <span className="sp" />
        <span className="legend">
          {legend.map((state) => (
            <span key={state}>
              <i className={`tile is-${state}`} />
              {stateTitles[state]}
            </span>
          ))}
        </span>
        <Segmented
          label="What the numbers show"
          value={measure}
          onChange={setMeasure}
          choices={[
            ['ok', 'OK %'],
            ['p95', 'p95'],
          ]}
        />
      </header>
      <MatrixTable rows={rows} environments={overview.environments} measure={measure} />
      {isFolding ? (
        <button type="button" className="rest" onClick={() => unfold(true)}>
          <Icon name="chevron-right" />
          <StateGlyph state="ok" size={14} />
          {well.length} more services, OK in every environment from every zone
        </button>
      ) : null}
    </section>
  );
}

function MatrixTable({
  rows,
  environments,
  measure,
}: {
  readonly rows: readonly Row[];
  readonly environments: Overview['environments'];
  readonly measure: Measure;
}) {
  const navigate = useNavigate();
  const scroller = useRef<HTMLElement>(null);
  const isLong = rows.length > mostRows;
  const virtualizer = useVirtualizer({
    count: isLong ? rows.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: rowHeight,
    overscan: 6,
  });
  const seen = virtualizer.getVirtualItems();
  const [first, last] = isLong ? [seen[0]?.index ?? 0, seen.at(-1)?.index ?? 0] : [0, rows.length - 1];
  // One tile can be reached by Tab; from there the arrow keys lead on.
  useEffect(() => {
    if (scroller.current?.querySelector('[data-tile][tabindex="0"]') === null) takeTabStop(scroller.current);
  });
  const onClick = (event: MouseEvent) => {
    const link = (event.target as HTMLElement).closest<HTMLAnchorElement>('a[data-tile]');
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    void navigate({ to: link.pathname + link.search });
  };
  const space = (height: number) =>
    height === 0 ? null : (
      <tr>
        <td style={{ height, padding: 0, border: 0 }} colSpan={environments.length + 1} />
      </tr>
    );
  return (
    <section
      ref={scroller}
      className={isLong ? 'scroll is-long' : 'scroll'}
      aria-label="Services by environment"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onKeyDown={moveBetweenTiles}
      onFocus={(event: FocusEvent) => takeTabStop(scroller.current, event.target)}
      onClick={onClick}
    >
      <table className="mx" aria-rowcount={rows.length + 2}>
        <thead>
          <tr>
            <th className="e" scope="col">
              <span className="visually-hidden">Service</span>
            </th>
            {environments.map(({ name, title }) => (
              <th key={name} className="e" scope="col">
                {title}
              </th>
            ))}
          </tr>
          <tr className="z">
            <td className="dim">Service</td>
            {environments.map(({ name, zones }) => (
              <td key={name}>
                <div className="zh">
                  {zones.map((zone) => (
                    <i key={zone.name} title={zone.title}>
                      {zone.code}
                    </i>
                  ))}
                </div>
              </td>
            ))}
          </tr>
        </thead>
        <tbody>
          {space(isLong ? (seen[0]?.start ?? 0) : 0)}
          {rows.slice(first, last + 1).map((row, index) => (
            <MatrixRow
              key={row.name}
              row={row}
              index={first + index + 3}
              environments={environments}
              measure={measure}
            />
          ))}
          {space(isLong ? virtualizer.getTotalSize() - (seen.at(-1)?.end ?? 0) : 0)}
        </tbody>
      </table>
    </section>
  );
}
