import { useQuery } from '@tanstack/react-query';
import type { Sink } from '@watchkeeper/model';
import { clockText } from '@watchkeeper/model/light';
import { api } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';

const shown = 50;

/** What the target of a sink refused lately, with the reason. */
export function RefusalsDialog({ sink, onClose }: { readonly sink: Sink; readonly onClose: () => void }) {
  const { data, error } = useQuery({
    queryKey: ['sink-refusals', sink.name],
    queryFn: ({ signal }) =>
      api.call('listSinkRefusals', { signal, params: { name: sink.name }, query: { limit: shown } }),
  });
  const nowMs = Date.now();
  return (
    <Dialog title={`What ${sink.name} could not bring`} onClose={onClose}>
      {error === null ? null : <Failure error={error} />}
      {data === undefined ? (
        error === null ? (
          <Skeleton height={200} />
        ) : null
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="wide" aria-label="Refusals" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {['Time', 'Event', 'What the target said'].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ id, at, event, reason }) => (
                <tr key={id}>
                  <td>{clockText(at, nowMs)}</td>
                  <td className="mono">{event}</td>
                  <td>{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <footer>
        <span className="s dim">
          the newest; more of them: <span className="mono">watchkeeper sink refusals {sink.name}</span>
        </span>
        <button type="button" className="btn" onClick={onClose}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}
