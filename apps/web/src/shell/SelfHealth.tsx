import { Link } from '@tanstack/react-router';
import { clockText, countText, millisecondsText } from '@watchkeeper/model/light';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { useLiveStatus } from '../live.ts';
import { keepGlobal } from '../use-search.ts';
import { type SelfKnown, useSelf } from './use-self.ts';

/** How Watchkeeper itself is: the worst of what is known, and since when nothing new is. It leads to the page that proves it. */
export function SelfHealth({ onFollow }: { readonly onFollow?: () => void }) {
  const known = useSelf();
  const { isLive, newestAtMs, changedAtMs } = useLiveStatus();
  if (known === undefined) return null;
  const isAway = !isLive && newestAtMs !== null;
  return (
    <Link
      className={known.stale === undefined ? 'self' : 'self is-stale'}
      to="/system/processes"
      search={keepGlobal}
      {...(onFollow === undefined ? {} : { onClick: onFollow })}
    >
      {known.stale !== undefined ? (
        <Stale known={known} {...known.stale} />
      ) : isAway ? (
        <>
          <b>
            <StateGlyph state="unknown" size={12} />
            Watchkeeper is away
          </b>
          No answer since {clockText(changedAtMs, Date.now())}
        </>
      ) : (
        <Fresh known={known} />
      )}
    </Link>
  );
}

function Stale({ known, atMs, reason }: { readonly known: SelfKnown; readonly atMs: number; readonly reason: string }) {
  return (
    <>
      <b>
        <StateGlyph state="failed" size={12} />
        {reason}
      </b>
      As of {clockText(atMs, Date.now())}: {known.title}
    </>
  );
}

function Fresh({ known: { state, title, self } }: { readonly known: SelfKnown }) {
  const rate = self.eventsPerSecond >= 10 ? countText(self.eventsPerSecond) : self.eventsPerSecond.toFixed(1);
  return (
    <>
      <b>
        <StateGlyph state={state} size={12} />
        {title}
      </b>
      {rate} events/s, {countText(self.dropped)} dropped
      <br />
      {self.newestEventAgeMs === null ? 'No event yet' : `Newest event ${millisecondsText(self.newestEventAgeMs)} old`}
    </>
  );
}
