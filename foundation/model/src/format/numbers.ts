const thin = '\u202f';

/** A whole number in groups of three: 12 410. */
export function countText(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, thin);
}

/** Milliseconds with three digits and a unit: 9.41 ms, 328 ms, 1.19 s; `–` for what was not measured. */
export function millisecondsText(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value >= 100_000) return `${countText(value / 1000)} s`;
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  if (value >= 999.5) return `${(value / 1000).toFixed(2)} s`;
  if (value >= 99.95) return `${value.toFixed(0)} ms`;
  return `${value >= 9.995 ? value.toFixed(1) : value.toFixed(2)} ms`;
}

/** A ratio as a share: 100 % only when exact, else at most 99.99 %; `–` for what was not measured. */
export function shareText(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return '–';
  if (ratio === 1) return '100 %';
  const percent = Math.min(99.99, ratio * 100);
  return `${percent >= 99 ? percent.toFixed(2) : percent.toFixed(1)} %`;
}
