export interface GraphitePoint {
  /** Parts between dots; characters that mean something in the format become `_`. */
  readonly path: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since 1970-01-01 UTC; the format has whole seconds. */
  readonly timeMs: number;
}

/** One line of the plaintext protocol with its line feed; empty for a value that is not finite. */
export function writeGraphite({ path, tags = {}, value, timeMs }: GraphitePoint): string {
  if (!Number.isFinite(value)) return '';
  const pairs = Object.entries(tags)
    .filter(([name, text]) => name !== '' && text !== '')
    .map(
      ([name, text]) => `;${name.replaceAll(/[;!^=\s]+/g, '_')}=${text.replaceAll(/[;\s]+/g, '_').replace(/^~/, '_')}`,
    );
  return `${path.replaceAll(/[^A-Za-z0-9_.:%#-]+/g, '_')}${pairs.join('')} ${value} ${Math.floor(timeMs / 1000)}\n`;
}
