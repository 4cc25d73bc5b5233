const heights: Readonly<Record<string, number>> = { o: 9, d: 17, f: 26, n: 26 };
const names: Readonly<Record<string, string>> = { o: 'ok', d: 'degraded', f: 'failed' };
const height = 26;

/** State per minute, oldest left; height and colour both show the worst. `n` none, `o` OK, `d` degraded, `f` failed. */
export function Strip({ strip, width = 240 }: { readonly strip: string; readonly width?: number }) {
  const letters = strip.padStart(60, 'n').split('');
  const failed = letters.filter((letter) => letter === 'f').length;
  const degraded = letters.filter((letter) => letter === 'd').length;
  const label = `Last 60 minutes: ${failed} failed, ${degraded} degraded, ${letters.filter((letter) => letter === 'n').length} without data`;
  return (
    <svg
      className="strip"
      width={width}
      height={height + 1}
      viewBox="0 0 240 27"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {letters.map((letter, index) => {
        const tall = heights[letter] ?? 9;
        const key = `${index}${letter}`;
        return letter === 'n' ? (
          <rect key={key} x={index * 4 + 1} y={height - 3} width="2" height="2" fill="var(--hatch)" />
        ) : (
          <rect
            key={key}
            x={index * 4}
            y={height - tall}
            width="3.1"
            height={tall}
            rx="1"
            fill={`var(--${names[letter]}-tile)`}
          />
        );
      })}
    </svg>
  );
}
