import { eventMessageLimits } from '@watchkeeper/model';

/** Attributes by name, as text; or what is wrong with them. */
export type OtlpAttributes = Readonly<Record<string, string>>;

type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists and maps within each other, at most. */
const deepest = 20;

export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Reads a list of KeyValue. Numbers, booleans, lists and maps become the text that JSON has for them. */
export function readAttributes(given: unknown): OtlpAttributes | string {
  if (given === undefined || given === null) return {};
  if (!Array.isArray(given)) return 'attributes must be a list';
  const entries: [string, string][] = [];
  const seen = new Set<string>();
  for (const one of given as unknown[]) {
    const key = isObject(one) ? one.key : undefined;
    if (typeof key !== 'string' || key === '') return 'an attribute has no name, or one that is not UTF-8';
    if (key.length > eventMessageLimits.text)
      return `the name of an attribute has more than ${eventMessageLimits.text} characters`;
    if (!isStorable(key)) return 'the name of an attribute holds NUL or half a surrogate pair';
    if (key === '__proto__') return 'no attribute can be named __proto__';
    if (seen.has(key)) return `the attribute ${key} stands there twice`;
    seen.add(key);
    const value = anyValueOf((one as Json).value, 0);
    if (value === undefined) return `the attribute ${key} has no value that can be read`;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text.length > eventMessageLimits.attributeText)
      return `the attribute ${key} has more than ${eventMessageLimits.attributeText} characters`;
    if (!isStorable(text)) return `the attribute ${key} holds NUL or half a surrogate pair`;
    entries.push([key, text]);
  }
  return Object.fromEntries(entries);
}

/** What an AnyValue holds; an empty one is empty text, undefined where it cannot be read. */
function anyValueOf(given: unknown, depth: number): unknown {
  if (given === undefined || given === null) return '';
  if (!isObject(given) || depth > deepest) return undefined;
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = given;
  if (stringValue !== undefined) return typeof stringValue === 'string' ? stringValue : undefined;
  if (boolValue !== undefined) return typeof boolValue === 'boolean' ? boolValue : undefined;
  if (intValue !== undefined) return /^-?\d{1,19}$/.test(String(intValue)) ? String(intValue) : undefined;
  if (doubleValue !== undefined)
    return ['number', 'string'].includes(typeof doubleValue) ? String(doubleValue) : undefined;
  if (bytesValue !== undefined) return typeof bytesValue === 'string' ? bytesValue : undefined;
  if (arrayValue !== undefined) return listOf(arrayValue, (one) => anyValueOf(one, depth + 1));
  if (kvlistValue !== undefined) {
    const pairs = listOf(kvlistValue, (one) => {
      const value = isObject(one) && typeof one.key === 'string' ? anyValueOf(one.value, depth + 1) : undefined;
      return value === undefined ? undefined : [(one as Json).key, value];
    });
    return pairs === undefined ? undefined : Object.fromEntries(pairs as [string, unknown][]);
  }
  return '';
}

/** Each value of a list; undefined where one of them cannot be read. */
function listOf(given: unknown, read: (one: unknown) => unknown): unknown[] | undefined {
  const values = isObject(given) ? (given.values ?? []) : undefined;
  if (!Array.isArray(values)) return undefined;
  const all = values.map(read);
  return all.includes(undefined) ? undefined : all;
}
