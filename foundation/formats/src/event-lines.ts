import { isUtf8 } from 'node:buffer';

/** A message of events that came line by line, as `decodeEventMessage` reads it. */
export interface EventLines {
  readonly message: unknown;
  /** By the place of an event: its line, from 1. */
  readonly lines: readonly number[];
  /** By the place of an event: a line that cannot be read. */
  readonly unreadable: ReadonlyMap<number, UnreadableLine>;
}

export interface UnreadableLine {
  readonly why: string;
  readonly bytes: Buffer;
}

const newline = 0x0a;

/**
 * Reads NDJSON: the first line is a message without its events, every other one an event. The `series` of an event is
 * a place in the list of the first line, or the series itself. Empty lines are no events; a line that cannot be read is
 * one that is refused, so the others keep their sequence numbers.
 */
export function readEventLines(body: Buffer): EventLines {
  const lines: number[] = [];
  const unreadable = new Map<number, UnreadableLine>();
  const events: unknown[] = [];
  let head: Record<string, unknown> | undefined;
  const series: unknown[] = [];
  const places = new Map<string, number>();
  let line = 0;
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(newline, start);
    const end = found === -1 ? body.length : found;
    const bytes = body.subarray(start, end);
    start = end + 1;
    line += 1;
    const read = readLine(bytes);
    if (read === undefined) continue;
    if (head === undefined) {
      if (!isObject(read.value)) return { message: undefined, lines: [], unreadable };
      const { series: listed, events: _none, ...rest } = read.value;
      head = rest;
      if (listed !== undefined && !Array.isArray(listed)) head.series = listed;
      else for (const one of listed ?? []) series.push(one);
      continue;
    }
    if (read.why !== undefined) unreadable.set(events.length, { why: read.why, bytes });
    lines.push(line);
    events.push(withPlace(read.value, series, places));
  }
  return { message: head === undefined ? undefined : { series, ...head, events }, lines, unreadable };
}

/** What a line holds, or why it cannot be read; undefined for an empty one. */
function readLine(bytes: Buffer): { value: unknown; why?: string } | undefined {
  if (!isUtf8(bytes)) return { value: undefined, why: 'is not UTF-8' };
  const text = bytes.toString('utf8').trim();
  if (text === '') return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { value: undefined, why: `is no JSON (${(error as Error).message})` };
  }
}

/** The event with the place of its series instead of the series itself; equal ones share a place. */
function withPlace(event: unknown, series: unknown[], places: Map<string, number>): unknown {
  if (!isObject(event) || !isObject(event.series)) return event;
  const text = jsonOf(event.series);
  let place = text === undefined ? undefined : places.get(text);
  if (place === undefined) {
    place = series.push(event.series) - 1;
    if (text !== undefined) places.set(text, place);
  }
  return { ...event, series: place };
}

/** Undefined where it is nested deeper than the stack goes; whoever reads the series refuses it then. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
