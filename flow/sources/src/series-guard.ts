import { createHash } from 'node:crypto';
import type { Clock } from '@watchkeeper/kit';
import {
  canonicalSeries,
  type InputSender,
  type NewEvent,
  type NewSeriesRefusal,
  type Series,
} from '@watchkeeper/model';

export interface SeriesGuardOptions {
  /** Those of these series that the log has never stored. */
  readonly newSeries: (given: ReadonlySet<Series>) => Promise<ReadonlySet<Series>>;
  readonly clock: Clock;
  readonly limits: NewSeriesLimits;
}

/** How many series that the log has never stored are let in. Each process counts for itself. */
export interface NewSeriesLimits {
  /** With one request, frame or flush. */
  readonly perRequest: number;
  /** Of one key in a short time, such as its first start. */
  readonly perKey: number;
  /** Of one key per minute, for ever. */
  readonly perKeyAndMinute: number;
}

/** Places of events whose series is one too many, and why. */
export type RefusedSeries = ReadonlyMap<number, NewSeriesRefusal>;

const noneRefused: RefusedSeries = new Map();
/** New series that were let in and may not be stored yet; they are not counted again. */
const keptAdmitted = 200_000;
const keptKeys = 10_000;

/** What one key may still bring. */
interface Allowance {
  series: number;
  atMs: number;
}

/**
 * Keeps an explosion of series, such as a request's number in a tag, from filling the dictionary that everybody shares.
 * A key begins with an allowance that is large enough for the first start of a large site; it is refilled slowly.
 */
export class SeriesGuard {
  readonly #options: SeriesGuardOptions;
  readonly #allowances = new Map<string, Allowance>();
  readonly #admitted = new Set<string>();

  constructor(options: SeriesGuardOptions) {
    this.#options = options;
  }

  /** Events of known series always pass. @throws WatchkeeperError `database_unavailable` */
  async check(events: readonly NewEvent[], sender: InputSender): Promise<RefusedSeries> {
    const fresh = await this.#options.newSeries(distinctSeries(events));
    if (fresh.size === 0) return noneRefused;
    const refused = this.#refusedOf(fresh, sender);
    if (refused.size === 0) return noneRefused;
    const places = new Map<number, NewSeriesRefusal>();
    for (const [index, { series }] of events.entries()) {
      const reason = refused.get(series);
      if (reason !== undefined) places.set(index, reason);
    }
    return places;
  }

  #refusedOf(fresh: ReadonlySet<Series>, sender: InputSender): ReadonlyMap<Series, NewSeriesRefusal> {
    const allowance = this.#allowanceOf(sender);
    const refused = new Map<Series, NewSeriesRefusal>();
    const decided = new Map<string, NewSeriesRefusal | undefined>();
    let admitted = 0;
    for (const series of fresh) {
      const id = createHash('sha256').update(canonicalSeries(series)).digest('base64');
      if (this.#admitted.has(id)) continue;
      if (!decided.has(id)) {
        const reason =
          admitted >= this.#options.limits.perRequest
            ? 'series_request_limit'
            : allowance.series < 1
              ? 'series_key_limit'
              : undefined;
        decided.set(id, reason);
        if (reason === undefined) {
          admitted += 1;
          allowance.series -= 1;
          this.#remember(id);
        }
      }
      const reason = decided.get(id);
      if (reason !== undefined) refused.set(series, reason);
    }
    return refused;
  }

  #remember(id: string): void {
    if (this.#admitted.size >= keptAdmitted) this.#admitted.delete(this.#admitted.values().next().value as string);
    this.#admitted.add(id);
  }

  #allowanceOf({ tenant, keyId, door }: InputSender): Allowance {
    const { clock, limits } = this.#options;
    const nowMs = clock.nowMs();
    const id = JSON.stringify([tenant, keyId ?? door, keyId === null]);
    const known = this.#allowances.get(id) ?? { series: limits.perKey, atMs: nowMs };
    const gained = ((nowMs - known.atMs) / 60_000) * limits.perKeyAndMinute;
    const allowance = { series: Math.min(limits.perKey, known.series + gained), atMs: nowMs };
    // Those that were used last stand last.
    this.#allowances.delete(id);
    if (this.#allowances.size >= keptKeys) this.#allowances.delete(this.#allowances.keys().next().value as string);
    this.#allowances.set(id, allowance);
    return allowance;
  }
}

function distinctSeries(events: readonly NewEvent[]): ReadonlySet<Series> {
  const distinct = new Set<Series>();
  let last: Series | undefined;
  for (const { series } of events) {
    if (series === last) continue;
    distinct.add(series);
    last = series;
  }
  return distinct;
}
