import { useEffect, useRef, useState } from 'react';

/** Width of the place a canvas fills, and a number that rises when it must be painted anew: other colours, fonts there. */
export function useCanvasFrame() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [paint, setPaint] = useState(0);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    const repaint = () => setPaint((count) => count + 1);
    window.addEventListener('wk-theme', repaint);
    void document.fonts.ready.then(repaint);
    return () => {
      observer.disconnect();
      window.removeEventListener('wk-theme', repaint);
    };
  }, []);
  return { frame, width, paint };
}
