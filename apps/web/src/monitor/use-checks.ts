import { useQuery } from '@tanstack/react-query';
import type { EventView, Monitor } from '@watchkeeper/model';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { api } from '../api.ts';
import { useNow } from '../clock.ts';
import { useLiveEvents } from '../live.ts';
import { type MonitorSearch, rangeOf } from '../search.ts';
import { type Check, checkOfEvent, checksOf, mergeChecks } from './checks.ts';

/** A chart this many steps wide moves by about a pixel. */
const steps = 1000;

/** Checks of the range in the address; while it ends now, new ones come over the stream. */
export function useChecks(monitor: Monitor, { from, to, zone }: MonitorSearch) {
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
  const { fromMs, toMs } = useMovingRange(from, to);
  useLiveEvents(
    useCallback(
      (events: readonly EventView[]) => {
        if (!isLive) return;
        const fresh = events
          .filter((event) => event.source === monitor.id && event.attributes.trigger === undefined)
          .flatMap((event) => checkOfEvent(event) ?? []);
        if (fresh.length === 0) return;
        // What has left the chart is forgotten, however long the page stays open.
        setArrived((present) => [...present.filter(({ atMs }) => atMs >= fromMs), ...fresh]);
      },
      [monitor.id, isLive, fromMs],
    ),
  );
  const merged = useMemo(() => mergeChecks(loaded, arrived), [loaded, arrived]);
  const checks = useMemo(
    () => merged.filter((check) => check.atMs >= fromMs && (zone === undefined || check.zone === zone)),
    [merged, fromMs, zone],
  );
  const newestMs = checks.at(-1)?.atMs ?? 0;
  return {
    checks,
    range: { fromMs, toMs: isLive ? Math.max(toMs, newestMs) : toMs },
    error: query.error,
    dataAtMs: query.dataUpdatedAt,
    refetch: () => void query.refetch(),
    isThinned: query.data?.thinned ?? false,
    isLoaded: query.data !== undefined,
  };
}

/** The range; one that ends now moves on with the clock, no more often than the eye can see it. */
function useMovingRange(from: string | undefined, to: string | undefined) {
  const nowMs = useNow();
  const search = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const exact = rangeOf(search, nowMs);
  const stepMs = Math.min(60_000, Math.max(1000, Math.round((exact.toMs - exact.fromMs) / steps)));
  return exact.isLive ? rangeOf(search, Math.ceil(nowMs / stepMs) * stepMs) : exact;
}
