/** Units that the end of a value's name can say: `durationMs`, `size_bytes`, `cpuSecondsTotal`. */
const unitsByEnding: Readonly<Record<string, string>> = {
  ns: 'ns',
  nanos: 'ns',
  nanoseconds: 'ns',
  us: 'µs',
  micros: 'µs',
  microseconds: 'µs',
  ms: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  s: 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  minutes: 'min',
  hours: 'h',
  days: 'd',
  bytes: 'bytes',
  bits: 'bits',
  kb: 'kB',
  mb: 'MB',
  gb: 'GB',
  kib: 'KiB',
  mib: 'MiB',
  gib: 'GiB',
  percent: '%',
  pct: '%',
  ratio: 'ratio',
  celsius: '°C',
  volts: 'V',
  amperes: 'A',
  watts: 'W',
  joules: 'J',
  hertz: 'Hz',
  hz: 'Hz',
  mhz: 'MHz',
  ghz: 'GHz',
  meters: 'm',
  metres: 'm',
};

/** The words of a name in small letters: `sizeBytes` and `size_bytes` are `size`, `bytes`. */
const wordsOf = (name: string) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());

/**
 * The unit that the name of a value says, by its last word or the one before `total`, `sum`, `avg` and the like;
 * null when it says none. `requestsPerSecond` and `bytes_per_sec` are rates: `/s`, `bytes/s`.
 */
export function unitOfValue(name: string): string | null {
  const words = wordsOf(name);
  while (words.length > 1 && /^(total|sum|count|avg|mean|min|max|p\d+)$/.test(words.at(-1) ?? '')) {
    // A count of something that has a unit is a number without one.
    if (words.at(-1) === 'count') return null;
    words.pop();
  }
  const last = words.at(-1);
  if (last === undefined) return null;
  if (words.length > 1 && words.at(-2) === 'per' && /^(s|sec|second)$/.test(last)) {
    const before = words.at(-3);
    const unit = before === undefined ? undefined : unitsByEnding[before];
    return `${unit ?? ''}/s`;
  }
  if (words.length === 1 && last.length < 3) return null;
  return unitsByEnding[last] ?? null;
}
