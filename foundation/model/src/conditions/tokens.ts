/** A mistake in a condition: where, and what was expected there. */
export class ConditionMistake extends Error {
  /** From 1. */
  readonly column: number;
  constructor(column: number, message: string) {
    super(message);
    this.column = column;
  }
}

export type Token =
  | { readonly kind: 'number'; readonly value: number; readonly text: string; readonly column: number }
  | { readonly kind: 'text'; readonly value: string; readonly text: string; readonly column: number }
  | { readonly kind: 'pattern'; readonly value: string; readonly text: string; readonly column: number }
  | { readonly kind: 'word'; readonly text: string; readonly column: number }
  | { readonly kind: 'sign'; readonly text: string; readonly column: number }
  | { readonly kind: 'end'; readonly text: string; readonly column: number };

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };
const signs = ['==', '!=', '<=', '>=', '..', '<', '>', '(', ')', '[', ']', ',', '.'];

/** Cuts a condition into tokens. @throws ConditionMistake */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const column = at + 1;
    const space = /^\s+/.exec(rest)?.[0];
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const number = /^-?\d+(\.\d+)?(ms|s|m)?(?![A-Za-z0-9_])/.exec(rest);
    if (number !== null) {
      const [whole, , unit] = number;
      // "200..299": the dot belongs to the range, not to the number.
      const digits = unit === undefined ? whole : whole.slice(0, -unit.length);
      tokens.push({
        kind: 'number',
        value: Number(digits) * (unit === undefined ? 1 : (unitMs[unit] ?? 1)),
        text: whole,
        column,
      });
      at += whole.length;
      continue;
    }
    if (rest[0] === '"') {
      const { value, length } = readText(rest, column);
      tokens.push({ kind: 'text', value, text: rest.slice(0, length), column });
      at += length;
      continue;
    }
    if (rest[0] === '/') {
      const pattern = /^\/((?:[^/\\]|\\.)+)\//.exec(rest);
      if (pattern === null) throw new ConditionMistake(column, 'the pattern has no closing /');
      tokens.push({ kind: 'pattern', value: (pattern[1] as string).replaceAll('\\/', '/'), text: pattern[0], column });
      at += pattern[0].length;
      continue;
    }
    const word = /^[A-Za-z_][A-Za-z0-9_-]*/.exec(rest)?.[0];
    if (word !== undefined) {
      tokens.push({ kind: 'word', text: word, column });
      at += word.length;
      continue;
    }
    const sign = signs.find((candidate) => rest.startsWith(candidate));
    if (sign === undefined) throw new ConditionMistake(column, `"${rest[0]}" has no meaning here`);
    tokens.push({ kind: 'sign', text: sign, column });
    at += sign.length;
  }
  tokens.push({ kind: 'end', text: 'the end', column: text.length + 1 });
  return tokens;
}

/** A text in double quotes with the escapes of JSON. */
function readText(rest: string, column: number): { value: string; length: number } {
  const literal = /^"(?:[^"\\]|\\.)*"/.exec(rest)?.[0];
  if (literal === undefined) throw new ConditionMistake(column, 'the text has no closing "');
  try {
    return { value: JSON.parse(literal) as string, length: literal.length };
  } catch {
    throw new ConditionMistake(column, 'the text holds an escape that is not one of JSON');
  }
}
