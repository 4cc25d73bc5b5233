import type { MonitorStatus } from '@watchkeeper/model';
import { clockText, millisecondsText, shareText } from '@watchkeeper/model/light';
import { memo } from 'react';
import { PhaseBar, phases } from '../components/PhaseBar.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { type Check, quantile } from './checks.ts';

/** Zones beside each other: how many were OK, and what the median check spent its time on, before and since. */
export const ZonesCard = memo(function ZonesCard({
  checks,
  statuses,
  zoneTitle,
  sinceMs,
}: {
  readonly checks: readonly Check[];
  readonly statuses: MonitorStatus['zones'];
  readonly zoneTitle: (zone: string) => string;
  /** When it became bad; the medians before and since are shown apart. */
  readonly sinceMs: number | undefined;
}) {
  const measured = statuses.map((status) => {
    const own = checks.filter(({ zone, isRetried }) => zone === status.zone && !isRetried);
    return {
      status,
      since: summaryOf(sinceMs === undefined ? own : own.filter(({ atMs }) => atMs >= sinceMs)),
      before: sinceMs === undefined ? undefined : summaryOf(own.filter(({ atMs }) => atMs < sinceMs)),
    };
  });
  const fullMs = Math.max(1, ...measured.flatMap(({ since, before }) => [since.totalMs ?? 0, before?.totalMs ?? 0]));
  const used = phases.filter(({ value }) =>
    measured.some(({ since, before }) => (since.medians[value] ?? before?.medians[value] ?? 0) > 0),
  );
  const clock = sinceMs === undefined ? '' : clockText(sinceMs, Date.now()).slice(-8, -3);
  return (
    <section className="card">
      <header>
        <h2 className="h2">Zones side by side</h2>
        <span className="sp" />
        <span className="s dim">median phases</span>
      </header>
      {measured.map(({ status, since, before }) => (
        <div className="zone" key={status.zone}>
          <div className="t">
            <StateGlyph state={status.state} size={14} />
            <b>{zoneTitle(status.zone)}</b>
            <span className="k tn">
              {status.state === 'degraded' ? (
                <span>
                  <b className="is-degraded">{shareText(since.slowRatio)}</b> slow
                </span>
              ) : (
                <span>
                  <b className={status.state === 'failed' ? 'is-failed' : ''}>{shareText(since.okRatio)}</b> OK
                </span>
              )}
              <span>
                p99 <b>{millisecondsText(since.p99Ms)}</b>
              </span>
            </span>
          </div>
          {before === undefined || before.totalMs === null ? null : (
            <Phases title={`before ${clock}`} summary={before} fullMs={fullMs} />
          )}
          <Phases title={sinceMs === undefined ? 'all' : `since ${clock}`} summary={since} fullMs={fullMs} />
        </div>
      ))}
      <div className="phl">
        {used.map(({ value, title, color }) => (
          <span key={value}>
            <i className="sw" style={{ background: color }} />
            {title}
          </span>
        ))}
      </div>
    </section>
  );
});

interface Summary {
  readonly okRatio: number | null;
  readonly slowRatio: number | null;
  readonly p99Ms: number | null;
  readonly totalMs: number | null;
  readonly medians: Readonly<Record<string, number | null>>;
}

function summaryOf(checks: readonly Check[]): Summary {
  const valuesOf = (name: string) => checks.flatMap(({ values }) => values[name] ?? []);
  const made = checks.filter(({ outcome }) => outcome !== 'skipped');
  const share = (wanted: Check['outcome']) =>
    made.length === 0 ? null : made.filter(({ outcome }) => outcome === wanted).length / made.length;
  const failed = share('failed');
  return {
    okRatio: failed === null ? null : 1 - failed,
    slowRatio: share('degraded'),
    p99Ms: quantile(valuesOf('durationMs'), 0.99),
    totalMs: quantile(valuesOf('durationMs'), 0.5),
    medians: Object.fromEntries(phases.map(({ value }) => [value, quantile(valuesOf(value), 0.5)])),
  };
}

function Phases({
  title,
  summary,
  fullMs,
}: {
  readonly title: string;
  readonly summary: Summary;
  readonly fullMs: number;
}) {
  return (
    <div className="p">
      <span>{title}</span>
      <PhaseBar values={summary.medians} fullMs={fullMs} width={156} />
      <b className="tn">{millisecondsText(summary.totalMs)}</b>
    </div>
  );
}
