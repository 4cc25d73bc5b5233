import type { Judgement } from '../monitor-type.ts';
import type { Reason } from '../reasons.ts';
import {
  type Comparison,
  type Condition,
  namesIn,
  type Operand,
  operandText,
  type Test,
  testText,
} from './condition.ts';
import type { ConditionScope } from './scope.ts';

/** Judges all conditions; a failed one beats a warning, the first of its kind gives the message. */
export function judge(conditions: readonly Condition[], scope: ConditionScope): Judgement {
  const seen = new Seen(scope);
  let warning: Judgement | undefined;
  for (const { level, test, text } of conditions) {
    const result = evaluate(test, seen);
    if (result.holds) continue;
    const message = `expected ${text.replace(/^warn\s+/, '')}, but ${result.why}`;
    if (level === 'fail') return { outcome: 'failed', reason: reasonOf(test), message };
    warning ??= { outcome: 'degraded', reason: reasonOf(test), message };
  }
  return warning ?? { outcome: 'ok' };
}

/** Limits on the whole duration that the conditions set, milliseconds: what the chart draws as lines. */
export function durationLimits(conditions: readonly Condition[]): {
  readonly failMs?: number;
  readonly warnMs?: number;
} {
  const limits: { failMs?: number; warnMs?: number } = {};
  for (const { level, test } of conditions) {
    if (
      test.kind !== 'compare' ||
      test.left.kind !== 'name' ||
      test.left.name !== 'durationMs' ||
      test.right.kind !== 'number'
    )
      continue;
    if (test.operator !== '<' && test.operator !== '<=') continue;
    const key = level === 'warn' ? 'warnMs' : 'failMs';
    limits[key] = Math.min(limits[key] ?? Number.POSITIVE_INFINITY, test.right.value);
  }
  return limits;
}

function reasonOf(test: Test): Reason {
  const names = namesIn(test);
  if (names.includes('status')) return 'status';
  return names.length > 0 && names.every((name) => name.endsWith('Ms')) ? 'slow' : 'assertion';
}

type Verdict = { readonly holds: true } | { readonly holds: false; readonly why: string };
type Value = number | string | boolean | null | object | undefined;

const held: Verdict = { holds: true };

/** The scope, with the body read as JSON at most once. */
class Seen {
  readonly scope: ConditionScope;
  #json: { readonly value: unknown } | { readonly mistake: string } | undefined;

  constructor(scope: ConditionScope) {
    this.scope = scope;
  }

  json(): { readonly value: unknown } | { readonly mistake: string } {
    this.#json ??= this.#readJson();
    return this.#json;
  }

  #readJson() {
    if (this.scope.body === undefined) return { mistake: 'there is no body' };
    try {
      return { value: JSON.parse(this.scope.body) as unknown };
    } catch {
      return { mistake: 'the body is not JSON' };
    }
  }
}

function evaluate(test: Test, seen: Seen): Verdict {
  switch (test.kind) {
    case 'and': {
      for (const part of test.tests) {
        const result = evaluate(part, seen);
        if (!result.holds) return result;
      }
      return held;
    }
    case 'or': {
      const whys: string[] = [];
      for (const part of test.tests) {
        const result = evaluate(part, seen);
        if (result.holds) return held;
        whys.push(result.why);
      }
      return { holds: false, why: [...new Set(whys)].join(' and ') };
    }
    case 'not': {
      // Absent stays absent: "not body contains x" does not hold when there is no body.
      const missing = absentIn(test.test, seen);
      if (missing !== undefined) return { holds: false, why: missing };
      return evaluate(test.test, seen).holds ? { holds: false, why: `${testText(test.test)} holds` } : held;
    }
    case 'exists':
      return read(test.of, seen).value === undefined
        ? { holds: false, why: `${operandText(test.of)} is absent` }
        : held;
    case 'compare':
      return compare(test.left, test.operator, test.right, seen);
    case 'range': {
      const { value, mistake } = read(test.of, seen);
      if (typeof value !== 'number') return unexpected(test.of, value, mistake, 'a number');
      return value >= test.low && value <= test.high ? held : { holds: false, why: `it is ${shown(value)}` };
    }
    case 'list': {
      const { value, mistake } = read(test.of, seen);
      if (value === undefined) return unexpected(test.of, value, mistake, 'a value');
      return test.items.some((item) => read(item, seen).value === value)
        ? held
        : { holds: false, why: `it is ${shown(value)}` };
    }
    case 'contains': {
      const { value, mistake } = read(test.of, seen);
      if (Array.isArray(value))
        return value.includes(test.text) ? held : { holds: false, why: `${operandText(test.of)} does not` };
      if (typeof value !== 'string') return unexpected(test.of, value, mistake, 'a text');
      return value.includes(test.text) ? held : { holds: false, why: `${operandText(test.of)} is ${shown(value)}` };
    }
    case 'matches': {
      const { value, mistake } = read(test.of, seen);
      if (typeof value !== 'string') return unexpected(test.of, value, mistake, 'a text');
      return test.test(value) ? held : { holds: false, why: `${operandText(test.of)} is ${shown(value)}` };
    }
  }
}

