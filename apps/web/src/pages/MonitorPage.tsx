import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { Monitor } from '@watchkeeper/model';
import { monitorAnswer } from '@watchkeeper/model/light';
import { useCallback } from 'react';
import { api, useZoneTitle } from '../api.ts';
import { useNow } from '../clock.ts';
import { Announce } from '../components/Announce.tsx';
import { Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { Actions } from '../monitor/Actions.tsx';
import { ChecksCard } from '../monitor/ChecksCard.tsx';
import { Facts } from '../monitor/Facts.tsx';
import { LatestChecks } from '../monitor/LatestChecks.tsx';
import { Reasons } from '../monitor/Reasons.tsx';
import { useChecks } from '../monitor/use-checks.ts';
import { useUnhurried } from '../monitor/use-unhurried.ts';
import { ZonesCard } from '../monitor/ZonesCard.tsx';
import { readMonitorSearch } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import { useSearchOf } from '../use-search.ts';
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
  const [search, change] = useSearchOf(readMonitorSearch);
  const zoneTitle = useZoneTitle();
  const { checks, range, error, dataAtMs, refetch, isThinned, isLoaded } = useChecks(monitor, search);
  const besides = useUnhurried(checks);
  const status = useStatus(monitor.id);
  const since = status.data?.since ?? null;
  const isBad = status.data?.state === 'failed' || status.data?.state === 'degraded';
  const badSinceMs = isBad && since !== null ? Date.parse(since) : undefined;
  const onOnly = useCallback((outcome: 'failed' | 'slow' | undefined) => change({ outcome }), [change]);
  return (
    <>
      <Head monitor={monitor} zoneTitle={zoneTitle} />
      {error === null ? null : <Failure error={error} onRetry={refetch} dataAtMs={dataAtMs} />}
      <div className={error === null ? 'grid' : 'grid stale'}>
        <div className="col">
          <ChecksCard
            {...{ monitor, checks, range, isThinned, isLoaded, search, badSinceMs, zoneTitle }}
            onChange={change}
          />
          <LatestChecks checks={checks} zoneTitle={zoneTitle} only={search.outcome} onOnly={onOnly} />
        </div>
        <div className="col">
          <ZonesCard checks={besides} zoneTitle={zoneTitle} statuses={status.data?.zones ?? []} sinceMs={badSinceMs} />
          <Reasons checks={besides} zoneTitle={zoneTitle} />
        </div>
      </div>
    </>
  );
}

const useStatus = (id: string) =>
  useQuery({
    queryKey: ['monitor-status', id],
    queryFn: ({ signal }) => api.call('getMonitorStatus', { params: { id }, signal }),
    refetchInterval: 10_000,
  });

/** Name, sentence, what it does and what can be done. */
function Head({ monitor, zoneTitle }: { readonly monitor: Monitor; readonly zoneTitle: (zone: string) => string }) {
  const status = useStatus(monitor.id).data;
  const nowMs = useNow();
  const answer = status === undefined ? undefined : monitorAnswer(status, nowMs, zoneTitle);
  return (
    <div className="mhead">
      <StateGlyph state={answer?.state ?? 'unknown'} size={28} />
      <h1 className="h1">{monitor.name}</h1>
      <Actions monitor={monitor} />
      <div className="rest">
        <p>{answer?.sentences.join(' ') ?? ''}</p>
        <Facts monitor={monitor} />
      </div>
      <Announce text={answer === undefined ? '' : `${monitor.name}: ${answer.title}`} />
    </div>
  );
}
