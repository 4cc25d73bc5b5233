import { largestValue } from '@watchkeeper/model';
import { dot, minus } from './characters.ts';

const powersOfTen = Array.from({ length: 23 }, (_, power) => 10 ** power);
const largestSigned = 2n ** 63n;
const largestUnsigned = 2n ** 64n - 1n;

/**
 * Reads numbers of line protocol out of bytes: `1`, `-1.5e3`, `.5` are floats, `1i` a signed and `1u` an unsigned
 * integer of 64 bits. Up to 15 digits are read without making text of them, and exactly: both the digits and the power
 * of ten are doubles without error then, so that one division rounds as it must.
 */
export class NumberScanner {
  /** The number that was read; for integers beyond 2^53 the nearest double. */
  value = 0;
  /** All digits of an integer that `value` does not hold. */
  exact: string | undefined;
  /** Why nothing could be read. */
  problem = '';

  /** Reads a number that begins at `start`; returns the place behind it, -1 when it is none. */
  scan(body: Buffer, start: number): number {
    this.exact = undefined;
    const isNegative = body[start] === minus;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let digits = 0;
    let byte = body[at] as number;
    while (byte >= 0x30 && byte <= 0x39) {
      digits = digits * 10 + (byte - 0x30);
      byte = body[++at] as number;
    }
    let count = at - first;
    let decimals = 0;
    const hasDot = byte === dot;
    if (hasDot) {
      byte = body[++at] as number;
      const from = at;
      while (byte >= 0x30 && byte <= 0x39) {
        digits = digits * 10 + (byte - 0x30);
        byte = body[++at] as number;
      }
      decimals = at - from;
      count += decimals;
    }
    if (count === 0) return this.#bad('invalid number');
    if (byte === 0x69 || byte === 0x75) {
      if (hasDot) return this.#bad('invalid number');
      return this.#integer(body, { start, at, isNegative, digits, count });
    }
    if (byte === 0x65 || byte === 0x45) return this.#long(body, start, behindExponent(body, at + 1));
    if (count > 15) return this.#long(body, start, at);
    const size = decimals === 0 ? digits : digits / (powersOfTen[decimals] as number);
    this.value = isNegative ? -size : size;
    return at;
  }

  /** A float that needs more than one division. */
  #long(body: Buffer, start: number, end: number): number {
    if (end === -1) return this.#bad('invalid float');
    this.value = Number(body.toString('latin1', start, end));
    if (Math.abs(this.value) > largestValue) return this.#bad(`a float beyond ${largestValue}`);
    return end;
  }

  #integer(
    body: Buffer,
    {
      start,
      at,
      isNegative,
      digits,
      count,
    }: Record<'start' | 'at' | 'digits' | 'count', number> & { isNegative: boolean },
  ): number {
    const isUnsigned = body[at] === 0x75;
    if (isUnsigned && isNegative) return this.#bad('an unsigned integer below zero');
    if (count <= 15) {
      this.value = isNegative && digits !== 0 ? -digits : digits;
      return at + 1;
    }
    if (count > 40) return this.#bad('an integer beyond 64 bits');
    const text = body.toString('latin1', start, at);
    const integer = BigInt(text);
    const isWithin = isUnsigned ? integer <= largestUnsigned : integer >= -largestSigned && integer < largestSigned;
    if (!isWithin) return this.#bad('an integer beyond 64 bits');
    this.value = Number(integer);
    if (!Number.isSafeInteger(this.value)) this.exact = integer.toString();
    return at + 1;
  }

  #bad(problem: string): -1 {
    this.problem = problem;
    return -1;
  }
}

/** Behind the digits of an exponent; -1 when there are none. */
function behindExponent(body: Uint8Array, start: number): number {
  const byte = body[start];
  let at = byte === 0x2b || byte === minus ? start + 1 : start;
  const first = at;
  while ((body[at] as number) >= 0x30 && (body[at] as number) <= 0x39) at++;
  return at === first ? -1 : at;
}
