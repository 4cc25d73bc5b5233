/** Longest value of a label, characters. */
const longest = 200;

/** Stands for every value beyond the bound. */
export const otherValue = 'other';

/** Values of one label: the first so many are taken, and what comes beyond is `other` and counted. */
export class BoundedValues {
  readonly #most: number;
  readonly #onRefused: () => void;
  readonly #known = new Set<string>();

  constructor(most: number, onRefused: () => void) {
    this.#most = most;
    this.#onRefused = onRefused;
  }

  take(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most || value.length > longest) {
      this.#onRefused();
      return otherValue;
    }
    this.#known.add(value);
    return value;
  }

  /** The same of what the application or its framework says; what throws is `other` and counted, too. */
  taken(read: () => string): string {
    let value: unknown;
    try {
      value = read();
    } catch {
      // Nobody could catch it where a response ends; the count of refused values tells of it.
      value = undefined;
    }
    if (typeof value === 'string') return this.take(value);
    this.#onRefused();
    return otherValue;
  }
}
