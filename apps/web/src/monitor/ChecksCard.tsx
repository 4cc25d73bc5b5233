import type { Monitor } from '@watchkeeper/model';
import { countText, parseDuration } from '@watchkeeper/model/light';
import { useMemo } from 'react';
import { phases } from '../components/PhaseBar.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import type { MonitorSearch } from '../search.ts';
import { ChartLegend } from './ChartLegend.tsx';
import { ChecksChart } from './ChecksChart.tsx';
import { type Check, limitsOf, shortText } from './checks.ts';
import type { Drawing, Marker } from './draw-checks.ts';
import { stateChangesOf } from './state-changes.ts';

/** All checks on one axis, and what is drawn of them. */
export function ChecksCard({
  monitor,
  checks,
  range,
  isThinned,
  isLoaded,
  search,
  badSinceMs,
  zoneTitle,
  onChange,
}: {
  readonly monitor: Monitor;
  readonly checks: readonly Check[];
  readonly range: { readonly fromMs: number; readonly toMs: number };
  readonly isThinned: boolean;
  readonly isLoaded: boolean;
  readonly search: MonitorSearch;
  /** Since when it is not OK now. */
  readonly badSinceMs: number | undefined;
  readonly zoneTitle: (zone: string) => string;
  readonly onChange: (change: { readonly [Key in keyof MonitorSearch]?: MonitorSearch[Key] | undefined }) => void;
}) {
  const phase = search.phase ?? 'durationMs';
  const zones = useMemo(
    () => (search.zone === undefined ? monitor.zones : [search.zone]),
    [search.zone, monitor.zones],
  );
  const limits = useLimits(monitor);
  const markers = useMarkers(checks, badSinceMs);
  const used = phases.filter(({ value }) => value === phase || checks.some(({ values }) => (values[value] ?? 0) > 0));
  const pinned = useMemo(() => {
    const [zone, atMs] = search.sel?.split('~') ?? [];
    return checks.find((check) => check.zone === zone && check.atMs === Number(atMs));
  }, [checks, search.sel]);
  const count = checks.filter(({ isRetried }) => !isRetried).length;
  return (
    <section className="card">
      <header className="is-wrapping">
        <h2 className="h2">Every check</h2>
        <span className="s dim">
          {countText(count)} {count === 1 ? 'check' : 'checks'},{' '}
          {isThinned ? 'extremes and every failure' : 'one mark each'}, log scale
        </span>
        <span className="sp" />
        <ChartLegend />
        <Segmented
          label="What is drawn"
          value={phase}
          onChange={(value) => onChange({ phase: value === 'durationMs' ? undefined : value })}
          choices={[['durationMs', 'Total'], ...used.map(({ value, title }) => [value, title] as const)]}
        />
      </header>
      {isLoaded ? (
        <ChecksChart
          {...{ checks, zones, phase, limits, markers, zoneTitle, pinned }}
          fromMs={range.fromMs}
          toMs={range.toMs}
          watchedFromMs={Date.parse(monitor.createdAt)}
          intervalMs={Math.max(parseDuration(monitor.interval) ?? 0, isThinned ? (range.toMs - range.fromMs) / 300 : 0)}
          onPin={(check) => onChange({ sel: check === undefined ? undefined : `${check.zone}~${check.atMs}` })}
          onZoom={(fromMs, toMs) =>
            onChange({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
          }
          onTable={() => document.getElementById('checks')?.focus()}
        />
      ) : (
        <Skeleton height={420} />
      )}
    </section>
  );
}

function useLimits({ assertions, timeout }: Monitor): Drawing['limits'] {
  return useMemo(() => {
    const { failMs, warnMs } = limitsOf(assertions);
    const fatal = failMs ?? parseDuration(timeout) ?? 0;
    const limits = [{ ms: fatal, title: `limit ${shortText(fatal)}`, isFatal: true }];
    if (warnMs !== undefined) limits.push({ ms: warnMs, title: `slow ${shortText(warnMs)}`, isFatal: false });
    return limits;
  }, [assertions, timeout]);
}

const titles = { ok: 'OK again', degraded: 'Degraded', failed: 'Failed' } as const;

/** Changes of state; the one that began the present trouble is called so. */
function useMarkers(checks: readonly Check[], badSinceMs: number | undefined): readonly Marker[] {
  return useMemo(() => {
    const markers = stateChangesOf(checks).map(({ atMs, to }) => ({ atMs, to, title: titles[to] }) as Marker);
    const last = markers.at(-1);
    if (badSinceMs === undefined || last === undefined || last.to !== 'failed') return markers;
    return [...markers.slice(0, -1), { ...last, title: 'First failure' }];
  }, [checks, badSinceMs]);
}
