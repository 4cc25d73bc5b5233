import { useEffect, useRef, useState } from 'react';

const quietMs = 10_000;

/** Reads out a text that has changed, politely and at most once in ten seconds; what was there at first is not read. */
export function Announce({ text }: { readonly text: string }) {
  const [said, say] = useState('');
  const last = useRef({ text, atMs: 0 });
  useEffect(() => {
    if (text === last.current.text) return;
    const timer = setTimeout(
      () => {
        last.current = { text, atMs: Date.now() };
        say(text);
      },
      Math.max(0, last.current.atMs + quietMs - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="visually-hidden" role="status">
      {said}
    </div>
  );
}
