import type { Overview, State } from '@watchkeeper/model';
import { clockText, countText, millisecondsText } from '@watchkeeper/model/light';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { useLiveStatus } from '../live.ts';

const words: Readonly<Record<State, string>> = {
  ok: 'Watchkeeper is well',
  degraded: 'Watchkeeper is behind',
  failed: 'Watchkeeper has trouble',
  unknown: 'Nothing was stored yet',
  maintenance: 'Watchkeeper is in maintenance',
  paused: 'Watchkeeper is paused',
};

/** How Watchkeeper itself is. */
export function SelfHealth({ self }: { readonly self: Overview['self'] }) {
  const { isLive, newestAtMs, changedAtMs } = useLiveStatus();
  if (!isLive && newestAtMs !== null) {
    return (
      <>
        <b>
          <StateGlyph state="unknown" size={12} />
          Watchkeeper is away
        </b>
        No answer since {clockText(changedAtMs, Date.now())}
      </>
    );
  }
  const rate = self.eventsPerSecond >= 10 ? countText(self.eventsPerSecond) : self.eventsPerSecond.toFixed(1);
  return (
    <>
      <b>
        <StateGlyph state={self.state} size={12} />
        {words[self.state]}
      </b>
      {rate} events/s, {countText(self.dropped)} dropped
      <br />
      {self.newestEventAgeMs === null ? 'No event yet' : `Newest event ${millisecondsText(self.newestEventAgeMs)} old`}
    </>
  );
}
