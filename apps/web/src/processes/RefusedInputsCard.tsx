import type { RefusedInputCount } from '@watchkeeper/model';
import { clockText, countText } from '@watchkeeper/model/light';
import { useRefusedInputs } from '../api.ts';

const shownKinds = 10;

/** What clients sent and could not be taken, by door, key and reason; nothing where there is none. */
export function RefusedInputsCard() {
  const items = useRefusedInputs(shownKinds).data?.items ?? [];
  if (items.length === 0) return null;
  const nowMs = Date.now();
  return (
    <section className="card" id="refused-inputs">
      <header className="explained">
        <h2 className="h2">Refused input</h2>
        <span className="sub s">
          what clients sent and could not be taken, the last first; all of it:{' '}
          <span className="mono">watchkeeper refused-input list</span>
        </span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="wide" aria-label="Refused input" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['Last', 'Door', 'Key', 'Reason', 'Count', 'What was wrong'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <RefusedRow key={`${item.tenant} ${item.door} ${item.key} ${item.reason}`} item={item} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function RefusedRow({ item, nowMs }: { readonly item: RefusedInputCount; readonly nowMs: number }) {
  const { lastAt, door, key, reason, count, message, example } = item;
  return (
    <tr>
      <td>{clockText(lastAt, nowMs)}</td>
      <td className="mono">{door}</td>
      <td>{key ?? '–'}</td>
      <td className="mono">{reason}</td>
      <td>{countText(count)}</td>
      <td className="told">
        {message}
        {example === '' ? null : (
          <details className="letter">
            <summary className="sub s">Example</summary>
            <pre className="mono">{example}</pre>
          </details>
        )}
      </td>
    </tr>
  );
}
