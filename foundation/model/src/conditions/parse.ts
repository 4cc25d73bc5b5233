import { RE2JS } from 're2js';
import { nearestName } from '../nearest-name.ts';
import { type Comparison, type Condition, type Operand, operandText, type Test, typeOfOperand } from './condition.ts';
import { ConditionMistake, type Token, tokenize } from './tokens.ts';

export type Parsed =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly column: number; readonly message: string };

const longestText = 500;
const deepest = 20;
const longestPattern = 200;
const comparisons: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];

/**
 * Reads a condition. Grammar:
 * ```
 * condition = ["warn"] or
 * or        = and { "or" and }          and = not { "and" not }          not = "not" not | primary
 * primary   = "(" or ")" | "exists" "(" operand ")" | operand test
 * test      = ("==" | "!=" | "<" | "<=" | ">" | ">=") operand
 *           | "in" number ".." number | "in" "[" operand { "," operand } "]"
 *           | "contains" text | "matches" pattern
 * operand   = number[unit] | text | "true" | "false" | "null" | "length" "(" operand ")"
 *           | name | "header" "[" text "]" | "body" | "body.json" { "." word | "[" (number | text) "]" }
 * ```
 * Patterns run on a linear-time engine. `names` are the names that may be used; numbers end in a unit or are counts.
 */
export function parseCondition(text: string, names: readonly string[]): Parsed {
  try {
    if (text.length > longestText)
      throw new ConditionMistake(longestText + 1, `a condition has at most ${longestText} characters`);
    return { ok: true, condition: new Parser(text, names).condition() };
  } catch (error) {
    if (error instanceof ConditionMistake) return { ok: false, column: error.column, message: error.message };
    throw error;
  }
}

