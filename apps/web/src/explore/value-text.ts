import { countText } from '@watchkeeper/model/light';

/** Three digits, thousands in groups: 0.052, 9.41, 328, 12 410. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size < 1000) return String(Number(value.toPrecision(3)));
  if (size >= 1e12) return value.toExponential(2);
  return value < 0 ? `-${countText(size)}` : countText(value);
}

type Scale = readonly (readonly [least: number, name: string])[];
const lengths: Scale = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
  [1e-3, 'µs'],
  [1e-6, 'ns'],
];
const sizes: Scale = [
  [1e12, 'TB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
  [1, 'B'],
];
/** Units that are told in the one that fits the number, and how much one of them is. */
const scaled: Readonly<Record<string, readonly [Scale, number]>> = {
  ns: [lengths, 1e-6],
  µs: [lengths, 1e-3],
  ms: [lengths, 1],
  s: [lengths, 1000],
  min: [lengths, 60_000],
  h: [lengths, 3_600_000],
  d: [lengths, 86_400_000],
  bytes: [sizes, 1],
  kB: [sizes, 1e3],
  MB: [sizes, 1e6],
  GB: [sizes, 1e9],
};

/** A value with its unit, as people read it: 9.41 ms, 1.19 s, 4.1 kB, 12 %; `–` for what was not measured. */
export function valueText(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return '–';
  const [plain = '', rate] = unit.split('/');
  const suffix = rate === undefined ? '' : `/${rate}`;
  const [scale, factor] = scaled[plain] ?? [undefined, 1];
  const name = plain === 'ratio' ? '' : plain;
  if (scale === undefined) return name + suffix === '' ? digits(value) : `${digits(value)} ${name}${suffix}`;
  const amount = value * factor;
  // Rounded first: 999.6 ms is a second.
  const rounded = Number(Math.abs(amount).toPrecision(3));
  const [size, word] = scale.find(([least]) => rounded >= least) ??
    (amount === 0 ? [factor, plain] : scale.at(-1)) ?? [1, plain];
  const shown = amount / size;
  return `${Number.isInteger(shown) || Math.abs(shown) >= 1000 ? digits(shown) : shown.toPrecision(3)} ${word}${suffix}`;
}
