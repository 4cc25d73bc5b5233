import { Link } from '@tanstack/react-router';
import { countText } from '@watchkeeper/model/light';
import { useMay } from '../api.ts';
import { Empty, Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { BulkActions } from '../monitor/BulkActions.tsx';
import { MonitorFilters } from '../monitor/MonitorFilters.tsx';
import { MonitorList } from '../monitor/MonitorList.tsx';
import { type MonitorFilter, useMonitorPages } from '../monitor/use-monitor-pages.ts';
import { type MonitorsSearch, readMonitorsSearch } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import { useSearchOf } from '../use-search.ts';
import '../monitor/monitors.css';

/** The filter of the API for what stands in the address. */
function filterOf({ q, state, type, service, env, zone, tag }: MonitorsSearch): MonitorFilter {
  const given = Object.entries({ q, state, type, service, environment: env, zone, label: tag });
  return Object.fromEntries(given.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

/** All monitors that fit, worst first. */
export function MonitorsPage() {
  const [search, change] = useSearchOf(readMonitorsSearch);
  useCrumbs({ title: 'Monitors' });
  const mayEdit = useMay('editor');
  const filter = filterOf(search);
  const sort = search.sort ?? 'worst';
  const { first, error, count, rowAt, onSight } = useMonitorPages(filter, sort);
  const page = first.data;
  return (
    <>
      <div className="title">
        <h1 className="h1">Monitors</h1>
        {page === undefined ? null : <span className="dim">{countText(page.total)}</span>}
        <span className="sp" />
        {mayEdit ? (
          <Link className="btn primary" to="/monitors/new">
            <Icon name="plus" />
            New monitor
          </Link>
        ) : null}
      </div>
      <div className="tools">
        <MonitorFilters search={search} counts={page?.counts} onChange={change} />
        <span className="sp" />
        <BulkActions filter={filter} total={page?.total ?? 0} />
        <label className="row s dim">
          Sort
          <select
            className="input narrow"
            value={sort}
            onChange={({ target: { value } }) =>
              change({ sort: value === 'name' || value === 'newest' ? value : undefined })
            }
          >
            <option value="worst">worst first</option>
            <option value="name">by name</option>
            <option value="newest">newest first</option>
          </select>
        </label>
      </div>
      {error === null ? null : (
        <Failure error={error} onRetry={() => void first.refetch()} dataAtMs={first.dataUpdatedAt} />
      )}
      {page === undefined && error === null ? <Skeleton height={420} /> : null}
      {page === undefined ? null : (
        <section className={error === null ? 'card' : 'card stale'}>
          {page.total === 0 ? (
            <NoMonitors isFiltered={Object.keys(filter).length > 0} mayEdit={mayEdit} />
          ) : (
            <MonitorList key={JSON.stringify([filter, sort])} count={count} rowAt={rowAt} onSight={onSight} />
          )}
        </section>
      )}
    </>
  );
}

function NoMonitors({ isFiltered, mayEdit }: { readonly isFiltered: boolean; readonly mayEdit: boolean }) {
  if (isFiltered) {
    return (
      <Empty
        sentence="No monitor fits this filter."
        action={
          <Link className="btn" to="/monitors">
            Show all
          </Link>
        }
      />
    );
  }
  return (
    <Empty
      sentence="There are no monitors yet."
      action={
        mayEdit ? (
          <Link className="btn" to="/monitors/new">
            New monitor
          </Link>
        ) : null
      }
      command="watchkeeper monitor create --name … --service … --environment … --url …"
    />
  );
}
