import { useQuery } from '@tanstack/react-query';
import type { EventView, Monitor } from '@watchkeeper/model';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { api } from '../api.ts';
import { useLiveEvents } from '../live.ts';
import type { MonitorSearch } from '../search.ts';
import { useMovingRange } from '../use-moving-range.ts';
import { type Check, checkOfEvent, checksOf, mergeChecks } from './checks.ts';

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
