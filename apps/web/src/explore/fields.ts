import type { CatalogueName } from '@watchkeeper/model';

/** A field that a condition can be about: text with known values, or a number. */
export interface Field {
  readonly name: string;
  readonly kind: 'text' | 'number';
  /** Different values that are known of a text. */
  readonly values: number;
  readonly unit: string;
}

/** What events of a name can be chosen and split by. Every event has an outcome, and may have a reason. */
export function fieldsOf(entry: CatalogueName | undefined): Field[] {
  const text = (name: string, values: number): Field => ({ name, kind: 'text', values, unit: '' });
  const said = [...(entry?.dimensions ?? []), ...(entry?.attributes ?? [])].map(({ name, values }) =>
    text(name, values),
  );
  const texts = [...said, text('outcome', 4), text('reason', 0)];
  const taken = new Set(texts.map(({ name }) => name));
  const numbers = (entry?.values ?? []).filter(({ name }) => !taken.has(name));
  return [...texts, ...numbers.map(({ name, unit }): Field => ({ name, kind: 'number', values: 0, unit: unit ?? '' }))];
}

/** Most fields that one question may group by. */
const mostCompared = 10;

/** Fields that a selection is compared by: those that tell events apart; with few values first, they are clearest. */
export function comparedFields(entry: CatalogueName | undefined): string[] {
  const said = [...(entry?.dimensions ?? []), ...(entry?.attributes ?? [])].filter(({ values }) => values > 1);
  const byCount = said.toSorted((a, b) => a.values - b.values).slice(0, mostCompared - 2);
  return [...byCount.map(({ name }) => name), 'outcome', 'reason'];
}
