import { Link } from '@tanstack/react-router';
import type { Sink } from '@watchkeeper/model';
import { clockText, countText, sinkLagText } from '@watchkeeper/model/light';
import { useSinks } from '../api.ts';
import { SinkState } from '../components/SinkState.tsx';

/** How far sinks are behind the log, and what they missed; nothing where there are none. */
export function SinkLagCard() {
  const { data } = useSinks();
  if (data === undefined || data.items.length === 0) return null;
  return (
    <section className="card">
      <header className="explained">
        <h2 className="h2">Sinks</h2>
        <span className="sub s">
          what is forwarded to other systems; <Link to="/settings/sinks">change them</Link>
        </span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="wide" aria-label="Sinks" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['Sink', 'State', 'Behind', 'Forwarded', 'Refused', 'Skipped', 'Last'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.items.map((sink) => (
              <SinkRow key={`${sink.tenant}/${sink.name}`} sink={sink} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function SinkRow({ sink }: { readonly sink: Sink }) {
  const { forwarded, refused, skipped, forwardedAt } = sink.status;
  return (
    <tr>
      <td>{sink.name}</td>
      <td>
        <SinkState status={sink.status} />
      </td>
      <td className="tn">{sinkLagText(sink)}</td>
      <td className="tn">{countText(forwarded)}</td>
      <td className={`tn ${refused > 0 ? 'is-failed' : ''}`}>{countText(refused)}</td>
      <td className={`tn ${skipped > 0 ? 'is-failed' : ''}`}>{countText(skipped)}</td>
      <td>{forwardedAt === null ? '–' : clockText(forwardedAt, Date.now())}</td>
    </tr>
  );
}
