import { eventMessageLimits } from '@watchkeeper/model';
import { backslash, carriageReturn, comma, endOfText, equals, newline, quote, space } from './characters.ts';
import { isEscapable } from './head.ts';
import { asDetail, asNumber, type FieldKind, type KnownHead } from './known-head.ts';
import { NumberScanner } from './number-scanner.ts';

/** Longest text of a field, bytes. */
export const longestText = 65_536;

/** Reads the fields of a line out of bytes: `user=1.5,idle=97i,note="x"`. Those of the last line stay in it. */
export class FieldScanner {
  /** Fields that were read; only so many entries of the lists count. */
  count = 0;
  /** Which names they have, as the head knows them. */
  readonly ids: number[] = [];
  readonly kinds: FieldKind[] = [];
  /** Of numbers. */
  readonly amounts: number[] = [];
  /** Texts and booleans, and the digits of numbers that no double holds. */
  readonly details: (string | boolean | undefined)[] = [];
  /** Newlines within texts. */
  innerLines = 0;
  /** Why nothing could be read. */
  problem = '';
  readonly #body: Buffer;
  readonly #numbers = new NumberScanner();

  /** @param body ends with a newline */
  constructor(body: Buffer) {
    this.#body = body;
  }

  /** Reads all fields of a line; returns the place behind them, -1 where something is wrong with them. */
  scan(head: KnownHead, start: number): number {
    const body = this.#body;
    head.forgetSurplus();
    this.count = 0;
    this.innerLines = 0;
    let at = start;
    for (let guess = 0, highest = -1; ; at++) {
      let id = head.nameAt(body, at, guess);
      if (id === -1) {
        const end = this.#endOfName(at);
        if (end === -1) return -1;
        id = head.addName(body, at, end);
      }
      if (this.count === eventMessageLimits.values) return this.#bad(`more than ${eventMessageLimits.values} fields`);
      // The last of several fields with one name wins.
      if (id > highest) highest = id;
      else this.#leaveOut(id);
      this.ids[this.count] = id;
      at = this.#value(at + head.lengthOf(id));
      if (at === -1) return -1;
      this.count += 1;
      if (body[at] !== comma) return at;
      guess = id + 1;
    }
  }

  /** Takes an earlier field of the line out, where there is one of that name. */
  #leaveOut(id: number): void {
    const first = this.ids.indexOf(id);
    if (first === -1 || first >= this.count) return;
    for (const list of [this.ids, this.kinds, this.amounts, this.details]) list.splice(first, 1);
    this.count -= 1;
  }

  #endOfName(start: number): number {
    const body = this.#body;
    let at = start;
    for (let byte = body[at]; byte !== equals; byte = body[++at]) {
      if (byte === newline && at === start && this.count === 0) return this.#bad('missing fields');
      if (byte === newline || byte === space || byte === comma) return this.#bad('invalid field format');
      if (byte === backslash && isEscapable(body[at + 1])) at++;
    }
    if (at === start) return this.#bad('missing field key');
    const { text } = eventMessageLimits;
    if (at - start > 4 * text || body.toString('utf8', start, at).length > text)
      return this.#bad(`the name of a field has more than ${text} characters`);
    if (body.toString('latin1', start, at) === '__proto__') return this.#bad('a field cannot be named __proto__');
    return at;
  }

  /** Reads the value of the field that is being read; returns the place behind it. */
  #value(start: number): number {
    const body = this.#body;
    const count = this.count;
    const first = body[start] as number;
    let at: number;
    // Digits, and what a number may begin with besides: a minus or a dot.
    if ((first >= 0x30 && first <= 0x39) || first === 0x2d || first === 0x2e) {
      at = this.#numbers.scan(body, start);
      if (at === -1) return this.#bad(this.#numbers.problem);
      this.amounts[count] = this.#numbers.value;
      this.details[count] = this.#numbers.exact;
      this.kinds[count] = asNumber;
    } else if (first === quote) {
      at = this.#text(start + 1);
      if (at === -1) return -1;
    } else {
      at = this.#boolean(start);
      if (at === -1) return -1;
    }
    const border = body[at];
    if (border === comma || border === space || border === newline) return at;
    if (border === carriageReturn && body[at + 1] === newline) return at;
    if (first !== quote) return this.#bad('invalid number or boolean');
    return this.#bad(this.innerLines > 0 ? 'unbalanced quotes' : 'something stands behind a closing quote');
  }

  #text(start: number): number {
    const body = this.#body;
    const end = endOfText(body, start);
    if (end === -1) return this.#bad('unbalanced quotes');
    if (end - start > longestText) return this.#bad(`a text of more than ${longestText} bytes`);
    const text = body.toString('utf8', start, end);
    if (text.includes('\n')) this.innerLines += text.split('\n').length - 1;
    this.details[this.count] = text.includes('\\') ? text.replace(/\\(["\\])/g, '$1') : text;
    this.kinds[this.count] = asDetail;
    return end + 1;
  }

  #boolean(start: number): number {
    const body = this.#body;
    let at = start;
    while (at - start < 6 && isLetter(body[at])) at++;
    const text = body.toString('latin1', start, at);
    const isTrue = /^(t|T|true|True|TRUE)$/.test(text);
    if (text === '' && (body[start] === newline || body[start] === space || body[start] === comma))
      return this.#bad('missing field value');
    if (!isTrue && !/^(f|F|false|False|FALSE)$/.test(text)) return this.#bad('invalid number or boolean');
    this.details[this.count] = isTrue;
    this.kinds[this.count] = asDetail;
    return at;
  }

  #bad(problem: string): -1 {
    this.problem = problem;
    return -1;
  }
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a));
}
