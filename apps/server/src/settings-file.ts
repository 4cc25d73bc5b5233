import { readFileSync } from 'node:fs';
import { nearestName, WatchkeeperError } from '@watchkeeper/model';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { SettingsSchema } from './settings-schema.ts';

export interface Problem {
  readonly pointer: string;
  readonly message: string;
}

/**
 * What a file of settings says.
 * @throws WatchkeeperError `settings_invalid` with one problem per mistake, each with line and column
 */
export function readSettingsFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new WatchkeeperError(
      'settings_invalid',
      `The settings file ${file} cannot be read (${(error as Error).message}).`,
      { cause: error },
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw invalid(
      document.errors.map((error) => ({
        pointer: `${file}:${error.linePos?.[0].line ?? 1}`,
        message: error.message.split('\n')[0] ?? 'not valid YAML',
      })),
    );
  }
  const problems: Problem[] = [];
  if (document.contents !== null) checkNode(SettingsSchema, document.contents as Node, '', { file, lines, problems });
  if (problems.length > 0) throw invalid(problems);
  return (document.toJS() ?? {}) as Record<string, unknown>;
}

/** The error that names all problems at once. */
export function invalid(problems: readonly Problem[]): WatchkeeperError {
  const lines = problems.map(({ pointer, message }) => `  ${pointer}: ${message}`);
  return new WatchkeeperError(
    'settings_invalid',
    `The settings cannot be used:\n${lines.join('\n')}\nMend them and start again; docs/reference/settings.md lists all.`,
    { problems },
  );
}

interface Place {
  readonly file: string;
  readonly lines: LineCounter;
  readonly problems: Problem[];
}

interface Parts {
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly anyOf?: readonly TSchema[];
}

/** Unknown keys, missing ones and wrong values, each at its line, however deep. */
function checkNode(schema: TSchema, node: Node, path: string, place: Place): void {
  const parts = schema as Parts;
  const variants = (parts.anyOf ?? []).filter((variant) => (variant as Parts).properties !== undefined);
  const named = Object.values(parts.patternProperties ?? {})[0];
  if (variants.length > 0) checkVariants(variants, node, path, place);
  else if (parts.properties !== undefined && isMap(node)) checkKeys(parts, node, path, place);
  else if (parts.items !== undefined && isSeq(node)) checkItems(schema, parts.items, node, path, place);
  else if (named !== undefined && isMap(node)) checkNamed(schema, named, node, path, place);
  else checkValue(schema, node, path, place);
}

function checkNamed(schema: TSchema, named: TSchema, node: YAMLMap, path: string, place: Place): void {
  const before = place.problems.length;
  for (const { key, value } of node.items)
    if (value !== null) checkNode(named, value as Node, `${path}.${String(isScalar(key) ? key.value : key)}`, place);
  // What is wrong within is told more exactly than what that makes of the whole.
  if (place.problems.length === before) checkValue(schema, node, path, place);
}

function checkValue(schema: TSchema, node: Node, path: string, place: Place): void {
  const value = isScalar(node) ? node.value : isSeq(node) || isMap(node) ? node.toJSON() : undefined;
  const [error] = Compile(schema).Errors(value);
  if (error === undefined) return;
  const steps = error.instancePath.split('/').slice(1);
  const inner = isSeq(node) || isMap(node) ? node.getIn(steps.map(stepOf), true) : undefined;
  note(
    place,
    (inner as Node | undefined) ?? node,
    [path, ...steps].join('.'),
    messageOf(error.message, schemaAt(schema, steps), valueAt(value, steps)),
  );
}

function checkItems(schema: TSchema, item: TSchema, node: YAMLSeq, path: string, place: Place): void {
  const before = place.problems.length;
  for (const [index, value] of node.items.entries()) checkNode(item, value as Node, `${path}.${index}`, place);
  if (place.problems.length > before) return;
  // Items are right each; how many there may be is a matter of the whole.
  const { items: _items, ...bounds } = schema as Parts & Record<string, unknown>;
  checkValue(bounds as TSchema, node, path, place);
}

