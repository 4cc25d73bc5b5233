import type { DeadLetter } from '@watchkeeper/model';
import { clockText } from '@watchkeeper/model/light';
import { useDeadLetters, useMay } from '../api.ts';

const shownLetters = 5;

/** What could not be taken lately, with the reason; nothing where there is none. */
export function DeadLettersCard() {
  const { data } = useDeadLetters(useMay('operator'), shownLetters);
  if (data === undefined || data.items.length === 0) return null;
  const nowMs = Date.now();
  return (
    <section className="card">
      <header className="explained">
        <h2 className="h2">Dead letters</h2>
        <span className="sub s">
          what could not be taken, newest first; all of them: <span className="mono">watchkeeper dead-letter list</span>
        </span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="wide" aria-label="Dead letters" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['Time', 'Reason', 'What is wrong', 'From'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.items.map((letter) => (
              <LetterRow key={letter.id} letter={letter} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function LetterRow({ letter, nowMs }: { readonly letter: DeadLetter; readonly nowMs: number }) {
  const { at, reason, message, origin, eventIndex } = letter;
  return (
    <tr>
      <td>{clockText(at, nowMs)}</td>
      <td className="mono">{reason}</td>
      <td>{message}</td>
      <td className="sub">{eventIndex === null ? origin : `${origin}, event ${eventIndex}`}</td>
    </tr>
  );
}
