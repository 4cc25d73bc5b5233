import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { countText, type State, stateTitles } from '@watchkeeper/model/light';
import { useDeferredValue, useEffect, useState } from 'react';
import { api, useMay } from '../api.ts';
import { Empty, Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { BulkActions } from '../monitor/BulkActions.tsx';
import { MonitorList } from '../monitor/MonitorList.tsx';
import type { MonitorsSearch } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import '../monitor/monitors.css';

const counted: readonly State[] = ['failed', 'degraded', 'unknown', 'maintenance', 'ok', 'paused'];

/** The filter of the API for what stands in the address. */
export function filterOf({ q, state, type, service, env, zone, tag }: MonitorsSearch) {
  const given = { q, state, type, service, environment: env, zone, label: tag };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function MonitorsPage() {
  const search = useSearch({ from: '/shell/monitors' }) as MonitorsSearch;
  const navigate = useNavigate();
  const mayEdit = useMay('editor');
  useCrumbs({ title: 'Monitors' });
  const filter = filterOf(search);
  const sort = search.sort ?? 'worst';
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage, dataUpdatedAt } = useInfiniteQuery({
    queryKey: ['monitors', filter, sort],
    queryFn: ({ pageParam, signal }) =>
      api.call('listMonitors', {
        signal,
        query: { ...filter, sort, limit: 100, ...(pageParam === '' ? {} : { cursor: pageParam }) },
      }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
    refetchInterval: 15_000,
    placeholderData: (previous) => previous,
  });
  const change = (next: Partial<MonitorsSearch>) =>
    void navigate({
      to: '.',
      search: ((present: MonitorsSearch) =>
        Object.fromEntries(
          Object.entries({ ...present, ...next }).filter(([, value]) => value !== undefined),
        )) as never,
    });
  const [first] = data?.pages ?? [];
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <>
      <div className="head" style={{ display: 'flex', alignItems: 'center', gap: 14, marginBottom: 14 }}>
        <h1 className="h1">Monitors</h1>
        {first === undefined ? null : <span className="dim">{countText(first.total)}</span>}
        <span className="sp" />
        {mayEdit ? (
          <Link className="btn primary" to="/monitors/new">
            <Icon name="plus" />
            New monitor
          </Link>
        ) : null}
      </div>
      <div className="tools">
        <Find
          text={search.q ?? ''}
          onChange={(q) => change({ q: q === '' ? undefined : q } as Partial<MonitorsSearch>)}
        />
        <div className="chips">
          {counted
            .filter((state) => (first?.counts[state] ?? 0) > 0 || search.state === state)
            .map((state) => (
              <button
                key={state}
                type="button"
                className="chip"
                aria-pressed={search.state === state}
                onClick={() => change({ state: search.state === state ? undefined : state } as Partial<MonitorsSearch>)}
              >
                <StateGlyph state={state} size={14} />
                {stateTitles[state]}
                <b>{countText(first?.counts[state] ?? 0)}</b>
              </button>
            ))}
          {(['service', 'tag', 'type', 'zone'] as const).map((key) =>
            search[key] === undefined ? null : (
              <button
                key={key}
                type="button"
                className="chip"
                aria-pressed="true"
                onClick={() => change({ [key]: undefined })}
              >
                {key} {search[key]}
                <Icon name="x" />
                <span className="visually-hidden">Remove this filter</span>
              </button>
            ),
          )}
        </div>
        <span className="sp" />
        <BulkActions filter={filter} total={first?.total ?? 0} />
        <label className="row s dim">
          Sort
          <select
            className="input"
            style={{ width: 'auto', minHeight: 32, padding: '0 8px' }}
            value={sort}
            onChange={(event) =>
              change({ sort: event.target.value === 'worst' ? undefined : event.target.value } as never)
            }
          >
            <option value="worst">worst first</option>
            <option value="name">by name</option>
            <option value="newest">newest first</option>
          </select>
        </label>
      </div>
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} dataAtMs={dataUpdatedAt} />}
      {data === undefined ? (
        error === null ? (
          <Skeleton height={420} />
        ) : null
      ) : (
        <section className={error === null ? 'card' : 'card stale'}>
          {first?.total === 0 ? (
            <Empty
              sentence={isFiltered ? 'No monitor fits this filter.' : 'There are no monitors yet.'}
              action={
                isFiltered ? (
                  <Link className="btn" to="/monitors">
                    Show all
                  </Link>
                ) : mayEdit ? (
                  <Link className="btn" to="/monitors/new">
                    New monitor
                  </Link>
                ) : null
              }
              {...(isFiltered
                ? {}
                : { command: 'watchkeeper monitor create --name … --service … --environment … --url …' })}
            />
          ) : (
            <MonitorList
              rows={data.pages.flatMap(({ items }) => items)}
              onEnd={() => {
                if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
              }}
            />
          )}
        </section>
      )}
    </>
  );
}

function Find({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const settled = useDeferredValue(typed);
  useEffect(() => setTyped(text), [text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed may change the address
  useEffect(() => {
    if (settled === text) return;
    const timer = setTimeout(() => onChange(settled), 150);
    return () => clearTimeout(timer);
  }, [settled]);
  return (
    <search className="find">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Filter monitors"
        placeholder="Name, service, target or label"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </search>
  );
}
