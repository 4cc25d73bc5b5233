import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { EventView, Monitor } from '@watchkeeper/model';
import { countText, monitorAnswer, parseDuration } from '@watchkeeper/model/light';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { api, useZones } from '../api.ts';
import { useNow } from '../clock.ts';
import { Failure } from '../components/Failure.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { useLiveEvents } from '../live.ts';
import { Actions } from '../monitor/Actions.tsx';
import { ChecksChart } from '../monitor/ChecksChart.tsx';
import { type Check, checkOfEvent, checksOf, limitsOf, mergeChecks } from '../monitor/checks.ts';
import { LatestChecks } from '../monitor/LatestChecks.tsx';
import { Reasons } from '../monitor/Reasons.tsx';
import { ZonesCard } from '../monitor/ZonesCard.tsx';
import { type MonitorSearch, rangeOf } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import '../monitor/monitor.css';

/** One monitor: how it is and why, then every single check. */
export function MonitorPage() {
  const { id } = useParams({ from: '/shell/monitors/$id' });
  const monitor = useQuery({
    queryKey: ['monitor', id],
    queryFn: ({ signal }) => api.call('getMonitor', { params: { id }, signal }),
  });
  useCrumbs({ title: 'Monitors', to: '/monitors' }, { title: monitor.data?.name ?? 'Monitor' });
  if (monitor.data === undefined) {
    return monitor.error === null ? (
      <Skeleton height={520} />
    ) : (
      <Failure error={monitor.error} onRetry={() => void monitor.refetch()} />
    );
  }
  return <Detail key={id} monitor={monitor.data} />;
}

