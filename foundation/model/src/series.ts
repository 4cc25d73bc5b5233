/**
 * What repeats in events. It lives once in the series dictionary; an event row carries its identifier.
 * Empty text means "not said". Attribute keys and values are text.
 */
export interface Series {
  readonly tenant: string;
  readonly environment: string;
  readonly zone: string;
  readonly host: string;
  readonly guest: string;
  readonly service: string;
  /** Noun and past verb: `monitor.checked`. */
  readonly name: string;
  /** What made the observation: the identifier of a monitor, a scenario, an instrumentation. */
  readonly source: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Names of the values, unit at the end: `durationMs`, `sizeBytes`. An event's values stand in this order. */
  readonly valueNames: readonly string[];
}

/**
 * One text for equal series: a JSON array with the attributes sorted by key (UTF-16 code units). The first 64 bits
 * of its SHA-256 are the series id; the text itself is compared on insert, so a collision cannot mix two series.
 */
export function canonicalSeries(series: Series): string {
  const keys = Object.keys(series.attributes).sort();
  return JSON.stringify([
    series.tenant,
    series.environment,
    series.zone,
    series.host,
    series.guest,
    series.service,
    series.name,
    series.source,
    keys.flatMap((key) => [key, series.attributes[key]]),
    series.valueNames,
  ]);
}

/** What an attribute says; empty when a series has none of that name, such as `constructor`. */
export function attributeOf({ attributes }: Pick<Series, 'attributes'>, name: string): string {
  return Object.hasOwn(attributes, name) ? (attributes[name] as string) : '';
}
