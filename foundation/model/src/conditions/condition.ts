/** A condition, read once and judged often. */
export interface Condition {
  /** As it was written. */
  readonly text: string;
  /** `warn` degrades instead of failing. */
  readonly level: 'fail' | 'warn';
  readonly test: Test;
}

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Test =
  | { readonly kind: 'compare'; readonly left: Operand; readonly operator: Comparison; readonly right: Operand }
  | { readonly kind: 'range'; readonly of: Operand; readonly low: number; readonly high: number }
  | { readonly kind: 'list'; readonly of: Operand; readonly items: readonly Operand[] }
  | { readonly kind: 'contains'; readonly of: Operand; readonly text: string }
  | {
      readonly kind: 'matches';
      readonly of: Operand;
      readonly source: string;
      readonly test: (text: string) => boolean;
    }
  | { readonly kind: 'exists'; readonly of: Operand }
  | { readonly kind: 'not'; readonly test: Test }
  | { readonly kind: 'and' | 'or'; readonly tests: readonly Test[] };

export type Operand =
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'name'; readonly name: string; readonly type: 'number' | 'text' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'body' }
  | { readonly kind: 'json'; readonly path: readonly (string | number)[] }
  | { readonly kind: 'length'; readonly of: Operand };

/** Type of an operand as far as it is known before anything was seen. */
export type OperandType = 'number' | 'text' | 'boolean' | 'null' | 'any';

export function typeOfOperand(operand: Operand): OperandType {
  switch (operand.kind) {
    case 'number':
    case 'length':
      return 'number';
    case 'text':
    case 'header':
    case 'body':
      return 'text';
    case 'boolean':
    case 'null':
      return operand.kind;
    case 'name':
      return operand.type;
    case 'json':
      return 'any';
  }
}

export function operandText(operand: Operand): string {
  switch (operand.kind) {
    case 'number':
      return operand.text;
    case 'text':
      return JSON.stringify(operand.value);
    case 'boolean':
      return String(operand.value);
    case 'null':
      return 'null';
    case 'name':
      return operand.name;
    case 'header':
      return `header[${JSON.stringify(operand.name)}]`;
    case 'body':
      return 'body';
    case 'json':
      return `body.json${operand.path.map((step) => (typeof step === 'string' && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`)).join('')}`;
    case 'length':
      return `length(${operandText(operand.of)})`;
  }
}

/** The canonical text of a test; reading it again gives the same test. */
export function testText(test: Test): string {
  switch (test.kind) {
    case 'compare':
      return `${operandText(test.left)} ${test.operator} ${operandText(test.right)}`;
    case 'range':
      return `${operandText(test.of)} in ${test.low}..${test.high}`;
    case 'list':
      return `${operandText(test.of)} in [${test.items.map(operandText).join(', ')}]`;
    case 'contains':
      return `${operandText(test.of)} contains ${JSON.stringify(test.text)}`;
    case 'matches':
      return `${operandText(test.of)} matches /${test.source.replaceAll('/', '\\/')}/`;
    case 'exists':
      return `exists(${operandText(test.of)})`;
    case 'not':
      return `not (${testText(test.test)})`;
    case 'and':
    case 'or':
      return test.tests.map((part) => `(${testText(part)})`).join(` ${test.kind} `);
  }
}

export function conditionText({ level, test }: Condition): string {
  return `${level === 'warn' ? 'warn ' : ''}${testText(test)}`;
}

/** Names that a test looks at. */
export function namesIn(test: Test): string[] {
  switch (test.kind) {
    case 'compare':
      return [...nameOf(test.left), ...nameOf(test.right)];
    case 'not':
      return namesIn(test.test);
    case 'and':
    case 'or':
      return test.tests.flatMap(namesIn);
    default:
      return nameOf(test.of);
  }
}

function nameOf(operand: Operand): string[] {
  if (operand.kind === 'name') return [operand.name];
  if (operand.kind === 'length') return nameOf(operand.of);
  return operand.kind === 'header' || operand.kind === 'body' || operand.kind === 'json' ? [operand.kind] : [];
}
