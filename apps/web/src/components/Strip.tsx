import { stripPaths, stripSentence } from './strip-path.ts';

/** State per minute, oldest left; height and colour both show the worst. `n` none, `o` OK, `d` degraded, `f` failed. */
export function Strip({ strip, width = 240 }: { readonly strip: string; readonly width?: number }) {
  const { ok, degraded, failed, gap, before } = stripPaths(strip);
  return (
    <svg
      className="strip"
      width={width}
      height={27}
      viewBox="0 0 240 27"
      preserveAspectRatio="none"
      role="img"
      aria-label={stripSentence(strip)}
    >
      <path d={before} fill="var(--hatch)" />
      <path d={gap} fill="none" stroke="var(--control)" strokeDasharray="2 1.5" />
      <path d={ok} fill="var(--ok-tile)" />
      <path d={degraded} fill="var(--degraded-tile)" />
      <path d={failed} fill="var(--failed-tile)" />
    </svg>
  );
}
