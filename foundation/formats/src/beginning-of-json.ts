const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The beginning of something in JSON, at most 2000 characters; large things and deep ones are cut while they are written. */
export function beginningOfJson(what: unknown): string {
  let left = 500;
  const short = (value: unknown, depth: number): unknown => {
    left -= 1;
    if (left < 0 || depth > 8) return '…';
    if (typeof value === 'bigint') return String(value);
    if (Array.isArray(value)) return value.slice(0, 100).map((one) => short(one, depth + 1));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, 100)
        .map(([key, one]) => [key, short(one, depth + 1)]),
    );
  };
  return (JSON.stringify(short(what, 0)) ?? '').slice(0, 2000);
}
