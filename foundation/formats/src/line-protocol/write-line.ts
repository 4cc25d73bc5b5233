/** One line: what is measured, of what, and when. */
export interface Line {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  /** A number is written as a float, a bigint as a signed integer. Null and what is not finite is left out. */
  readonly fields: Readonly<Record<string, number | bigint | boolean | string | null>>;
  /** Microseconds since 1970-01-01 UTC; the receiver's time when it is left out. */
  readonly timeUs?: number;
  /** Nanoseconds beyond `timeUs`, 0 to 999. */
  readonly timeNs?: number;
}

/**
 * Writes a line, in nanoseconds and without a newline at its end; undefined where no field is left to write.
 *
 * What the format cannot carry is left out or replaced: a name or tag has no newline and no tab (a space stands there),
 * does not end in a backslash, and is not empty; a measurement does not begin with `#`; nothing is named `time`. Texts
 * of fields are carried whole, but for NUL and halves of surrogate pairs.
 */
export function writeLine({ measurement, tags, fields, timeUs, timeNs = 0 }: Line): string | undefined {
  const name = nameOf(measurement.replace(/^#+/, ''), /[, ]/g);
  const written = Object.entries(fields).flatMap(([key, value]) => {
    const [field, text] = [keyOf(key), valueText(value)];
    return field === '' || text === undefined ? [] : [`${field}=${text}`];
  });
  if (name === '' || written.length === 0) return undefined;
  const head = Object.entries(tags).flatMap(([key, value]) => {
    const [tag, text] = [keyOf(key), nameOf(value, /[,= ]/g)];
    return tag === '' || text === '' ? [] : [`,${tag}=${text}`];
  });
  const time = timeUs === undefined ? '' : ` ${BigInt(timeUs) * 1000n + BigInt(timeNs)}`;
  return `${name}${head.join('')} ${written.join(',')}${time}`;
}

function keyOf(text: string): string {
  return text === 'time' || text === '__proto__' ? '' : nameOf(text, /[,= ]/g);
}

function nameOf(text: string, special: RegExp): string {
  return storable(text)
    .replace(/[\t\r\n]/g, ' ')
    .replace(/\\+$/, '')
    .replace(special, '\\$&');
}

function valueText(value: number | bigint | boolean | string | null): string | undefined {
  switch (typeof value) {
    case 'string':
      return `"${storable(value).replace(/["\\]/g, '\\$&')}"`;
    case 'bigint':
      return `${value}i`;
    case 'boolean':
      return String(value);
    case 'number':
      // String() forgets the sign of zero.
      return Object.is(value, -0) ? '-0' : Number.isFinite(value) ? String(value) : undefined;
    default:
      return undefined;
  }
}

function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}
