import { useQueries, useQuery } from '@tanstack/react-query';
import type { MonitorRow } from '@watchkeeper/model';
import { useEffect, useState } from 'react';
import { api } from '../api.ts';
import { pageSize, pagesInSight } from './monitor-pages.ts';

export type MonitorSort = 'worst' | 'name' | 'newest';
/** The filter of the API. */
export type MonitorFilter = Readonly<Record<string, string>>;

const pageQuery = (filter: MonitorFilter, sort: MonitorSort, cursor: string) => ({
  queryKey: ['monitors', filter, sort, cursor],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    api.call('listMonitors', {
      signal,
      query: { ...filter, sort, limit: pageSize, ...(cursor === '' ? {} : { cursor }) },
    }),
  refetchInterval: 15_000,
});

/**
 * Monitors page by page: the first one, which has the counts, and those in sight. Pages that are scrolled away are
 * forgotten and not asked for again, so thousands of monitors cost no more than a hundred.
 */
export function useMonitorPages(filter: MonitorFilter, sort: MonitorSort) {
  const listKey = JSON.stringify([filter, sort]);
  const [known, setKnown] = useState<{ readonly listKey: string; readonly cursors: readonly string[] }>({
    listKey,
    cursors: [''],
  });
  const cursors = known.listKey === listKey ? known.cursors : [''];
  const [sight, setSight] = useState<readonly [number, number]>([0, 0]);
  const first = useQuery({ ...pageQuery(filter, sort, ''), placeholderData: (previous) => previous });
  const wanted = pagesInSight(sight, cursors.length).filter((page) => page > 0);
  const others = useQueries({
    queries: wanted.map((page) => ({ ...pageQuery(filter, sort, cursors[page] ?? ''), gcTime: 30_000 })),
  });
  const pages = new Map(wanted.map((page, index) => [page, others[index]?.data]));
  pages.set(0, first.data);

  const isOther = first.isPlaceholderData;
  const nextKey = JSON.stringify([...pages].map(([page, data]) => [page, data?.next]));
  // biome-ignore lint/correctness/useExhaustiveDependencies: nextKey stands for the pages
  useEffect(() => {
    if (isOther) return;
    setKnown((before) => {
      const next = before.listKey === listKey ? [...before.cursors] : [''];
      for (const [page, data] of pages) {
        if (data === undefined || next.length < page + 1) continue;
        if (data.next === null) next.length = page + 1;
        else next[page + 1] = data.next;
      }
      return before.listKey === listKey && next.join() === before.cursors.join() ? before : { listKey, cursors: next };
    });
  }, [listKey, nextKey, isOther]);

  const total = first.data?.total ?? 0;
  return {
    first,
    /** Error of any page in sight. */
    error: first.error ?? others.find(({ error }) => error !== null)?.error ?? null,
    /** Rows that can be scrolled to by now. */
    count: Math.min(total, cursors.length * pageSize),
    rowAt: (index: number): MonitorRow | undefined => pages.get(Math.floor(index / pageSize))?.items[index % pageSize],
    onSight: setSight,
  };
}
