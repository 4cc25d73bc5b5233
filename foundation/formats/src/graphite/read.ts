import { eventMessageLimits, largestValue } from '@watchkeeper/model';

/** What a path and its tags say; the same for every point of a series. */
export interface GraphitePath {
  readonly path: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** A line, its path not looked into yet. */
export interface GraphiteLine {
  /** Path and tags: `disk.used;host=a`. */
  readonly head: string;
  readonly value: number;
  readonly timeUs: number;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;
const dayUs = 86_400_000_000;

/**
 * Reads one line without its line feed, `path;tag=value value seconds`, or says what is wrong with it. Where the time is
 * left out, `-1` or `N`, it is that of receipt.
 * @param receivedUs microseconds since 1970-01-01 UTC; times of more than a day later are refused
 */
export function readGraphiteLine(line: string, receivedUs: number): GraphiteLine | string {
  const parts = line.trim().split(/[ \t]+/);
  const [head = '', text, time] = parts;
  if (head === '' || text === undefined) return 'a line is a path, a value and a time';
  if (parts.length > 3) return 'there is something behind the time';
  if (!decimal.test(text)) return `${shown(text)} is no number`;
  const value = Number(text);
  if (!(Math.abs(value) <= largestValue)) return `${shown(text)} is too large`;
  if (time === undefined || time === 'N' || Number(time) === -1) return { head, value, timeUs: receivedUs };
  if (!/^\d{1,12}(\.\d{1,9})?$/.test(time))
    return /^-\d/.test(time) ? 'the time lies before 1970' : `${shown(time)} is no time in seconds`;
  const timeUs = Math.round(Number(time) * 1_000_000);
  if (timeUs > receivedUs + dayUs) return 'the time lies more than a day in the future';
  return { head, value, timeUs };
}

/** Divides what stands before the value into path and tags, or says what is wrong with it. */
export function readGraphitePath(head: string): GraphitePath | string {
  const { text, attributes, attributeText } = eventMessageLimits;
  const [path = '', ...pairs] = head.split(';');
  if (path === '') return 'the path is empty';
  if (path.length > text) return `the path has more than ${text} characters`;
  const tags = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) return `the tag ${shown(pair)} is no name=value`;
    const [key, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    if (value === '') return `the tag ${shown(key)} has no value`;
    if (key.length > text) return `a name of a tag has more than ${text} characters`;
    if (value.length > attributeText) return `the tag ${shown(key)} has more than ${attributeText} characters`;
    if (/[!^]/.test(key)) return `the tag ${shown(key)} has a ! or ^ in its name`;
    if (value.startsWith('~')) return `the value of the tag ${shown(key)} begins with ~`;
    if (key === '__proto__') return 'a tag cannot be named __proto__';
    if (tags.has(key)) return `the tag ${shown(key)} stands there twice`;
    if (tags.size >= attributes) return `more than ${attributes} tags`;
    tags.set(key, value);
  }
  return { path, tags };
}

const shown = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
