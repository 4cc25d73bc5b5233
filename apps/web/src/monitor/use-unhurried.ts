import { useEffect, useRef, useState } from 'react';

/** More than these take a moment to sum up. */
const many = 4000;
const pauseMs = 10_000;

/** The same list; a long one that grows all the time, only every ten seconds. */
export function useUnhurried<Item>(list: readonly Item[]): readonly Item[] {
  const [shown, show] = useState(list);
  const takenAtMs = useRef(0);
  useEffect(() => {
    const waitMs = list.length > many ? Math.max(0, takenAtMs.current + pauseMs - Date.now()) : 0;
    const timer = setTimeout(() => {
      takenAtMs.current = Date.now();
      show(list);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [list]);
  return list.length > many ? shown : list;
}
