import type { State } from '@watchkeeper/model';

const surface = 'var(--surface)';
const line = { fill: 'none', strokeLinecap: 'round', strokeLinejoin: 'round', strokeWidth: 1.8 } as const;

/** One shape per state, readable without colour. The word stands beside it. */
export function StateGlyph({ state, size = 16 }: { readonly state: State | 'skipped'; readonly size?: number }) {
  return (
    <svg className="g" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      {shapeOf(state)}
    </svg>
  );
}

function shapeOf(state: State | 'skipped') {
  const color = `var(--${state})`;
  switch (state) {
    case 'ok':
      return (
        <>
          <circle cx="8" cy="8" r="7" fill={color} />
          <path d="M4.8 8.3l2.2 2.2 4.2-4.7" stroke={surface} {...line} />
        </>
      );
    case 'failed':
      return (
        <>
          <path d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z" fill={color} />
          <path d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" stroke={surface} {...line} />
        </>
      );
    case 'degraded':
      return (
        <>
          <path
            d="M8 1.2c.5 0 .9.2 1.1.7l5.7 10.6c.5.9-.1 2-1.1 2H2.3c-1 0-1.6-1.1-1.1-2L6.9 1.9c.2-.5.6-.7 1.1-.7z"
            fill={color}
          />
          <path d="M8 5.8v3.6M8 11.8v.1" stroke={surface} {...line} />
        </>
      );
    case 'unknown':
      return <circle cx="8" cy="8" r="6.2" fill="none" stroke={color} strokeWidth="1.6" strokeDasharray="2.6 2.27" />;
    case 'maintenance':
    case 'paused':
      return (
        <>
          <rect x="1.2" y="1.2" width="13.6" height="13.6" rx="3.5" fill={color} />
          <path d="M6.1 5.2v5.6M9.9 5.2v5.6" stroke={surface} {...line} />
        </>
      );
    case 'skipped':
      return (
        <>
          <circle cx="8" cy="8" r="6.2" fill="none" stroke="var(--control)" strokeWidth="1.5" />
          <path d="M4.8 8h5.8M8.6 5.9L10.8 8l-2.2 2.1" stroke="var(--control)" {...line} />
        </>
      );
  }
}
