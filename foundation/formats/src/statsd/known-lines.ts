const newline = 0x0a;
const colon = 0x3a;
const pipe = 0x7c;
const dot = 0x2e;
/** Digits that a double holds without loss. */
const mostDigits = 15;
/** Longer lines are read anew each time: what is kept must not fill the memory. */
const keptBytes = 1024;

/** What lines with the same name and the same end have in common. */
interface KnownLine<T> {
  /** `name:` */
  readonly head: Uint8Array;
  /** `|c|@0.1|#env:prod` */
  readonly tail: Uint8Array;
  readonly meaning: T;
}

/**
 * Finds lines of StatsD again by their bytes without the value, `name:…|c|#tags`, so that a line of a known metric costs
 * no text. Only lines with one plain value, digits and perhaps a point, are looked at; all others are read as text.
 */
export class KnownLines<T> {
  /** Value of the line that was found. */
  value = 0;
  /** Place behind the line that was scanned, where it is a plain one. */
  end = 0;
  readonly #limit: number;
  #lines = new Map<number, KnownLine<T>>();
  #hash = 0;
  #valueAt = 0;
  #tailAt = 0;

  /** @param limit lines that are kept; when there are more all are forgotten */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Looks at the line that begins at `start`; returns what it means, undefined when that is not known. */
  find(bytes: Uint8Array, start: number): T | undefined {
    if (!this.#scan(bytes, start)) return undefined;
    const known = this.#lines.get(this.#hash);
    if (known === undefined) return undefined;
    const { head, tail } = known;
    const isKnown =
      head.length === this.#valueAt - start &&
      tail.length === this.end - this.#tailAt &&
      isAt(head, bytes, start) &&
      isAt(tail, bytes, this.#tailAt);
    return isKnown ? known.meaning : undefined;
  }

  /**
   * Keeps what the line means that `find` was asked for last and did not know; nothing when that is not a plain one
   * or a long one.
   * @param start the same as then
   */
  learn(bytes: Uint8Array, start: number, meaning: T): void {
    if (!this.#scan(bytes, start) || this.end - start > keptBytes) return;
    if (this.#lines.size >= this.#limit) this.#lines = new Map();
    const head = Uint8Array.from(bytes.subarray(start, this.#valueAt));
    const tail = Uint8Array.from(bytes.subarray(this.#tailAt, this.end));
    this.#lines.set(this.#hash, { head, tail, meaning });
  }

  /** Whether the line is a plain one; then its parts and its value are known. */
  #scan(bytes: Uint8Array, start: number): boolean {
    const length = bytes.length;
    let hash = 0x811c9dc5 | 0;
    let at = start;
    for (; at < length && bytes[at] !== colon; at++) {
      const byte = bytes[at] as number;
      if (byte === newline) return false;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    this.#valueAt = ++at;
    let amount = 0;
    let digits = 0;
    let scale = 1;
    let hasPoint = false;
    for (; at < length; at++) {
      const byte = bytes[at] as number;
      if (byte >= 0x30 && byte <= 0x39) {
        amount = amount * 10 + byte - 0x30;
        digits++;
        if (hasPoint) scale *= 10;
      } else if (byte === dot && !hasPoint) hasPoint = true;
      else break;
    }
    if (digits === 0 || digits > mostDigits || bytes[at] !== pipe) return false;
    this.#tailAt = at;
    for (; at < length && bytes[at] !== newline; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    this.end = at;
    // Both are whole and exact, so the quotient is the nearest double.
    this.value = amount / scale;
    this.#hash = hash;
    return true;
  }
}

function isAt(known: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false;
  return true;
}
