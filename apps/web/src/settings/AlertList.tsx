import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Alert } from '@watchkeeper/model';
import { alertSubject, clockText } from '@watchkeeper/model/light';
import { api } from '../api.ts';
import { Empty, Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { StateTag } from '../components/StateTag.tsx';

/** Alerts, newest first. */
export function AlertList() {
  const alerts = useInfiniteQuery({
    queryKey: ['alerts'],
    queryFn: ({ pageParam, signal }) =>
      api.call('listAlerts', { signal, query: { limit: 50, ...(pageParam === '' ? {} : { cursor: pageParam }) } }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
    refetchInterval: 15_000,
  });
  if (alerts.data === undefined) {
    return alerts.error === null ? (
      <Skeleton height={200} />
    ) : (
      <Failure error={alerts.error} onRetry={() => void alerts.refetch()} />
    );
  }
  const items = alerts.data.pages.flatMap((page) => page.items);
  return (
    <section className={alerts.error === null ? 'card' : 'card stale'}>
      <header>
        <h2 className="h2">Alerts</h2>
        <span className="s dim">newest first</span>
      </header>
      {items.length === 0 ? (
        <Empty sentence="There were no alerts yet." />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="wide" aria-label="Alerts" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {['State', 'What', 'Opened', 'Over', 'Told', 'Why'].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map((alert) => (
                <AlertRow key={alert.id} alert={alert} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {alerts.hasNextPage ? (
        <div style={{ padding: 12 }}>
          <button type="button" className="btn sm" onClick={() => void alerts.fetchNextPage()}>
            Older
          </button>
        </div>
      ) : null}
    </section>
  );
}

function AlertRow({ alert }: { readonly alert: Alert }) {
  const nowMs = Date.now();
  const told = [
    ...new Set(alert.deliveries.filter(({ deliveredAt }) => deliveredAt !== null).map(({ channel }) => channel)),
  ];
  const failing = alert.deliveries.find(({ lastError, deliveredAt }) => lastError !== null && deliveredAt === null);
  return (
    <tr>
      <td>
        <StateTag
          state={alert.resolvedAt === null ? alert.state : 'ok'}
          size={14}
          {...(alert.resolvedAt === null ? {} : { text: 'Over' })}
        />
      </td>
      <td>
        {alert.rule === null ? (
          <Link to="/monitors" search={{ service: alert.service, env: alert.environment }}>
            {alertSubject(alert)}
          </Link>
        ) : (
          alertSubject(alert)
        )}
      </td>
      <td>{clockText(alert.openedAt, nowMs)}</td>
      <td>{alert.resolvedAt === null ? '–' : clockText(alert.resolvedAt, nowMs)}</td>
      <td title={failing?.lastError ?? ''}>
        {alert.held
          ? `held by ${alert.heldBy ?? ''}`
          : told.join(', ') || (failing === undefined ? 'nobody' : 'not yet')}
      </td>
      <td className="cut sub" style={{ maxWidth: 360 }} title={alert.message ?? ''}>
        {alert.message ?? '–'}
      </td>
    </tr>
  );
}