function compare(left: Operand, operator: Comparison, right: Operand, seen: Seen): Verdict {
  const [a, b] = [read(left, seen), read(right, seen)];
  if (a.value === undefined) return unexpected(left, a.value, a.mistake, 'a value');
  if (b.value === undefined) return unexpected(right, b.value, b.mistake, 'a value');
  if (operator === '==' || operator === '!=') {
    const isEqual = a.value === b.value;
    if (isEqual === (operator === '==')) return held;
    const hint =
      typeof a.value === typeof b.value
        ? ''
        : ` (${typeName(a.value)}), expected ${typeName(b.value)} ${shown(b.value)}`;
    return { holds: false, why: `${operandText(left)} is ${shown(a.value)}${hint}` };
  }
  if (typeof a.value !== 'number') return unexpected(left, a.value, a.mistake, 'a number');
  if (typeof b.value !== 'number') return unexpected(right, b.value, b.mistake, 'a number');
  const holds = { '<': a.value < b.value, '<=': a.value <= b.value, '>': a.value > b.value, '>=': a.value >= b.value }[
    operator
  ];
  return holds ? held : { holds: false, why: `it was ${shown(a.value)}` };
}

/** Why a test cannot be judged at all; undefined when everything it looks at is there. */
function absentIn(test: Test, seen: Seen): string | undefined {
  if (test.kind === 'exists') return undefined;
  if (test.kind === 'not') return absentIn(test.test, seen);
  if (test.kind === 'and' || test.kind === 'or') {
    for (const part of test.tests) {
      const missing = absentIn(part, seen);
      if (missing !== undefined) return missing;
    }
    return undefined;
  }
  for (const operand of operandsOf(test)) {
    const { value, mistake } = read(operand, seen);
    if (value === undefined) return mistake ?? `${operandText(operand)} is absent`;
  }
  return undefined;
}

function operandsOf(test: Test): readonly Operand[] {
  if (test.kind === 'compare') return [test.left, test.right];
  return 'of' in test ? [test.of] : [];
}

function read(operand: Operand, seen: Seen): { readonly value: Value; readonly mistake?: string } {
  const { scope } = seen;
  switch (operand.kind) {
    case 'number':
    case 'text':
    case 'boolean':
      return { value: operand.value };
    case 'null':
      return { value: null };
    case 'name':
      return { value: operand.type === 'number' ? scope.numbers[operand.name] : scope.texts[operand.name] };
    case 'header':
      return {
        value:
          scope.header !== undefined && Object.hasOwn(scope.header, operand.name)
            ? scope.header[operand.name]
            : undefined,
      };
    case 'body':
      return { value: scope.body };
    case 'json': {
      const json = seen.json();
      if ('mistake' in json) return { value: undefined, mistake: json.mistake };
      return { value: descend(json.value, operand.path) };
    }
    case 'length': {
      const { value, mistake } = read(operand.of, seen);
      if (typeof value === 'string' || Array.isArray(value)) return { value: value.length };
      return {
        value: undefined,
        mistake:
          mistake ??
          `${operandText(operand.of)} is ${value === undefined ? 'absent' : `${typeName(value)} and has no length`}`,
      };
    }
  }
}

function descend(value: unknown, path: readonly (string | number)[]): Value {
  let at: unknown = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at)) at = typeof step === 'number' ? at.at(step) : undefined;
    else at = Object.hasOwn(at, step) ? (at as Record<string, unknown>)[step] : undefined;
  }
  return at as Value;
}

function unexpected(operand: Operand, value: Value, mistake: string | undefined, expected: string): Verdict {
  if (value === undefined) return { holds: false, why: mistake ?? `${operandText(operand)} is absent` };
  return { holds: false, why: `${operandText(operand)} is ${shown(value)} (${typeName(value)}), not ${expected}` };
}

function typeName(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'string' ? 'text' : typeof value;
}

function shown(value: Value): string {
  const text =
    typeof value === 'number' && !Number.isInteger(value)
      ? String(Number(value.toPrecision(6)))
      : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
