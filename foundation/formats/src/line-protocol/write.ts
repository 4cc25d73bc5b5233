/** One point of InfluxDB line protocol. */
export interface LinePoint {
  readonly measurement: string;
  /** Empty names and values are left out: the format knows none. */
  readonly tags: Readonly<Record<string, string>>;
  /** `bigint` is written as an integer, numbers as floats; what is not finite is left out. */
  readonly fields: Readonly<Record<string, number | bigint | string | boolean>>;
  /** Microseconds since 1970-01-01 UTC, an integer from 0, and nanoseconds beyond, 0 to 999. */
  readonly timeUs: number;
  readonly timeNs: number;
}

/**
 * A line with nanoseconds, without the line feed; undefined when no field is left. Line feeds in names and tags become
 * spaces and a backslash at the end of one becomes `_`: the format has no way to write them.
 */
export function writeLine({ measurement, tags, fields, timeUs, timeNs }: LinePoint): string | undefined {
  let line = escapeName(measurement, /[, ]/g);
  if (line === '') return undefined;
  for (const name of Object.keys(tags).sort()) {
    const value = tags[name] as string;
    if (name !== '' && value !== '') line += `,${escapeName(name, /[,= ]/g)}=${escapeName(value, /[,= ]/g)}`;
  }
  let separator = ' ';
  for (const [name, value] of Object.entries(fields)) {
    const text = fieldText(value);
    if (text === undefined || name === '') continue;
    line += `${separator}${escapeName(name, /[,= ]/g)}=${text}`;
    separator = ',';
  }
  if (separator === ' ') return undefined;
  return `${line} ${instantText(timeUs, timeNs)}`;
}

function escapeName(text: string, special: RegExp): string {
  return text
    .replaceAll(/[\r\n\0]/g, ' ')
    .replace(/\\+$/, (run) => '_'.repeat(run.length))
    .replaceAll(special, '\\$&');
}

function fieldText(value: number | bigint | string | boolean): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined;
    case 'bigint':
      return `${value}i`;
    case 'string':
      return `"${value.replaceAll('\0', ' ').replaceAll(/["\\]/g, '\\$&')}"`;
    default:
      return String(value);
  }
}

/** Beyond 2^53, so digits are put together as text. */
function instantText(timeUs: number, timeNs: number): string {
  return timeUs === 0 ? String(timeNs) : `${timeUs}${String(timeNs).padStart(3, '0')}`;
}
