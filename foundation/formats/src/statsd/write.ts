export interface StatsdMetric {
  /** Parts between dots; characters that mean something in the format become `_`. */
  readonly name: string;
  readonly value: number;
  /** Counter, timer in milliseconds, gauge. */
  readonly type: 'c' | 'ms' | 'g';
  /** Written as DogStatsD tags where they are given. */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Lines of one metric, without line feeds; none for a value that is not finite. A negative gauge needs two: with a sign
 * it would change the value before.
 */
export function writeStatsd({ name, value, type, tags }: StatsdMetric): string[] {
  if (!Number.isFinite(value)) return [];
  const pairs = Object.entries(tags ?? {}).map(([key, text]) => `${cleanTag(key)}:${cleanTag(text)}`);
  const end = pairs.length === 0 ? '' : `|#${pairs.join(',')}`;
  const clean = name.replaceAll(/[^A-Za-z0-9_.-]+/g, '_');
  const line = `${clean}:${plainNumber(value)}|${type}${end}`;
  return type === 'g' && value < 0 ? [`${clean}:0|g${end}`, line] : [line];
}

/** Exponents are not read by every server. */
function plainNumber(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(Math.abs(value) < 1 ? 20 : 0) : text;
}

const cleanTag = (text: string) => text.replaceAll(/[\s,|#:]+/g, '_');

/** Lines as datagrams, as many in each as fit; a line that is longer stands alone. */
export function statsdDatagrams(lines: readonly string[], mostBytes: number): Buffer[] {
  const datagrams: Buffer[] = [];
  let text = '';
  for (const line of lines) {
    if (text !== '' && Buffer.byteLength(text) + 1 + Buffer.byteLength(line) > mostBytes) {
      datagrams.push(Buffer.from(text));
      text = '';
    }
    text = text === '' ? line : `${text}\n${line}`;
  }
  if (text !== '') datagrams.push(Buffer.from(text));
  return datagrams;
}