/** Whether a name stands for a number. Text is everything else. */
export function isNumberName(name: string): boolean {
  return (
    /(Ms|Bytes|Ratio|Seconds)$/.test(name) || ['status', 'redirects', 'attempt', 'certificate.daysLeft'].includes(name)
  );
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #names: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string, names: readonly string[]) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#names = names;
  }

  condition(): Condition {
    const level = this.#takeWord('warn') ? 'warn' : 'fail';
    const test = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end')
      throw new ConditionMistake(rest.column, `expected "and", "or" or the end, found ${rest.text}`);
    return { text: this.#text.trim(), level, test };
  }

  #or(): Test {
    return this.#joined('or', () => this.#joined('and', () => this.#not()));
  }

  #joined(word: 'and' | 'or', part: () => Test): Test {
    const tests = [part()];
    while (this.#takeWord(word)) tests.push(part());
    return tests.length === 1 ? (tests[0] as Test) : { kind: word, tests };
  }

  #not(): Test {
    if (this.#takeWord('not')) return this.#nested(() => ({ kind: 'not', test: this.#not() }));
    if (this.#takeSign('(')) {
      return this.#nested(() => {
        const test = this.#or();
        this.#expectSign(')');
        return test;
      });
    }
    if (this.#takeWord('exists')) {
      this.#expectSign('(');
      const of = this.#operand();
      this.#expectSign(')');
      return { kind: 'exists', of };
    }
    return this.#comparison();
  }

  #comparison(): Test {
    const first = this.#peek();
    const left = this.#operand();
    const next = this.#take();
    if (next.kind === 'sign' && comparisons.includes(next.text)) {
      const rightToken = this.#peek();
      const right = this.#operand();
      checkComparable(left, next.text as Comparison, right, rightToken.column);
      return { kind: 'compare', left, operator: next.text as Comparison, right };
    }
    if (next.kind === 'word' && next.text === 'in') return this.#membership(left, first.column);
    if (next.kind === 'word' && next.text === 'contains') {
      requireType(left, 'text', first.column, 'contains');
      const text = this.#take();
      if (text.kind !== 'text')
        throw new ConditionMistake(text.column, `expected a text in double quotes after contains, found ${text.text}`);
      return { kind: 'contains', of: left, text: text.value };
    }
    if (next.kind === 'word' && next.text === 'matches') {
      requireType(left, 'text', first.column, 'matches');
      return { kind: 'matches', of: left, ...this.#pattern() };
    }
    throw new ConditionMistake(
      next.column,
      `expected a comparison (==, !=, <, <=, >, >=, in, contains, matches) after ${operandText(left)}, found ${next.text}`,
    );
  }

  #membership(of: Operand, column: number): Test {
    if (this.#takeSign('[')) {
      const items: Operand[] = [];
      do {
        const itemToken = this.#peek();
        const item = this.#operand();
        checkComparable(of, '==', item, itemToken.column);
        items.push(item);
      } while (this.#takeSign(','));
      this.#expectSign(']');
      return { kind: 'list', of, items };
    }
    requireType(of, 'number', column, 'in a..b');
    const low = this.#number();
    const between = this.#peek();
    if (!this.#takeSign('..'))
      throw new ConditionMistake(between.column, `expected ".." as in 200..299, found ${between.text}`);
    const highToken = this.#peek();
    const high = this.#number();
    if (high < low) throw new ConditionMistake(highToken.column, `the range ends (${high}) before it begins (${low})`);
    return { kind: 'range', of, low, high };
  }

  #number(): number {
    const token = this.#take();
    if (token.kind !== 'number') throw new ConditionMistake(token.column, `expected a number, found ${token.text}`);
    return token.value;
  }

  #pattern(): { source: string; test: (text: string) => boolean } {
    const token = this.#take();
    if (token.kind !== 'pattern')
      throw new ConditionMistake(token.column, `expected a pattern between slashes, found ${token.text}`);
    if (token.value.length > longestPattern)
      throw new ConditionMistake(token.column, `a pattern has at most ${longestPattern} characters`);
    try {
      const pattern = RE2JS.compile(token.value);
      return { source: token.value, test: (text) => pattern.matcher(text).find() };
    } catch (error) {
      throw new ConditionMistake(token.column, `the pattern cannot be used: ${(error as Error).message}`);
    }
  }

  #operand(): Operand {
    const token = this.#take();
    if (token.kind === 'number') return { kind: 'number', value: token.value, text: token.text };
    if (token.kind === 'text') return { kind: 'text', value: token.value };
    if (token.kind !== 'word')
      throw new ConditionMistake(token.column, `expected a name or a value, found ${token.text}`);
    if (token.text === 'true' || token.text === 'false') return { kind: 'boolean', value: token.text === 'true' };
    if (token.text === 'null') return { kind: 'null' };
    if (token.text === 'length' && this.#peek().text === '(') {
      return this.#nested(() => {
        this.#expectSign('(');
        const inner = this.#peek();
        const of = this.#operand();
        if (typeOfOperand(of) === 'number')
          throw new ConditionMistake(inner.column, `${operandText(of)} is a number and has no length`);
        this.#expectSign(')');
        return { kind: 'length', of };
      });
    }
    return this.#name(token);
  }

  #name(first: Token): Operand {
    if (first.text === 'header' && this.#names.includes('header')) {
      this.#expectSign('[');
      const name = this.#take();
      if (name.kind !== 'text')
        throw new ConditionMistake(name.column, `expected the name of a header in double quotes, found ${name.text}`);
      this.#expectSign(']');
      return { kind: 'header', name: name.value.toLowerCase() };
    }
    if (first.text === 'body' && this.#names.includes('body')) {
      if (this.#peek().text !== '.') return { kind: 'body' };
      this.#take();
      const json = this.#take();
      if (json.text !== 'json')
        throw new ConditionMistake(json.column, `expected "json" after "body.", found ${json.text}`);
      return { kind: 'json', path: this.#path() };
    }
    let name = first.text;
    while (this.#peek().text === '.') {
      this.#take();
      name += `.${this.#take().text}`;
    }
    if (!this.#names.includes(name)) {
      const nearest = nearestName(name, this.#names);
      throw new ConditionMistake(
        first.column,
        `there is no "${name}" here${nearest === undefined ? '' : `; did you mean "${nearest}"?`} Known: ${this.#names.join(', ')}`,
      );
    }
    return { kind: 'name', name, type: isNumberName(name) ? 'number' : 'text' };
  }

  #path(): (string | number)[] {
    const path: (string | number)[] = [];
    for (;;) {
      if (this.#takeSign('.')) {
        const step = this.#take();
        if (step.kind !== 'word')
          throw new ConditionMistake(step.column, `expected a key after ".", found ${step.text}`);
        path.push(step.text);
      } else if (this.#takeSign('[')) {
        const step = this.#take();
        const isIndex = step.kind === 'number' && Number.isInteger(step.value);
        if (!isIndex && step.kind !== 'text')
          throw new ConditionMistake(step.column, `expected an index or a key in double quotes, found ${step.text}`);
        path.push((step as { value: string | number }).value);
        this.#expectSign(']');
      } else return path;
    }
  }

  #nested<T>(work: () => T): T {
    this.#depth += 1;
    if (this.#depth > deepest)
      throw new ConditionMistake(this.#peek().column, `a condition is nested at most ${deepest} deep`);
    const result = work();
    this.#depth -= 1;
    return result;
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    const isIt = token.kind === 'word' && token.text === word;
    if (isIt) this.#at += 1;
    return isIt;
  }

  #takeSign(sign: string): boolean {
    const token = this.#peek();
    const isIt = token.kind === 'sign' && token.text === sign;
    if (isIt) this.#at += 1;
    return isIt;
  }

  #expectSign(sign: string): void {
    const token = this.#peek();
    if (!this.#takeSign(sign)) throw new ConditionMistake(token.column, `expected "${sign}", found ${token.text}`);
  }
}

function checkComparable(left: Operand, operator: Comparison, right: Operand, column: number): void {
  const [a, b] = [typeOfOperand(left), typeOfOperand(right)];
  if (a !== 'any' && b !== 'any' && a !== b) {
    throw new ConditionMistake(
      column,
      `${operandText(left)} is a ${a}, ${operandText(right)} is a ${b}; they cannot be compared`,
    );
  }
  const isOrdering = operator !== '==' && operator !== '!=';
  if (isOrdering && [a, b].some((type) => type !== 'any' && type !== 'number')) {
    throw new ConditionMistake(column, `${operator} compares numbers`);
  }
}

function requireType(operand: Operand, type: 'number' | 'text', column: number, word: string): void {
  const actual = typeOfOperand(operand);
  if (actual !== 'any' && actual !== type)
    throw new ConditionMistake(column, `${operandText(operand)} is a ${actual}; "${word}" needs a ${type}`);
}
