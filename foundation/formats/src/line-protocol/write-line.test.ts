import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineParser } from './line-parser.ts';
import { type Line, writeLine } from './write-line.ts';

const context = { tenant: 'default', attributes: {} };
const receivedUs = 4_000_000_000_000_000;

function read(body: string | Buffer) {
  const parser = new LineParser(100);
  const reading = parser.open(Buffer.from(body), { context, precision: 'ns', receivedUs });
  while (reading.read(3));
  return reading;
}

/** Text that a name or a tag can carry whole. */
const name = fc
  .string({
    unit: fc.oneof(fc.constantFrom(',', '=', ' ', '\\', '"', '#', 'ä', '😀', "'"), fc.string({ maxLength: 1 })),
    minLength: 1,
    maxLength: 12,
  })
  .filter((text) => /^[^\0\t\r\n]+$/.test(text) && text.isWellFormed() && !/\\$|^#/.test(text))
  .filter((text) => !['time', '__proto__', 'environment', 'zone', 'host', 'guest', 'service'].includes(text));
const text = fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed() && !value.includes('\0'));
const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e290, max: 1e290 });
const value = fc.oneof(number, text, fc.boolean(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const line: fc.Arbitrary<Line> = fc.record({
  measurement: name.filter((measurement) => !/^openstack_api\./.test(measurement)),
  tags: fc.dictionary(name, name, { maxKeys: 4 }),
  fields: fc.dictionary(name, value, { minKeys: 1, maxKeys: 5 }),
  timeUs: fc.integer({ min: 0, max: receivedUs }),
  timeNs: fc.integer({ min: 0, max: 999 }),
});

describe('What is written is read as the same', () => {
  it('whatever the names, tags, values and times', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
        const { events, badLines } = read(lines.map(writeLine).join('\n'));
        expect(badLines).toEqual([]);
        expect(events).toHaveLength(lines.length);
        for (const [at, { measurement, tags, fields, timeUs, timeNs }] of lines.entries()) {
          const event = events[at];
          expect(event).toMatchObject({ timeUs, timeNs, series: { name: measurement } });
          expect(new Map(Object.entries(event?.series.attributes ?? {}))).toEqual(new Map(Object.entries(tags)));
          for (const [key, given] of Object.entries(fields)) {
            const place = event?.series.valueNames.indexOf(key) ?? -1;
            if (typeof given === 'number') expect(event?.values[place]).toBe(given);
            else if (typeof given !== 'bigint') expect(event?.detail?.[key]).toBe(given);
            else expect(event?.detail?.[key] ?? String(event?.values[place])).toBe(String(given));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('and what cannot be carried harms nothing beside it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 3 }),
        fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(fc.string({ unit: 'binary' }), fc.double()), {
          maxKeys: 3,
        }),
        (measurement, tags, fields) => {
          const written = writeLine({ measurement, tags, fields });
          const { events } = read(`before v=1\n${written ?? ''}\nafter v=2\n`);
          expect([events.at(0)?.series.name, events.at(-1)?.series.name]).toEqual(['before', 'after']);
          expect(events.length).toBeLessThanOrEqual(written === undefined ? 2 : 3);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a line without anything to tell is not written', () => {
    expect(writeLine({ measurement: 'cpu', tags: {}, fields: { a: null, b: Number.NaN } })).toBeUndefined();
    expect(writeLine({ measurement: '', tags: {}, fields: { a: 1 } })).toBeUndefined();
  });
});

describe('Bytes of any kind', () => {
  const parts = [
    'cpu',
    ',',
    '=',
    ' ',
    '\n',
    '\\',
    '"',
    'a=b',
    'v=1',
    '1i',
    '-',
    '.',
    'e',
    '#',
    '\r',
    '\0',
    '\xff',
    ' 5\n',
    '""',
  ];

  it('never make it throw, stop or invent lines', () => {
    const bytes = fc.array(fc.oneof(fc.constantFrom(...parts), fc.string({ maxLength: 2 })), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, (pieces) => {
        const body = Buffer.from(pieces.join(''), 'latin1');
        const { events, badCount } = read(body);
        const lines = body.toString('latin1').split('\n').length;
        expect(events.length + badCount).toBeLessThanOrEqual(lines);
      }),
      { numRuns: 3000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void read(Buffer.from(bytes))));
  });
});
