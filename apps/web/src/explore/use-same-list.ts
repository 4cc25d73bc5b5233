import { useRef } from 'react';

/** The list of the last time while its items are the same: what depends on it is not made anew for nothing. */
export function useSameList<Item>(list: readonly Item[]): readonly Item[] {
  const last = useRef(list);
  const isSame =
    last.current.length === list.length && list.every((item, index) => Object.is(item, last.current[index]));
  if (!isSame) last.current = list;
  return last.current;
}