function Detail({ monitor }: { readonly monitor: Monitor }) {
  const search = useSearch({ from: '/shell/monitors/$id' }) as MonitorSearch;
  const navigate = useNavigate();
  const nowMs = useNow();
  const zoneTitle = useZoneTitle();
  const { checks, range, error, refetch, isThinned, isLoaded } = useChecks(monitor, search, nowMs);
  const status = useQuery({
    queryKey: ['monitor-status', monitor.id],
    queryFn: ({ signal }) => api.call('getMonitorStatus', { params: { id: monitor.id }, signal }),
    refetchInterval: 10_000,
  });
  const phase = search.phase ?? 'durationMs';
  const zones = useMemo(
    () => (search.zone === undefined ? monitor.zones : [search.zone]),
    [search.zone, monitor.zones],
  );
  const limits = useLimits(monitor);
  const since = status.data?.since ?? null;
  const isBad = status.data?.state === 'failed' || status.data?.state === 'degraded';
  const badSinceMs = isBad && since !== null ? Date.parse(since) : undefined;
  const markers = useMemo(
    () => (badSinceMs === undefined ? [] : [{ atMs: badSinceMs, title: 'First failure', isBad: true }]),
    [badSinceMs],
  );
  const change = (next: Readonly<Record<string, unknown>>) =>
    void navigate({
      to: '.',
      search: ((present: MonitorSearch) =>
        Object.fromEntries(
          Object.entries({ ...present, ...next }).filter(([, value]) => value !== undefined),
        )) as never,
    });
  const answer = status.data === undefined ? undefined : monitorAnswer(status.data, nowMs, zoneTitle);
  return (
    <>
      <div className="mhead">
        <StateGlyph state={answer?.state ?? 'unknown'} size={28} />
        <h1 className="h1">{monitor.name}</h1>
        <Actions monitor={monitor} />
        <div className="rest">
          <p aria-live="polite">{answer?.sentences.join(' ') ?? ''}</p>
          <Facts monitor={monitor} />
        </div>
      </div>
      {error === null ? null : <Failure error={error} onRetry={refetch} />}
      <div className={error === null ? 'grid' : 'grid stale'}>
        <div className="col">
          <section className="card">
            <header>
              <h2 className="h2">Every check</h2>
              <span className="s dim">
                {countText(checks.filter(({ isRetried }) => !isRetried).length)} checks,{' '}
                {isThinned ? 'extremes and every failure' : 'one mark each'}, log scale
              </span>
              <span className="sp" />
              <Legend />
              <Segmented
                label="What is drawn"
                value={phase}
                onChange={(value) => change({ phase: value === 'durationMs' ? undefined : value })}
                choices={[
                  ['durationMs', 'Total'],
                  ['connectMs', 'Connect'],
                  ...(monitor.type === 'tcp' ? [] : ([['firstByteMs', 'First byte']] as const)),
                ]}
              />
            </header>
            {isLoaded ? (
              <ChecksChart
                {...{ checks, zones, phase, limits, markers, zoneTitle }}
                fromMs={range.fromMs}
                toMs={range.toMs}
                onZoom={(fromMs, toMs) =>
                  change({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
                }
              />
            ) : (
              <Skeleton height={420} />
            )}
          </section>
          <LatestChecks
            checks={checks}
            zoneTitle={zoneTitle}
            {...(search.outcome === undefined ? {} : { only: search.outcome })}
            onOnly={(outcome) => change({ outcome })}
          />
        </div>
        <div className="col">
          <ZonesCard
            {...{ checks, zoneTitle }}
            statuses={status.data?.zones ?? []}
            {...(badSinceMs === undefined ? {} : { sinceMs: badSinceMs })}
          />
          <Reasons checks={checks} zoneTitle={zoneTitle} />
        </div>
      </div>
    </>
  );
}

function useZoneTitle(): (zone: string) => string {
  const zones = useZones().data?.items;
  return useCallback((name: string) => zones?.find((zone) => zone.name === name)?.title ?? name, [zones]);
}

/** Checks of the range in the address; while it ends now, new ones come over the stream. */
function useChecks(monitor: Monitor, search: MonitorSearch, nowMs: number) {
  const { from, to } = search;
  const query = useQuery({
    queryKey: ['checks', monitor.id, from, to],
    queryFn: ({ signal }) =>
      api.call('getMonitorChecks', {
        params: { id: monitor.id },
        query: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
        signal,
      }),
    staleTime: 30_000,
    placeholderData: (previous) => previous,
  });
  const loaded = useMemo(() => (query.data === undefined ? [] : checksOf(query.data)), [query.data]);
  const [arrived, setArrived] = useState<readonly Check[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was loaded anew has everything that came before
  useEffect(() => setArrived([]), [query.dataUpdatedAt]);
  const isLive = to === undefined;
  useLiveEvents(
    useCallback(
      (events: readonly EventView[]) => {
        if (!isLive) return;
        const checks = events
          .filter((event) => event.source === monitor.id && event.attributes.trigger === undefined)
          .flatMap((event) => checkOfEvent(event) ?? []);
        if (checks.length > 0) setArrived((present) => [...present, ...checks]);
      },
      [monitor.id, isLive],
    ),
  );
  // The chart moves on once a second while it is live.
  const second = isLive ? Math.floor(nowMs / 1000) * 1000 : 0;
  const { fromMs, toMs } = rangeOf(search, second);
  const merged = useMemo(() => mergeChecks(loaded, arrived), [loaded, arrived]);
  const checks = useMemo(() => merged.filter(({ atMs }) => atMs >= fromMs), [merged, fromMs]);
  return {
    checks,
    range: { fromMs, toMs },
    error: query.error,
    refetch: () => void query.refetch(),
    isThinned: query.data?.thinned ?? false,
    isLoaded: query.data !== undefined,
  };
}

function useLimits({ assertions, timeout }: Monitor) {
  return useMemo(() => {
    const { failMs, warnMs } = limitsOf(assertions);
    const timeoutMs = parseDuration(timeout) ?? 0;
    const fatal = failMs ?? timeoutMs;
    const limits = [{ ms: fatal, title: `limit ${shortText(fatal)}`, isFatal: true }];
    if (warnMs !== undefined) limits.push({ ms: warnMs, title: `slow ${shortText(warnMs)}`, isFatal: false });
    return limits;
  }, [assertions, timeout]);
}

const shortText = (ms: number) => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`);

function Facts({ monitor }: { readonly monitor: Monitor }) {
  const { failMs, warnMs } = limitsOf(monitor.assertions);
  const url = monitor.options.url;
  const target =
    typeof url === 'string'
      ? `${String(monitor.options.method ?? 'GET')} ${url}`
      : `${monitor.type} ${String(monitor.options.host ?? '')}:${String(monitor.options.port ?? '')}`;
  return (
    <div className="facts">
      <span className="mono cut" title={target}>
        {target}
      </span>
      <span>
        every <b>{monitor.interval}</b>
      </span>
      {warnMs === undefined ? null : (
        <span>
          slow above <b>{shortText(warnMs)}</b>
        </span>
      )}
      <span>
        fails after <b>{failMs === undefined ? monitor.timeout : shortText(failMs)}</b>
      </span>
      <span>
        from <b>{monitor.zones.length === 1 ? monitor.zones[0] : `${monitor.zones.length} zones`}</b>
      </span>
      <Link to="/monitors" search={{ service: monitor.service, env: monitor.environment }}>
        {monitor.service} in {monitor.environment}
      </Link>
    </div>
  );
}

function Legend() {
  return (
    <span className="lg" aria-hidden="true">
      <span>
        <svg width="10" height="10" aria-hidden="true">
          <circle cx="5" cy="5" r="2.6" fill="var(--data-1)" />
        </svg>
        OK
      </span>
      <span>
        <svg width="10" height="10" aria-hidden="true">
          <path d="M5 1.4L8.8 8.4H1.2z" fill="var(--degraded-tile)" />
        </svg>
        Degraded
      </span>
      <span>
        <svg width="10" height="10" aria-hidden="true">
          <path d="M2 2l6 6M8 2L2 8" stroke="var(--failed)" strokeWidth="1.7" />
        </svg>
        Failed
      </span>
    </span>
  );
}
