import { eventMessageLimits, largestValue } from '@watchkeeper/model';

/** What a line of StatsD tells. */
export type StatsdType = 'counter' | 'timer' | 'gauge' | 'set' | 'histogram' | 'distribution';

/** One value of one metric. */
export interface StatsdSample {
  readonly name: string;
  readonly type: StatsdType;
  /** The number; of a set 0. Times are milliseconds. */
  readonly value: number;
  /** What a set counts once; empty for every other type. */
  readonly member: string;
  /** Whether a gauge changes by the value instead of becoming it. */
  readonly isChange: boolean;
  /** Share of all observations that were sent, above 0 and at most 1. */
  readonly sampleRate: number;
  /** Tags of DogStatsD as they stand in the line, `env:prod,urgent`; empty where there are none. */
  readonly tags: string;
  /** Seconds since 1970-01-01 UTC, where a counter or a gauge is that of an instant (DogStatsD 1.3). */
  readonly atSeconds: number | undefined;
}

const types: ReadonlyMap<string, StatsdType> = new Map([
  ['c', 'counter'],
  ['m', 'counter'],
  ['ms', 'timer'],
  ['g', 'gauge'],
  ['s', 'set'],
  ['h', 'histogram'],
  ['d', 'distribution'],
]);

/** A decimal number with an optional sign and exponent; neither hexadecimal nor infinite. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;
/** Longest name of a metric and longest member of a set, characters. */
const longestText = eventMessageLimits.text;
/** Sections of one line, `a:1|c:2|ms`, at most. */
const mostSections = 1000;

/**
 * Reads one line without its line feed: `name:value|type|@rate|#tags`. One line may hold several values of the name,
 * `a:1|c:2|ms`, and several of one type, `a:1:2:3|ms`. Good values of a line are told even where another one is bad.
 * @param sample is called with each good value, in order
 * @returns what is wrong with the line, undefined when nothing is
 */
export function readStatsdLine(line: string, sample: (one: StatsdSample) => void): string | undefined {
  const colon = line.indexOf(':');
  if (line.startsWith('_e{')) return 'events of DogStatsD are not taken';
  if (line.startsWith('_sc|')) return 'service checks of DogStatsD are not taken';
  if (colon === -1) return 'there is no colon behind a name';
  const name = line.slice(0, colon).trim();
  if (name === '') return 'the name is empty';
  if (name.length > longestText) return `the name has more than ${longestText} characters`;
  if (name.includes('|')) return 'there is no colon behind a name';
  // Tags hold colons too: they end the line, but for the fields behind them.
  const tagsAt = line.indexOf('|#', colon);
  const ends = tagsAt === -1 ? undefined : line.slice(tagsAt + 2).split('|');
  const tags = ends?.[0]?.trim() ?? '';
  const behind = ends === undefined ? [] : ends.slice(1);
  const body = line.slice(colon + 1, tagsAt === -1 ? undefined : tagsAt);
  if (!body.includes(':')) return readSection({ name, section: body, tags, behind, values: [] }, sample);
  return readSections({ name, body, tags, behind }, sample);
}

interface Section {
  readonly name: string;
  readonly section: string;
  readonly tags: string;
  /** Fields behind the tags. */
  readonly behind: readonly string[];
  /** Values before that of the section, which have its type and rate. */
  readonly values: readonly string[];
}

function readSections(
  { name, body, tags, behind }: { name: string; body: string; tags: string; behind: readonly string[] },
  sample: (one: StatsdSample) => void,
): string | undefined {
  let problem: string | undefined;
  let values: string[] = [];
  const sections = joinContainers(body.split(':'));
  if (sections.length > mostSections) return `more than ${mostSections} values in one line`;
  for (const section of sections) {
    if (!section.includes('|')) {
      values.push(section);
      continue;
    }
    problem = readSection({ name, section, tags, behind, values }, sample) ?? problem;
    values = [];
  }
  return values.length > 0 ? `there is no type behind ${shown(values.at(-1) ?? '')}` : problem;
}

