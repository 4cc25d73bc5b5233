import { eventMessageLimits, type NewEvent } from '@watchkeeper/model';
import { inDetail, type LineContext, type ShapedField, shapeOf } from './field-shape.ts';
import { type LineHead, unescaped } from './head.ts';

/** Shapes that are kept for one head; lines whose fields come in more combinations are read more slowly. */
const keptShapes = 32;
/** Names of fields that are kept for one head. */
const keptNames = 2 * eventMessageLimits.values;

/** A name of a field with the equals sign behind it, as it stands in bodies, and as text. */
interface FieldName {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** How a field is kept. */
export const asNumber = 1;
export const asDetail = 2;
export type FieldKind = typeof asNumber | typeof asDetail;

/** What lines with the same fields have in common, in whichever order they stand; fields are known by their place in `names`. */
export interface KnownShape {
  readonly series: NewEvent['series'];
  readonly outcome: NewEvent['outcome'];
  readonly reason: string | undefined;
  readonly count: number;
  /** By name: its kind, or undefined where lines of this shape have no such field. */
  readonly kinds: readonly (FieldKind | undefined)[];
  /** By name: its place among the values, `inDetail` or `leftOut`. */
  readonly places: readonly number[];
  /** Whether there are values that no field gives. */
  readonly hasGaps: boolean;
}

/** A head that was seen before, with the fields that its lines have had. */
export class KnownHead {
  readonly bytes: Uint8Array;
  readonly context: LineContext;
  /** The shape of the last line; that of the next one is probably the same. */
  lastShape: KnownShape | undefined;
  #names: FieldName[] = [];
  readonly #head: LineHead;
  readonly #shapes = new Map<string, KnownShape>();

  constructor(bytes: Uint8Array, head: LineHead, context: LineContext) {
    this.bytes = bytes;
    this.#head = head;
    this.context = context;
  }

  /** Finds the name that stands at a place of a body, most probably `guess`; -1 when it is not known. */
  nameAt(body: Uint8Array, at: number, guess: number): number {
    const names = this.#names;
    if (guess < names.length && isNameAt(names[guess] as FieldName, body, at)) return guess;
    for (let id = 0; id < names.length; id++) if (isNameAt(names[id] as FieldName, body, at)) return id;
    return -1;
  }

  lengthOf(id: number): number {
    return (this.#names[id] as FieldName).bytes.length;
  }

  textOf(id: number): string {
    return (this.#names[id] as FieldName).text;
  }

  /** @param end place of the equals sign */
  addName(body: Buffer, start: number, end: number): number {
    return (
      this.#names.push({ bytes: Buffer.from(body.subarray(start, end + 1)), text: unescaped(body, start, end) }) - 1
    );
  }

  /** To be called before a line: names that were given out stay the same within one. */
  forgetSurplus(): void {
    if (this.#names.length <= keptNames) return;
    this.#names = [];
    this.#shapes.clear();
    this.lastShape = undefined;
  }

  /** The shape of a line with these fields, each named once, or what is wrong with it. */
  shapeOf(ids: readonly number[], kinds: readonly FieldKind[]): KnownShape | string {
    const order = ids.map((_id, at) => at).sort((a, b) => (ids[a] as number) - (ids[b] as number));
    const key = order.map((at) => (kinds[at] === asNumber ? ids[at] : `d${ids[at]}`)).join();
    const shape = this.#shapes.get(key) ?? this.#newShape(ids, kinds);
    if (typeof shape === 'string') return shape;
    if (this.#shapes.size >= keptShapes) this.#shapes.clear();
    this.#shapes.set(key, shape);
    this.lastShape = shape;
    return shape;
  }

  #newShape(ids: readonly number[], kinds: readonly FieldKind[]): KnownShape | string {
    const fields = ids.map((id, at): ShapedField => ({ name: this.textOf(id), isNumber: kinds[at] === asNumber }));
    const shape = shapeOf(this.#head, fields, this.context);
    if (typeof shape === 'string') return shape;
    const [kindsById, placesById]: [(FieldKind | undefined)[], number[]] = [[], []];
    for (const [at, id] of ids.entries()) {
      kindsById[id] = kinds[at];
      placesById[id] = shape.places[at] ?? inDetail;
    }
    const { series, outcome, reason, places } = shape;
    const hasGaps = places.filter((place) => place >= 0).length < series.valueNames.length;
    return { series, outcome, reason, count: ids.length, kinds: kindsById, places: placesById, hasGaps };
  }
}

function isNameAt({ bytes }: FieldName, body: Uint8Array, at: number): boolean {
  for (let index = bytes.length - 1; index >= 0; index--) if (bytes[index] !== body[at + index]) return false;
  return true;
}

/** Bytes of heads that are kept at most: a line may be long, and who sends it may mean no good. */
const keptBytes = 64 * 1024 * 1024;

/** Heads by a hash of their bytes. Of two with one hash the newer is kept. */
export class KnownHeads {
  readonly #half: number;
  #recent = new Map<number, KnownHead>();
  #older = new Map<number, KnownHead>();
  #recentBytes = 0;

  /** @param limit heads that are kept at most; those that were not used for the longest are forgotten first, half of them at once */
  constructor(limit: number) {
    this.#half = Math.max(1, limit >> 1);
  }

  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  find(hash: number, body: Buffer, start: number, end: number, context: LineContext): KnownHead | undefined {
    const recent = this.#recent.get(hash);
    if (recent !== undefined && isSame(recent, body, start, end, context)) return recent;
    const older = this.#older.get(hash);
    if (older === undefined || !isSame(older, body, start, end, context)) return undefined;
    this.#older.delete(hash);
    this.add(hash, older);
    return older;
  }

  add(hash: number, head: KnownHead): void {
    if (this.#recent.size >= this.#half || this.#recentBytes >= keptBytes >> 1) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#recentBytes = 0;
    }
    this.#recent.set(hash, head);
    this.#recentBytes += head.bytes.length;
  }
}

function isSame(head: KnownHead, body: Buffer, start: number, end: number, context: LineContext): boolean {
  const { bytes } = head;
  return (
    bytes.length === end - start && head.context === context && body.compare(bytes, 0, bytes.length, start, end) === 0
  );
}
