import { eventMessageLimits } from '@watchkeeper/model';
import { backslash, comma, equals, space } from './characters.ts';

/** What stands before the fields of a line: `cpu,host=a,zone=b`. */
export interface LineHead {
  readonly measurement: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** Reads a head, whose end is known; or says what is wrong with it. */
export function readHead(body: Buffer, start: number, end: number): LineHead | string {
  let at = endOfPart(body, start, end, false);
  const measurement = body.toString('utf8', start, at).replace(/\\([, ])/g, '$1');
  if (measurement === '') return 'missing measurement';
  if (measurement.length > eventMessageLimits.text)
    return `a measurement of more than ${eventMessageLimits.text} characters`;
  const tags = new Map<string, string>();
  while (at < end) {
    const keyStart = at + 1;
    const keyEnd = endOfPart(body, keyStart, end, true);
    if (keyEnd === keyStart) return 'missing tag key';
    if (body[keyEnd] !== equals || keyEnd >= end) return 'missing tag value';
    at = endOfPart(body, keyEnd + 1, end, true);
    if (at === keyEnd + 1) return 'missing tag value';
    if (at < end && body[at] === equals) return 'invalid tag format';
    const problem = addTag(tags, unescaped(body, keyStart, keyEnd), unescaped(body, keyEnd + 1, at));
    if (problem !== undefined) return problem;
  }
  return { measurement, tags };
}

function addTag(tags: Map<string, string>, key: string, value: string): string | undefined {
  const { text, attributes, attributeText } = eventMessageLimits;
  if (key.length > text) return `a tag key of more than ${text} characters`;
  if (value.length > attributeText) return `the tag ${key} has more than ${attributeText} characters`;
  // Time is a column of its own, and the other is no name for a property of an object.
  if (key === 'time' || key === '__proto__') return `a tag cannot be named ${key}`;
  if (tags.has(key)) return 'duplicate tags';
  if (tags.size >= attributes) return `more than ${attributes} tags`;
  tags.set(key, value);
  return undefined;
}

/** Place of the comma, or of the equals sign where that ends a part too, that is not escaped. */
function endOfPart(body: Buffer, start: number, end: number, isTag: boolean): number {
  for (let at = start; at < end; at++) {
    const byte = body[at];
    if (byte === comma || (isTag && byte === equals)) return at;
    if (byte === backslash && isEscapable(body[at + 1])) at += 1;
  }
  return end;
}

/** A backslash escapes a comma, an equals sign or a space; before anything else it stands for itself. */
export function isEscapable(byte: number | undefined): boolean {
  return byte === comma || byte === equals || byte === space;
}

/** The text of a tag or of the name of a field. */
export function unescaped(body: Buffer, start: number, end: number): string {
  const text = body.toString('utf8', start, end);
  return text.includes('\\') ? text.replace(/\\([,= ])/g, '$1') : text;
}