/** Fields such as `|c:3f2a` (the container) and `|e:…` hold a colon that does not divide values. */
function joinContainers(parts: readonly string[]): string[] {
  const joined: string[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const isField = last !== undefined && /\|[^|]+\|(.*\|)?(c|e|card)$/.test(last);
    if (isField) joined[joined.length - 1] = `${last}:${part}`;
    else joined.push(part);
  }
  return joined;
}

function readSection(
  { name, section, tags, behind, values }: Section,
  sample: (one: StatsdSample) => void,
): string | undefined {
  const [first = '', letters, ...fields] = section.split('|');
  if (letters === undefined) return `there is no type behind ${shown(first)}`;
  const type = types.get(letters.trim());
  if (type === undefined) return `${shown(letters)} is no type; there are ${[...types.keys()].join(', ')}`;
  let sampleRate = 1;
  let atSeconds: number | undefined;
  for (const field of behind.length === 0 ? fields : [...fields, ...behind]) {
    if (field.startsWith('@')) {
      sampleRate = decimal.test(field.slice(1)) ? Number(field.slice(1)) : Number.NaN;
      if (!(sampleRate > 0 && sampleRate <= 1)) return `${shown(field)} is no rate above 0 and up to 1`;
    } else if (/^T\d{1,11}$/.test(field)) {
      if (type !== 'counter' && type !== 'gauge') return `only counters and gauges have a time, not a ${type}`;
      atSeconds = Number(field.slice(1));
    } else if (!/^(c|e|card):/.test(field)) {
      return `${shown(field)} is no field of a line`;
    }
  }
  let problem: string | undefined;
  for (const given of values.length === 0 ? [first] : [...values, first]) {
    const text = given.trim();
    const value = type === 'set' ? 0 : decimal.test(text) ? Number(text) : Number.NaN;
    const wrong = problemOf(type, text, value, sampleRate);
    if (wrong !== undefined) problem = wrong;
    else {
      const isChange = type === 'gauge' && (text.startsWith('+') || text.startsWith('-'));
      sample({ name, type, value, member: type === 'set' ? text : '', isChange, sampleRate, tags, atSeconds });
    }
  }
  return problem;
}

function problemOf(type: StatsdType, text: string, value: number, sampleRate: number): string | undefined {
  if (type === 'set') {
    if (text === '') return 'a set has no member';
    return text.length > longestText ? `a member of a set has more than ${longestText} characters` : undefined;
  }
  if (!Number.isFinite(value) || Math.abs(value / sampleRate) > largestValue) return `${shown(text)} is no number`;
  return type === 'timer' && value < 0 ? `a time cannot be negative, ${shown(text)} is` : undefined;
}

const shown = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** Tags of DogStatsD by name, or what is wrong with them. One that is only a word is `true`; of one name all values are kept. */
export function readStatsdTags(text: string): ReadonlyMap<string, string> | string {
  const { attributes, attributeText } = eventMessageLimits;
  const tags = new Map<string, string>();
  for (const tag of text.split(',')) {
    if (tag.trim() === '') continue;
    const colon = tag.indexOf(':');
    const key = (colon === -1 ? tag : tag.slice(0, colon)).trim();
    const value = colon === -1 ? 'true' : tag.slice(colon + 1).trim();
    if (key === '') return `the tag ${shown(tag)} has no name`;
    if (key.length > longestText) return `a name of a tag has more than ${longestText} characters`;
    if (key === '__proto__') return 'a tag cannot be named __proto__';
    // An empty text means "not said".
    if (value === '') continue;
    const before = tags.get(key);
    const all = before === undefined || before.split(',').includes(value) ? value : `${before},${value}`;
    if (before !== undefined && all === value) continue;
    if (all.length > attributeText) return `the tag ${key} has more than ${attributeText} characters`;
    tags.set(key, all);
    if (tags.size > attributes) return `more than ${attributes} tags`;
  }
  return tags;
}
