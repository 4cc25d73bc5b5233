import { useEffect, useState } from 'react';

/** A value that has stayed the same for a while: what is being typed is not asked about letter by letter. */
export function useSettled<Value>(value: Value, pauseMs = 250): Value {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return settled;
}
