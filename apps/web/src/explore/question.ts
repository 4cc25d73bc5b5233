import type { ExploreSearch } from '../search.ts';
import { type Condition, parseConditions } from './conditions.ts';

/** What is asked, without the range of time: part of the key of every query. */
export interface Question {
  readonly events: string;
  /** Value that is shown; undefined where events are only counted. */
  readonly value: string | undefined;
  readonly conditions: readonly Condition[];
}

/** Which events, in the words of the API. */
export interface Chosen {
  readonly events: string;
  readonly where?: Readonly<Record<string, string[]>>;
  readonly whereNot?: Readonly<Record<string, string[]>>;
  readonly between?: Readonly<Record<string, { readonly from?: number; readonly below?: number }>>;
}

/** The question that stands in the address; environment and zone are conditions like others. */
export function questionOf(search: ExploreSearch, value: string | undefined): Question {
  const global = [
    ['environment', search.env],
    ['zone', search.zone],
  ] as const;
  const conditions = global.flatMap(([field, text]): Condition[] =>
    text === undefined ? [] : [{ field, op: 'is', values: [text] }],
  );
  return { events: search.metric ?? '', value, conditions: [...conditions, ...parseConditions(search.where)] };
}

/** Conditions in the words of the API. Of two on the same field both must hold. */
export function chosenOf({ events, conditions }: Pick<Question, 'events' | 'conditions'>): Chosen {
  // Fields are called as people like, `constructor` too.
  const where: Record<string, string[]> = Object.create(null);
  const whereNot: Record<string, string[]> = Object.create(null);
  const between: Record<string, { from?: number; below?: number }> = Object.create(null);
  const refuse = (field: string, values: readonly string[]) => {
    whereNot[field] = [...(whereNot[field] ?? []), ...values];
  };
  for (const one of conditions) {
    if (!('values' in one)) {
      const { from = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY } = between[one.field] ?? {};
      const narrower = one.op === 'least' ? { from: Math.max(from, one.limit) } : { below: Math.min(below, one.limit) };
      between[one.field] = { ...between[one.field], ...narrower };
      continue;
    }
    const present = where[one.field];
    const both = present?.filter((value) => one.values.includes(value)) ?? [...one.values];
    if (one.op === 'not') refuse(one.field, one.values);
    else if (both.length > 0) where[one.field] = both;
    // It is asked to be two things at once: nothing is.
    else refuse(one.field, present ?? []);
  }
  const parts = Object.entries({ where, whereNot, between }).filter(([, part]) => Object.keys(part).length > 0);
  return { events, ...Object.fromEntries(parts) };
}