function checkKeys({ properties = {}, required = [] }: Parts, node: YAMLMap, path: string, place: Place): void {
  const names: string[] = [];
  let isKnown = true;
  for (const { key, value } of node.items) {
    const name = String(isScalar(key) ? key.value : key);
    const own = path === '' ? name : `${path}.${name}`;
    const known = properties[name];
    names.push(name);
    if (known === undefined) {
      isKnown = false;
      const nearest = nearestName(name, Object.keys(properties));
      const meant = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
      note(place, key as Node, '', `there is no setting "${own}"${meant}`);
    } else if (value !== null) checkNode(known, value as Node, own, place);
  }
  // A needed key that is misspelt is there under another name.
  if (!isKnown || path === '') return;
  for (const name of required) {
    const { default: initial, description } = properties[name] as { default?: unknown; description?: string };
    if (initial === undefined && !names.includes(name))
      note(place, node, path, `needs "${name}"${description === undefined ? '' : `: ${description}`}`);
  }
}

/** Of several forms the one that the keys stand for is checked. */
function checkVariants(variants: readonly TSchema[], node: Node, path: string, place: Place): void {
  const keysOf = (variant: TSchema) => Object.keys((variant as Parts).properties ?? {});
  if (!isMap(node)) {
    const forms = variants.map((variant) => `{ ${((variant as Parts).required ?? keysOf(variant)).join(': …, ')}: … }`);
    note(place, node, path, `must be ${forms.join(' or ')}`);
    return;
  }
  const given = node.items.map(({ key }) => String(isScalar(key) ? key.value : key));
  const fit = (variant: TSchema) => keysOf(variant).filter((name) => given.includes(name)).length;
  const [best] = variants.toSorted((a, b) => fit(b) - fit(a));
  if (best === undefined) return;
  // Before any key fits, each of all forms may have been meant.
  const chosen =
    fit(best) > 0
      ? (best as Parts)
      : { properties: Object.assign({}, ...variants.map((one) => (one as Parts).properties)) };
  checkKeys(chosen, node, path, place);
}

/** Notes what is wrong with what stands at a node; `path` is how people name it, empty where the message does. */
function note({ file, lines, problems }: Place, node: Node, path: string, message: string): void {
  const { line, col } = lines.linePos(node.range?.[0] ?? 0);
  problems.push({ pointer: `${file}:${line}:${col}`, message: path === '' ? message : `${path} ${message}` });
}

const stepOf = (step: string) => (/^\d+$/.test(step) ? Number(step) : step);

/** The schema of a place within a value. */
export function schemaAt(schema: TSchema, steps: readonly string[]): TSchema {
  const [step, ...rest] = steps;
  if (step === undefined) return schema;
  const { properties, items, patternProperties } = schema as Parts;
  const inner = properties?.[step] ?? items ?? Object.values(patternProperties ?? {})[0];
  return inner === undefined ? schema : schemaAt(inner, rest);
}

/** What stands at a place within a value. */
export function valueAt(value: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((part, step) => (part as Record<string, unknown> | undefined)?.[step], value);
}

/** What is wrong with a value: of several words, which there are, and which is nearest. */
export function messageOf(message: string, schema: TSchema, value: unknown): string {
  const parts = (schema as { anyOf?: readonly { const?: unknown }[] }).anyOf ?? [];
  const choices = parts.map((part) => String(part.const));
  if (parts.length > 0 && parts.every((part) => Object.hasOwn(part, 'const'))) {
    const nearest = typeof value === 'string' ? nearestName(value, choices) : undefined;
    return `must be one of ${choices.join(', ')}${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
  }
  return `${message}: ${describeSchema(schema)}`;
}

function describeSchema(schema: TSchema): string {
  const { description, pattern, minimum, maximum } = schema as {
    description?: string;
    pattern?: string;
    minimum?: number;
    maximum?: number;
  };
  const bounds = minimum === undefined ? '' : ` from ${minimum}${maximum === undefined ? '' : ` to ${maximum}`}`;
  return `${description ?? 'a value'}${bounds}${pattern === undefined ? '' : ` (${pattern})`}`;
}
