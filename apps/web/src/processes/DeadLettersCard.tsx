import { Link } from '@tanstack/react-router';
import type { DeadLetter } from '@watchkeeper/model';
import { clockText, countText } from '@watchkeeper/model/light';
import { useDeadLetters, useMay } from '../api.ts';
import { keepGlobal } from '../use-search.ts';

const shownLetters = 5;
/** Characters of a body that are shown. */
const shownBody = 2000;

/** What could not be taken lately, with the reason; nothing where there is none. */
export function DeadLettersCard() {
  const items = useNewestLetters();
  if (items.length === 0) return null;
  const nowMs = Date.now();
  return (
    <section className="card" id="dead-letters">
      <header className="explained">
        <h2 className="h2">Dead letters</h2>
        <span className="sub s">
          what could not be taken, newest first; all of them: <span className="mono">watchkeeper dead-letter list</span>
          , with their bodies: <span className="mono">--json</span>
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
            {items.map((letter) => (
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
      <td className="told">
        {message}
        <Body letter={letter} />
      </td>
      <td className="sub">{eventIndex === null ? origin : `${origin}, event ${eventIndex}`}</td>
    </tr>
  );
}

function Body({ letter: { body, sizeBytes } }: { readonly letter: DeadLetter }) {
  if (body === null) return null;
  const isWhole = body.length <= shownBody;
  return (
    <details className="letter">
      <summary className="sub s">
        {isWhole ? 'Body' : 'Beginning of the body'}, {countText(sizeBytes)} bytes
      </summary>
      <pre className="mono">{body.slice(0, shownBody)}</pre>
    </details>
  );
}

const useNewestLetters = () => useDeadLetters(useMay('operator'), shownLetters).data?.items ?? [];

/** Leads from the head of the page to what could not be taken; nothing where there is none. */
export function DeadLettersLink() {
  const [newest] = useDeadLetters(useMay('operator'), 1, { of: 'messages' }).data?.items ?? [];
  if (newest === undefined) return null;
  return (
    <p>
      Some messages could not be taken, the last one at {clockText(newest.at, Date.now())}:{' '}
      <Link to="/system/processes" search={keepGlobal} hash="dead-letters">
        see dead letters
      </Link>
      .
    </p>
  );
}
