import { clockText, millisecondsText, reasonTitle, stateTitles } from '@watchkeeper/model/light';
import { PhaseBar } from '../components/PhaseBar.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import type { Check } from './checks.ts';

type Only = 'failed' | 'slow' | undefined;

const shown = 50;

/** The newest checks as a table: the same numbers as the chart. */
export function LatestChecks({
  checks,
  zoneTitle,
  only,
  onOnly,
}: {
  readonly checks: readonly Check[];
  readonly zoneTitle: (zone: string) => string;
  readonly only?: Only;
  readonly onOnly: (only: Only) => void;
}) {
  const fits = ({ outcome }: Check) => only === undefined || outcome === (only === 'slow' ? 'degraded' : 'failed');
  const rows = checks.filter(fits).slice(-shown).reverse();
  const nowMs = Date.now();
  return (
    <section className="card">
      <header>
        <h2 className="h2">Latest checks</h2>
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
      <section style={{ overflow: 'auto', maxHeight: 360 }} aria-label="Latest checks" tabIndex={0}>
        <table className="latest">
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
            {rows.map((check) => (
              <tr key={`${check.atMs}${check.zone}${check.isRetried}`}>
                <td>
                  <time dateTime={new Date(check.atMs).toISOString()} title={new Date(check.atMs).toLocaleString()}>
                    {clockText(check.atMs, nowMs)}
                  </time>
                </td>
                <td>{zoneTitle(check.zone)}</td>
                <td>
                  <span className={`st is-${check.outcome}`}>
                    <StateGlyph state={check.outcome} size={13} />
                    {check.reason === null
                      ? stateTitles[check.outcome === 'skipped' ? 'unknown' : check.outcome]
                      : reasonTitle(check.reason)}
                    {check.isRetried ? ', tried again' : ''}
                  </span>
                </td>
                <td className="num">{millisecondsText(check.values.durationMs)}</td>
                <td>
                  <PhaseBar values={check.values} />
                </td>
                <td className="num dim">{check.values.attempt ?? '–'}</td>
                <td className="num dim">{millisecondsText(check.values.latenessMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 ? (
          <p className="empty">{only === undefined ? 'No checks in this time.' : 'None in this time.'}</p>
        ) : null}
      </section>
    </section>
  );
}
