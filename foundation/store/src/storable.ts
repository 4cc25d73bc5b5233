import { canonicalSeries, type EventBatch, largestValue, type NewEvent, type Series } from '@watchkeeper/model';

/**
 * What the database can hold: PostgreSQL's text has no NUL, UTF-8 has no half of a surrogate pair, and sums of values
 * must stay within a double. Batches are made so before anything else is done with them, so that what is stored, what
 * is counted and what readers see are the same.
 */

/** The batch itself where everything in it can be stored. Values that are too large become null: not measured. */
export function storableBatch(batch: EventBatch): EventBatch {
  let series: Series | undefined;
  let isSeriesStorable = true;
  const isStorable = (event: NewEvent) => {
    if (event.series !== series) {
      series = event.series;
      isSeriesStorable = storableSeries(series) === series;
    }
    return (
      isSeriesStorable &&
      event.values.every(isStorableValue) &&
      (event.reason === undefined || isStorableText(event.reason)) &&
      (event.detail === undefined || !unstorableEscape.test(JSON.stringify(event.detail)))
    );
  };
  if (batch.events.every(isStorable)) return batch;
  return { ...batch, events: batch.events.map((event) => (isStorable(event) ? event : storableEvent(event))) };
}

function storableEvent(event: NewEvent): NewEvent {
  return {
    ...event,
    series: storableSeries(event.series),
    values: event.values.map((value) => (isStorableValue(value) ? value : null)),
    ...(event.reason === undefined ? {} : { reason: storableText(event.reason) }),
    ...(event.detail === undefined ? {} : { detail: JSON.parse(storableJson(event.detail)) }),
  };
}

function isStorableValue(value: number | null): boolean {
  return value === null || Math.abs(value) <= largestValue;
}

const unstorableEscape = /\\u(0000|d[89a-f])/i;
/** Equal objects for equal ones: what was looked at once is known. */
const seen = new WeakMap<Series, Series>();

/** The series itself where it can be stored; equal objects for equal ones. */
export function storableSeries(series: Series): Series {
  let storable = seen.get(series);
  if (storable === undefined) {
    // JSON writes NUL and halves of surrogate pairs as escapes.
    storable = unstorableEscape.test(canonicalSeries(series)) ? cleanSeries(series) : series;
    seen.set(series, storable);
  }
  return storable;
}

function cleanSeries({ attributes, valueNames, ...texts }: Series): Series {
  return {
    ...(Object.fromEntries(Object.entries(texts).map(([field, text]) => [field, storableText(text)])) as typeof texts),
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [storableText(key), storableText(value)]),
    ),
    valueNames: valueNames.map(storableText),
  };
}

function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** NUL and halves of surrogate pairs become the replacement character. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** The same for JSON: the escapes that jsonb refuses become the replacement character. */
function storableJson(value: object): string {
  return JSON.stringify(value).replace(/\\*\\u(0000|d[89a-f][0-9a-f]{2})/gi, (found) =>
    found.lastIndexOf('\\u') % 2 === 0 ? `${found.slice(0, -6)}\ufffd` : found,
  );
}
