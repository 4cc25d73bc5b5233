import { Link } from '@tanstack/react-router';
import type { Overview, State } from '@watchkeeper/model';
import { millisecondsText, shareText, stateTitles } from '@watchkeeper/model/light';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { Icon } from '../components/Icon.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';

type Measure = 'ok' | 'p95';
type Row = Overview['services'][number];

const legend: readonly State[] = ['ok', 'degraded', 'failed', 'unknown'];

/** Services by environments, one tile per zone. Rows that are OK everywhere fold into one while something is wrong. */
export function Matrix({ overview }: { readonly overview: Overview }) {
  const [measure, setMeasure] = useState<Measure>('ok');
  const [isUnfolded, unfold] = useState(false);
  const isWell = ({ cells }: Row) => cells.every(({ state }) => state === 'ok' || state === 'paused');
  const well = overview.services.filter(isWell);
  const isFolding = overview.problems.length > 0 && well.length > 3 && !isUnfolded;
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
              <Tile state={state} />
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="scroll" aria-label="Services by environment" tabIndex={0} onKeyDown={moveBetweenTiles}>
        <table className="mx">
          <thead>
            <tr>
              <th className="e" scope="col">
                <span className="visually-hidden">Service</span>
              </th>
              {overview.environments.map(({ name, title }) => (
                <th key={name} className="e" scope="col">
                  {title}
                </th>
              ))}
            </tr>
            <tr className="z">
              <td className="dim">Service</td>
              {overview.environments.map(({ name, zones }) => (
                <th key={name}>
                  <div className="zh">
                    {zones.map((zone) => (
                      <i key={zone.name} title={zone.title}>
                        {zone.code}
                      </i>
                    ))}
                  </div>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <MatrixRow key={row.name} row={row} overview={overview} measure={measure} />
            ))}
          </tbody>
        </table>
      </section>
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

function MatrixRow({
  row,
  overview,
  measure,
}: {
  readonly row: Row;
  readonly overview: Overview;
  readonly measure: Measure;
}) {
  return (
    <tr>
      <th scope="row">{row.title}</th>
      {overview.environments.map(({ name: environment, zones }) => {
        const cell = row.cells.find((candidate) => candidate.environment === environment);
        if (cell === undefined)
          return (
            <td key={environment} className="dim">
              –
            </td>
          );
        const value = measure === 'ok' ? shareText(cell.okRatio) : millisecondsText(cell.p95Ms);
        const isLoud = cell.state === 'failed' || cell.state === 'degraded';
        return (
          <td key={environment}>
            <Link className="cell" to="/monitors" search={{ service: row.name, env: environment }} data-tile>
              {zones.map((zone) => {
                const seen = cell.zones.find((candidate) => candidate.zone === zone.name);
                return seen === undefined ? (
                  <span key={zone.name} className="tile" />
                ) : (
                  <Tile key={zone.name} state={seen.state} label={`${zone.title}: ${stateTitles[seen.state]}`} />
                );
              })}
              <span className={`v tn ${isLoud ? `is-${cell.state}` : ''}`}>{value}</span>
            </Link>
          </td>
        );
      })}
    </tr>
  );
}

/** Arrow keys move between cells. */
function moveBetweenTiles(event: KeyboardEvent<HTMLElement>): void {
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  };
  const step = steps[event.key];
  const cell = (event.target as HTMLElement).closest('td');
  const row = cell?.closest('tr');
  if (step === undefined || cell === null || row === null || row === undefined) return;
  const [byColumn, byRow] = step;
  const rows = [...(row.parentElement?.children ?? [])];
  const target = rows[rows.indexOf(row) + byRow]?.children[cell.cellIndex + byColumn];
  const link = target?.querySelector<HTMLElement>('[data-tile]');
  if (link === null || link === undefined) return;
  event.preventDefault();
  link.focus();
}

const marks: Readonly<Record<State, ReactNode>> = {
  ok: (
    <path
      d="M2 5.2l2.1 2.1L8 3"
      fill="none"
      stroke="var(--ok)"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  ),
  failed: <path d="M2 2l6 6M8 2L2 8" stroke="#fff" strokeWidth="2" strokeLinecap="round" />,
  degraded: <path d="M5 1.2L9.2 8.8H.8z" fill="#3B2600" />,
  unknown: null,
  maintenance: <path d="M3.4 2v6M6.6 2v6" stroke="var(--maintenance)" strokeWidth="1.8" strokeLinecap="round" />,
  paused: <path d="M3.4 2v6M6.6 2v6" stroke="var(--ink-3)" strokeWidth="1.8" strokeLinecap="round" />,
};

function Tile({ state, label }: { readonly state: State; readonly label?: string }) {
  return (
    <span className={`tile is-${state} ${state === 'unknown' ? 'hatch' : ''}`} title={label}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {marks[state]}
      </svg>
      {label === undefined ? null : <span className="visually-hidden">{label}</span>}
    </span>
  );
}
