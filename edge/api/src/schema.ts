import type { FieldProblem } from '@watchkeeper/model';
import { nearestName } from '@watchkeeper/model';
import { Ajv, type ErrorObject } from 'ajv';
import type { TSchema } from 'typebox';

type Json = Record<string, unknown>;

/**
 * A schema of the model as JSON Schema for validators and documents: without identifiers of parts, with alternatives
 * of constants as an enumeration, and with records that refuse names outside their pattern.
 */
export function plainSchema(schema: TSchema, onNamed?: (id: string, part: Json) => Json): Json {
  return plain(JSON.parse(JSON.stringify(schema)) as Json, onNamed, true) as Json;
}

function plain(value: unknown, onNamed: ((id: string, part: Json) => Json) | undefined, isTop = false): unknown {
  if (Array.isArray(value)) return value.map((part) => plain(part, onNamed));
  if (typeof value !== 'object' || value === null) return value;
  const { $id, ...rest } = value as Json;
  const result: Json = Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, plain(part, onNamed)]));
  const constants = constantsOf(result.anyOf);
  if (constants !== undefined) {
    delete result.anyOf;
    result.enum = constants;
  }
  if (result.patternProperties !== undefined && result.additionalProperties === undefined) {
    result.additionalProperties = false;
  }
  if (typeof $id === 'string' && onNamed !== undefined && !isTop) return onNamed($id, result);
  return result;
}

function constantsOf(anyOf: unknown): unknown[] | undefined {
  if (!Array.isArray(anyOf) || anyOf.length === 0) return undefined;
  const parts = anyOf as Json[];
  return parts.every((part) => Object.hasOwn(part, 'const')) ? parts.map((part) => part.const) : undefined;
}

const formats = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/,
};

function newAjv(options: { coerce: boolean }): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    useDefaults: true,
    verbose: true,
    coerceTypes: options.coerce,
  });
  for (const [name, pattern] of Object.entries(formats)) ajv.addFormat(name, pattern);
  return ajv;
}

const strictAjv = newAjv({ coerce: false });
const coercingAjv = newAjv({ coerce: true });

/** Most problems of one answer. */
const mostProblems = 50;

export interface Validator {
  /** What is wrong with a value, at most 50 entries. Fills in defaults in place. */
  problems(value: unknown): FieldProblem[];
}

export interface ValidatorOptions {
  /** Text becomes numbers and booleans, for what comes in an address. */
  readonly coerce?: boolean;
  /** Turns a JSON pointer into what the caller is told; the pointer itself when left out. */
  readonly pointer?: (jsonPointer: string) => string;
}

/** Compiles a schema once. */
export function compileSchema(
  schema: TSchema,
  { coerce = false, pointer = (own) => own }: ValidatorOptions = {},
): Validator {
  const validate = (coerce ? coercingAjv : strictAjv).compile(plainSchema(schema));
  return {
    problems(value) {
      if (validate(value)) return [];
      const problems = new Map<string, FieldProblem>();
      for (const error of validate.errors ?? []) {
        const problem = problemOf(error);
        const place = pointer(problem.pointer);
        if (!problems.has(place)) problems.set(place, { pointer: place, message: problem.message });
      }
      return [...problems.values()].slice(0, mostProblems);
    },
  };
}

function problemOf(error: ErrorObject): FieldProblem {
  const { instancePath, keyword, params, parentSchema } = error;
  switch (keyword) {
    case 'required':
      return { pointer: `${instancePath}/${pointerPart(params.missingProperty)}`, message: 'is required' };
    case 'additionalProperties': {
      const name = params.additionalProperty as string;
      const nearest = nearestName(name, Object.keys((parentSchema?.properties as Json | undefined) ?? {}));
      const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
      return { pointer: `${instancePath}/${pointerPart(name)}`, message: `is not known here${hint}` };
    }
    case 'enum':
      return { pointer: instancePath, message: `must be one of ${(params.allowedValues as unknown[]).join(', ')}` };
    case 'minLength':
      return {
        pointer: instancePath,
        message: params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`,
      };
    case 'maxLength':
      return { pointer: instancePath, message: `must have at most ${params.limit} characters` };
    case 'pattern': {
      const description = parentSchema?.description;
      const form = typeof description === 'string' ? ` (${description})` : '';
      return {
        pointer: instancePath,
        message: `has a form that is not allowed${form}; it must match ${params.pattern}`,
      };
    }
    default:
      return { pointer: instancePath, message: error.message ?? 'is not valid' };
  }
}

/** Deepest nesting of anything that comes in. */
const deepest = 40;

/** Text that PostgreSQL cannot hold (NUL, half of a surrogate pair), and nesting that nobody needs. */
export function unstorableProblems(value: unknown): FieldProblem[] {
  const open: { readonly value: unknown; readonly pointer: string; readonly depth: number }[] = [
    { value, pointer: '', depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: part, pointer, depth } = next;
    if (typeof part === 'string' && !isStorable(part)) return [{ pointer, message: unstorable }];
    if (typeof part !== 'object' || part === null) continue;
    if (depth === deepest) return [{ pointer, message: `is nested more than ${deepest} deep` }];
    for (const [name, inner] of Object.entries(part)) {
      if (!isStorable(name)) return [{ pointer, message: unstorable }];
      open.push({ value: inner, pointer: `${pointer}/${pointerPart(name)}`, depth: depth + 1 });
    }
  }
  return [];
}

const unstorable = 'holds a NUL character or half a surrogate pair';

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** A name as a part of a JSON pointer (RFC 6901). */
export function pointerPart(name: unknown): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1');
}
