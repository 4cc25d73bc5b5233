import { useEffect, useState } from 'react';

/** The time, again every so often; ages on the page grow with it. */
export function useNow(everyMs = 1000): number {
  const [nowMs, set] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
