import { useInfiniteQuery } from '@tanstack/react-query';
import { clockText } from '@watchkeeper/model/light';
import { api, useMay } from '../api.ts';
import { Empty, Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { useCrumbs } from '../shell/breadcrumbs.ts';

/** Who changed what, newest first. */
export function ChangesCard() {
  useCrumbs({ title: 'Settings', to: '/settings/keys' }, { title: 'Changes' });
  const mayRead = useMay('operator');
  const changes = useInfiniteQuery({
    queryKey: ['changes'],
    queryFn: ({ pageParam }) =>
      api.call('listChanges', { query: { limit: 100, ...(pageParam === '' ? {} : { cursor: pageParam }) } }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
    enabled: mayRead,
  });
  if (!mayRead) return <Empty sentence="To see who changed what, the role operator is needed." />;
  if (changes.error !== null) return <Failure error={changes.error} onRetry={() => void changes.refetch()} />;
  if (changes.data === undefined) return <Skeleton height={300} />;
  const nowMs = Date.now();
  return (
    <section className="card">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="wide" aria-label="Changes" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['Time', 'Who', 'What', 'Object', 'From', 'Request'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {changes.data.pages
              .flatMap(({ items }) => items)
              .map((change) => (
                <tr key={change.id}>
                  <td>{clockText(change.at, nowMs)}</td>
                  <td>{change.actor}</td>
                  <td className="mono">{change.action}</td>
                  <td>{change.object}</td>
                  <td className="sub">{change.remoteAddress ?? '–'}</td>
                  <td className="mono dim">{change.requestId.slice(0, 8)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </section>
      {changes.hasNextPage ? (
        <div style={{ padding: 12 }}>
          <button type="button" className="btn sm" onClick={() => void changes.fetchNextPage()}>
            Older
          </button>
        </div>
      ) : null}
    </section>
  );
}
