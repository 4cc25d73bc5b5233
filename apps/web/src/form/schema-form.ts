/** JSON Schema as far as forms need it. */
export interface FieldSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
}

export type FieldKind = 'text' | 'long' | 'number' | 'switch' | 'choice' | 'lines' | 'pairs' | 'group' | 'json';

/** Which control a field gets; it follows from the schema alone. */
export function kindOf(schema: FieldSchema): FieldKind {
  if (schema.enum !== undefined) return 'choice';
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'switch';
    case 'array':
      return schema.items?.type === 'string' ? 'lines' : 'json';
    case 'object':
      return schema.properties !== undefined ? 'group' : schema.patternProperties !== undefined ? 'pairs' : 'json';
    case 'string':
      return (schema.maxLength ?? 0) > 5000 ? 'long' : 'text';
    default:
      return 'json';
  }
}

/** The value a form starts with: what the schema gives by default. */
export function initialOf(schema: FieldSchema): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (kindOf(property) === 'group') values[name] = groupDefault(property);
    else if (property.default !== undefined) values[name] = property.default;
  }
  return values;
}

/** Whether a property must be filled in by hand. */
export function isNeeded(schema: FieldSchema, name: string): boolean {
  const property = schema.properties?.[name];
  return schema.required?.includes(name) === true && property?.default === undefined && property?.type !== 'boolean';
}

/** Whether a value is another one than the schema gives by default. */
export function isChanged(schema: FieldSchema | undefined, value: unknown): boolean {
  if (value === undefined) return false;
  const initial = schema !== undefined && kindOf(schema) === 'group' ? groupDefault(schema) : schema?.default;
  return JSON.stringify(value) !== JSON.stringify(initial);
}

function groupDefault(schema: FieldSchema): Record<string, unknown> {
  return { ...initialOf(schema), ...(schema.default as object | undefined) };
}

/** Pairs as lines, `name: value`. */
export function pairsText(pairs: Readonly<Record<string, unknown>> | undefined): string {
  return Object.entries(pairs ?? {})
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join('\n');
}

export function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const at = line.indexOf(':');
        return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      }),
  );
}

export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A path in an object, changed without touching the original; undefined takes it out. */
export function withValue(
  object: Readonly<Record<string, unknown>>,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const next = rest.length === 0 ? value : withValue((object[name] ?? {}) as Record<string, unknown>, rest, value);
  const { [name]: _, ...others } = object;
  return next === undefined ? others : { ...others, [name]: next };
}
