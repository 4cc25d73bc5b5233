import { millisecondsText } from '@watchkeeper/model/light';

/** Phases in the order in which they happen: name of the value, word, colour. */
export const phases = [
  { value: 'dnsMs', title: 'DNS', color: 'var(--ph-dns)' },
  { value: 'connectMs', title: 'Connect', color: 'var(--ph-connect)' },
  { value: 'tlsMs', title: 'TLS', color: 'var(--ph-tls)' },
  { value: 'firstByteMs', title: 'First byte', color: 'var(--ph-wait)' },
  { value: 'transferMs', title: 'Transfer', color: 'var(--ph-transfer)' },
] as const;

type Values = Readonly<Record<string, number | null | undefined>>;

/** Share of the phases of one check, or of medians; `fullMs` is what the whole width stands for. */
export function PhaseBar({
  values,
  fullMs,
  width = 136,
}: {
  readonly values: Values;
  readonly fullMs?: number;
  readonly width?: number;
}) {
  const parts = phases.map(({ value, title, color }) => ({ title, color, ms: values[value] ?? 0 }));
  const total = parts.reduce((sum, { ms }) => sum + ms, 0);
  const scale = fullMs ?? total;
  if (total === 0 || scale === 0) return <span className="dim">–</span>;
  const label = parts
    .filter(({ ms }) => ms > 0)
    .map(({ title, ms }) => `${title} ${millisecondsText(ms)}`)
    .join(', ');
  let x = 0;
  return (
    <svg
      className="phase-bar"
      width={width}
      height="10"
      viewBox={`0 0 ${width} 10`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {parts.map(({ title, color, ms }) => {
        const wide = (ms / scale) * width;
        const start = x;
        x += wide;
        return wide < 0.2 ? null : (
          <rect key={title} x={start} y="0" width={Math.max(0.8, wide - 0.8)} height="10" fill={color} />
        );
      })}
    </svg>
  );
}
