import { useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { ignoredKeys, parseSearch } from '../search.ts';

/** Tells what in the address means nothing here, so that nobody believes a filter that is not there. */
export function Ignored() {
  const { pathname, searchStr } = useLocation();
  const [closed, close] = useState('');
  const keys = ignoredKeys(pathname, parseSearch(searchStr));
  if (keys.length === 0 || closed === searchStr) return null;
  return (
    <div className="notice is-degraded row" role="status">
      <span>
        Ignored in the address: <span className="mono">{keys.join(', ')}</span>
      </span>
      <span className="sp" />
      <button type="button" className="btn sm" onClick={() => close(searchStr)}>
        Close
      </button>
    </div>
  );
}
