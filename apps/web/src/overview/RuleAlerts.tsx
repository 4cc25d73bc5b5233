import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { alertSubject, clockText, lengthText } from '@watchkeeper/model/light';
import { api } from '../api.ts';
import { StateTag } from '../components/StateTag.tsx';

/** Open alerts of rules; nothing while there is none. What services suffer from stands among the problems. */
export function RuleAlerts({ nowMs }: { readonly nowMs: number }) {
  const alerts = useQuery({
    queryKey: ['alerts', 'open'],
    queryFn: ({ signal }) => api.call('listAlerts', { signal, query: { open: true, limit: 200 } }),
    refetchInterval: 15_000,
  });
  const items = (alerts.data?.items ?? []).filter(({ rule }) => rule !== null);
  if (items.length === 0) return null;
  return (
    <section className="card" style={{ marginBottom: 16 }}>
      <header>
        <h2 className="h2">Alerts of rules</h2>
        <span className="sp" />
        <Link to="/settings/alerts">Rules</Link>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="wide" aria-label="Open alerts of rules" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['State', 'What', 'Since', 'Why'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map((alert) => (
              <tr key={alert.id}>
                <td>
                  <StateTag state={alert.state} size={14} />
                </td>
                <td>{alertSubject(alert)}</td>
                <td title={clockText(alert.openedAt, nowMs)}>{lengthText(nowMs - Date.parse(alert.openedAt))}</td>
                <td className="cut sub" style={{ maxWidth: 520 }} title={alert.message ?? ''}>
                  {alert.message ?? '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
