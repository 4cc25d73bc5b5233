import { clockText, countText, reasonTitle } from '@watchkeeper/model/light';
import { memo } from 'react';
import type { Check } from './checks.ts';

/** Why checks fail: how often, from where, first and last seen. */
export const Reasons = memo(function Reasons({
  checks,
  zoneTitle,
}: {
  readonly checks: readonly Check[];
  readonly zoneTitle: (zone: string) => string;
}) {
  const bad = checks.filter(({ outcome }) => outcome === 'failed' || outcome === 'degraded');
  const groups = [...Map.groupBy(bad, ({ reason }) => reason ?? 'unknown')].sort(([, a], [, b]) => b.length - a.length);
  const most = groups[0]?.[1].length ?? 1;
  const nowMs = Date.now();
  return (
    <section className="card">
      <header>
        <h2 className="h2">Why it fails</h2>
        <span className="sp" />
        <span className="s dim">{bad.length === 0 ? '' : `${countText(bad.length)} attempts`}</span>
      </header>
      {groups.length === 0 ? <p className="empty">Nothing failed in this time.</p> : null}
      {groups.map(([reason, found]) => {
        const zones = [...Map.groupBy(found, ({ zone }) => zone)].map(
          ([zone, own]) => `${zoneTitle(zone)} ${own.length}`,
        );
        const [first, last] = [found[0], found.at(-1)];
        return (
          <div className="why" key={reason}>
            <span className="cut">
              <b>{reasonTitle(reason)}</b> <span className="mono sub">{reason}</span>
            </span>
            <span className="n tn">{countText(found.length)}</span>
            <span className="hb">
              <i style={{ width: `${(found.length / most) * 100}%` }} />
            </span>
            <span className="x tn">
              <span>
                {first === undefined ? '' : clockText(first.atMs, nowMs)} –{' '}
                {last === undefined ? '' : clockText(last.atMs, nowMs)}
              </span>
              <span>{zones.join(', ')}</span>
            </span>
          </div>
        );
      })}
    </section>
  );
});
