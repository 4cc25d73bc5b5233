/** Bars of a strip, one a minute: where they stand in a picture 240 wide and 26 high, by what they show. */
export interface StripPaths {
  readonly ok: string;
  readonly degraded: string;
  readonly failed: string;
  /** Minutes without data, after some or before some. */
  readonly gap: string;
  /** Minutes before anybody watched. */
  readonly before: string;
}

const minutes = 60;
const height = 26;
const heights = { ok: 9, degraded: 17, failed: 26, gap: 26, before: 2 } as const;
const kinds: Readonly<Record<string, 'ok' | 'degraded' | 'failed'>> = { o: 'ok', d: 'degraded', f: 'failed' };

/** Height and letter both say the worst of a minute; `n` is no data, quiet before the first minute that has some. */
export function stripPaths(strip: string): StripPaths {
  const letters = strip.slice(-minutes).padStart(minutes, 'n');
  const firstSeen = letters.search(/[^n]/);
  const paths = { ok: '', degraded: '', failed: '', gap: '', before: '' };
  for (const [index, letter] of [...letters].entries()) {
    const kind = kinds[letter] ?? (firstSeen >= 0 && index > firstSeen ? 'gap' : 'before');
    const wide = kind === 'gap' ? 2.1 : kind === 'before' ? 2 : 3.1;
    const left = index * 4 + (kind === 'gap' ? 0.5 : kind === 'before' ? 0.6 : 0);
    const tall = heights[kind];
    paths[kind] += `M${left} ${height - tall}h${wide}v${tall}h${-wide}z`;
  }
  return paths;
}

/** What a strip says, for those who do not see it. */
export function stripSentence(strip: string): string {
  const count = (letter: string) => [...strip].filter((other) => other === letter).length;
  const without = minutes - count('o') - count('d') - count('f');
  return `Last 60 minutes: ${count('f')} failed, ${count('d')} degraded, ${without} without data`;
}
