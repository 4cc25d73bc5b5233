import { useEffect, useState } from 'react';

/** Holds the place of what is being loaded; shown only when it takes longer than 150 ms. */
export function Skeleton({ height }: { readonly height: number }) {
  const [isShown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div style={{ height }} className={isShown ? 'skeleton' : ''} role="status">
      <span className="visually-hidden">Loading</span>
    </div>
  );
}
