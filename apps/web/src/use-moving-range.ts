import { useNow } from './clock.ts';
import { type Range, rangeOf } from './search.ts';

/** A chart this many steps wide moves by about a pixel. */
const steps = 1000;

/** The range; one that ends now moves on with the clock, no more often than the eye can see it. */
export function useMovingRange(from: string | undefined, to: string | undefined): Range {
  const nowMs = useNow();
  const search = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const exact = rangeOf(search, nowMs);
  const stepMs = Math.min(60_000, Math.max(1000, Math.round((exact.toMs - exact.fromMs) / steps)));
  return exact.isLive ? rangeOf(search, Math.ceil(nowMs / stepMs) * stepMs) : exact;
}
