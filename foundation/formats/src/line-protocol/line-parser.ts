import { isUtf8 } from 'node:buffer';
import type { NewEvent } from '@watchkeeper/model';
import { backslash, behindBadLine, carriageReturn, hash as hashSign, newline, space, tab } from './characters.ts';
import { FieldScanner } from './field-scanner.ts';
import { inDetail, type LineContext, leftOut } from './field-shape.ts';
import { isEscapable, readHead } from './head.ts';
import { KnownHead, KnownHeads, type KnownShape } from './known-head.ts';
import { type Precision, TimeScanner } from './time-scanner.ts';

export { longestText } from './field-scanner.ts';
export { type LineContext, seriesOf } from './field-shape.ts';
export { type Precision, precisions } from './time-scanner.ts';

/** A line that cannot be read. */
export interface BadLine {
  /** Place in the body, from 1. */
  readonly line: number;
  readonly reason: string;
  /** How the line begins. */
  readonly text: string;
}

export interface ReadOptions {
  readonly context: LineContext;
  readonly precision: Precision;
  /** Time of lines that have none; those of more than a day later are refused. Microseconds since 1970-01-01 UTC. */
  readonly receivedUs: number;
}

/** Bad lines of one body that are told; the others are counted. */
const toldLines = 1000;
const dayUs = 86_400_000_000;

/**
 * Reads line protocol out of bytes. Heads of lines (`cpu,host=a`) and names of fields are found again by their bytes, so
 * that a line of a known series makes one event and no text.
 */
export class LineParser {
  readonly heads: KnownHeads;

  /** @param keptSeries series that are found again by their bytes, at most */
  constructor(keptSeries: number) {
    this.heads = new KnownHeads(keptSeries);
  }

  /** Begins to read a body; nothing is read before `read`. */
  open(body: Buffer, options: ReadOptions): LineReading {
    return new LineReading(this.heads, body, options);
  }
}

/** A body on its way to events. */
export class LineReading {
  /** Of the good lines, in order. */
  readonly events: NewEvent[] = [];
  /** The first bad lines. */
  readonly badLines: BadLine[] = [];
  badCount = 0;
  /** Whether each good line so far had a time of its own. */
  isTimed = true;

  readonly #heads: KnownHeads;
  readonly #body: Buffer;
  readonly #options: ReadOptions;
  readonly #isClean: boolean;
  readonly #fields: FieldScanner;
  readonly #time: TimeScanner;
  #at = 0;
  #line = 1;
  #problem = '';

  constructor(heads: KnownHeads, body: Buffer, options: ReadOptions) {
    this.#heads = heads;
    // A newline at the end stops every search.
    this.#body = body.length === 0 || body.at(-1) === newline ? body : Buffer.concat([body, Buffer.from('\n')]);
    this.#options = options;
    this.#isClean = isStorable(body);
    this.#fields = new FieldScanner(this.#body);
    this.#time = new TimeScanner(options.precision, options.receivedUs + dayUs);
  }

  /** Reads so many lines more, empty ones too; false when there are no others. */
  read(lines: number): boolean {
    const body = this.#body;
    const lastLine = this.#line + lines;
    while (this.#at < body.length && this.#line < lastLine) {
      let at = this.#at;
      while (body[at] === space || body[at] === tab) at++;
      if (body[at] === carriageReturn && body[at + 1] === newline) at++;
      const first = body[at];
      if (first === newline) this.#goOn(at + 1, 1);
      else if (first === hashSign) this.#goOn(body.indexOf(newline, at) + 1, 1);
      else this.#readLine(at);
    }
    return this.#at < body.length;
  }

