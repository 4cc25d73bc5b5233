import { minus } from './characters.ts';

/** Units of timestamps, as both versions of the protocol name them. */
export const precisions = ['n', 'ns', 'u', 'us', 'µ', 'µs', 'ms', 's', 'm', 'h'] as const;
export type Precision = (typeof precisions)[number];

/** Microseconds of one unit; nanoseconds are read on their own. */
const microseconds: Readonly<Record<Precision, number>> = {
  n: 0,
  ns: 0,
  u: 1,
  us: 1,
  µ: 1,
  µs: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};

/** Reads timestamps out of bytes, without losing the last digits of nanoseconds. */
export class TimeScanner {
  /** Microseconds since 1970-01-01 UTC. */
  timeUs = 0;
  /** Nanoseconds beyond it, 0 to 999. */
  timeNs = 0;
  /** Why nothing could be read. */
  problem = '';
  readonly #unitUs: number;
  readonly #latestUs: number;

  /** @param latestUs the latest instant that is taken, microseconds since 1970-01-01 UTC */
  constructor(precision: Precision, latestUs: number) {
    this.#unitUs = microseconds[precision];
    this.#latestUs = latestUs;
  }

  /** Reads a timestamp that begins at `start`; returns the place behind it, -1 when it is none. */
  scan(body: Uint8Array, start: number): number {
    let end = start;
    while ((body[end] as number) >= 0x30 && (body[end] as number) <= 0x39) end++;
    if (end === start) return this.#bad(body[start] === minus ? 'the time lies before 1970' : 'bad timestamp');
    if (this.#unitUs === 0) {
      const border = Math.max(start, end - 3);
      this.timeUs = digitsOf(body, start, border);
      this.timeNs = digitsOf(body, border, end);
    } else {
      this.timeUs = digitsOf(body, start, end) * this.#unitUs;
      this.timeNs = 0;
    }
    if (this.timeUs > this.#latestUs) return this.#bad('the time lies more than a day in the future');
    return end;
  }

  #bad(problem: string): -1 {
    this.problem = problem;
    return -1;
  }
}

/** Exact up to 2^53, which is far beyond the latest instant that is taken. */
function digitsOf(body: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) number = number * 10 + ((body[at] as number) - 0x30);
  return number;
}