  #goOn(next: number, lines: number): void {
    this.#at = next;
    this.#line += lines;
  }

  #readLine(start: number): void {
    const next = this.#event(start);
    if (next !== -1) {
      this.#at = next;
      return;
    }
    const end = behindBadLine(this.#body, start);
    const line = this.#body.subarray(start, end - 1);
    this.badCount += 1;
    if (this.badLines.length < toldLines) {
      const reason = this.#isClean || isStorable(line) ? this.#problem : 'the line holds NUL or is not UTF-8';
      this.badLines.push({ line: this.#line, reason, text: line.toString('utf8', 0, 100).trimEnd() });
    }
    this.#goOn(end, 1 + newlinesIn(line));
  }

  /** Makes an event of the line that begins at a place; returns where the next one begins, -1 when it is bad. */
  #event(start: number): number {
    const body = this.#body;
    const fieldsAt = this.#head(start);
    if (fieldsAt === -1) return -1;
    const head = this.#known as KnownHead;
    let at = this.#fields.scan(head, fieldsAt);
    if (at === -1) return this.#bad(this.#fields.problem);

    const { receivedUs } = this.#options;
    let timeUs = receivedUs;
    let timeNs = 0;
    let isTimed = false;
    while (body[at] === space) at++;
    if (body[at] !== newline && body[at] !== carriageReturn) {
      at = this.#time.scan(body, at);
      if (at === -1) return this.#bad(this.#time.problem);
      timeUs = this.#time.timeUs;
      timeNs = this.#time.timeNs;
      isTimed = true;
      while (body[at] === space) at++;
    }
    if (body[at] === carriageReturn) at++;
    if (body[at] !== newline) return this.#bad(isTimed ? 'bad timestamp' : 'invalid field format');
    if (!this.#isClean && !isStorable(body.subarray(start, at))) return this.#bad('the line holds NUL or is not UTF-8');

    const shape = this.#shape(head);
    if (typeof shape === 'string') return this.#bad(shape);
    this.events.push(this.#assembled(head, shape, timeUs, timeNs));
    if (!isTimed) this.isTimed = false;
    this.#line += 1 + this.#fields.innerLines;
    return at + 1;
  }

  /** The head of the line that is being read. */
  #known: KnownHead | undefined;

  /** Finds or reads the head; returns the place of the fields. */
  #head(start: number): number {
    const body = this.#body;
    const { context } = this.#options;
    let hash = 0x811c9dc5 | 0;
    let at = start;
    for (let byte = body[at] as number; byte !== space; byte = body[++at] as number) {
      if (byte === newline) return this.#bad(problemOfHead(body, start, at));
      hash = Math.imul(hash ^ byte, 0x01000193);
      if (byte === backslash && isEscapable(body[at + 1])) hash = Math.imul(hash ^ (body[++at] as number), 0x01000193);
    }
    let known = this.#heads.find(hash, body, start, at, context);
    if (known === undefined) {
      const head = readHead(body, start, at);
      if (typeof head === 'string') return this.#bad(head);
      known = new KnownHead(Buffer.from(body.subarray(start, at)), head, context);
      this.#heads.add(hash, known);
    }
    this.#known = known;
    while (body[at] === space || body[at] === tab) at++;
    return at;
  }

  /** The shape of the line that was read; most often that of the line before with the same head. */
  #shape(head: KnownHead): KnownShape | string {
    const { ids, kinds, count } = this.#fields;
    const last = head.lastShape;
    if (last !== undefined && last.count === count) {
      let at = 0;
      while (at < count && last.kinds[ids[at] as number] === kinds[at]) at++;
      if (at === count) return last;
    }
    return head.shapeOf(ids.slice(0, count), kinds.slice(0, count));
  }

  #assembled(head: KnownHead, shape: KnownShape, timeUs: number, timeNs: number): NewEvent {
    const { series, outcome, reason, places, count, hasGaps } = shape;
    const { ids, amounts, details } = this.#fields;
    const values: (number | null)[] = hasGaps ? series.valueNames.map(() => null) : new Array(series.valueNames.length);
    let detail: Record<string, unknown> | undefined;
    for (let at = 0; at < count; at++) {
      const id = ids[at] as number;
      const place = places[id] as number;
      if (place >= 0) {
        values[place] = amounts[at] as number;
        if (details[at] === undefined) continue;
      }
      if (place === leftOut || (place === inDetail && details[at] === undefined)) continue;
      detail ??= {};
      detail[head.textOf(id)] = details[at];
    }
    const event = { series, timeUs, timeNs, outcome, values };
    if (reason === undefined && detail === undefined) return event;
    return { ...event, ...(reason === undefined ? {} : { reason }), ...(detail === undefined ? {} : { detail }) };
  }

  #bad(problem: string): -1 {
    this.#problem = problem;
    return -1;
  }
}

/** What is wrong with a line that ends before its fields. */
function problemOfHead(body: Buffer, start: number, end: number): string {
  const head = readHead(body, start, body[end - 1] === carriageReturn ? end - 1 : end);
  return typeof head === 'string' ? head : 'missing fields';
}

function isStorable(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) count++;
  return count;
}
