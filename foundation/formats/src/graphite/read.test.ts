import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGraphiteLine, readGraphitePath } from './read.ts';
import { writeGraphite } from './write.ts';

const receivedUs = 1_700_000_000_000_000;
const path = (head: string) => {
  const read = readGraphitePath(head);
  return typeof read === 'string' ? read : { path: read.path, tags: Object.fromEntries(read.tags) };
};

describe('A line of Graphite', () => {
  it.each([
    ['disk.used 42 1600000000', 'disk.used', 42, 1_600_000_000_000_000],
    ['disk.used 42.5 1600000000.25', 'disk.used', 42.5, 1_600_000_000_250_000],
    ['disk.used -1e3 1600000000', 'disk.used', -1000, 1_600_000_000_000_000],
    ['disk.used 42 -1', 'disk.used', 42, receivedUs],
    ['disk.used 42 N', 'disk.used', 42, receivedUs],
    ['disk.used 42', 'disk.used', 42, receivedUs],
    ['  disk.used\t42  1600000000 \r', 'disk.used', 42, 1_600_000_000_000_000],
    ['disk.used;host=a;mount=/var 42 1600000000', 'disk.used;host=a;mount=/var', 42, 1_600_000_000_000_000],
    ['größe 1 0', 'größe', 1, 0],
    ['a 1 1700086400', 'a', 1, 1_700_086_400_000_000],
  ])('%s is understood', (line, head, value, timeUs) => {
    expect(readGraphiteLine(line, receivedUs)).toEqual({ head, value, timeUs });
  });

  it.each([
    ['', 'a line is a path, a value and a time'],
    ['disk.used', 'a line is a path, a value and a time'],
    ['disk.used 42 1600000000 more', 'there is something behind the time'],
    ['disk.used many 1600000000', '"many" is no number'],
    ['disk.used nan 1600000000', '"nan" is no number'],
    ['disk.used inf 1600000000', '"inf" is no number'],
    ['disk.used 0x10 1600000000', '"0x10" is no number'],
    ['disk.used 1e300 1600000000', '"1e300" is too large'],
    ['disk.used 42 soon', '"soon" is no time in seconds'],
    ['disk.used 42 1e9', '"1e9" is no time in seconds'],
    ['disk.used 42 -5', 'the time lies before 1970'],
    ['disk.used 42 1700086401', 'the time lies more than a day in the future'],
    ['disk.used 42 1700000000000', '"1700000000000" is no time in seconds'],
  ])('%s is refused', (line, reason) => {
    expect(readGraphiteLine(line, receivedUs)).toBe(reason);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (line) => {
        const read = readGraphiteLine(line, receivedUs);
        if (typeof read === 'string') return;
        expect(Number.isFinite(read.value) && Number.isSafeInteger(read.timeUs)).toBe(true);
        readGraphitePath(read.head);
      }),
      { numRuns: 2000 },
    );
  });

  it('that the sink writes is read as what was written', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e290, max: 1e290 });
    fc.assert(
      fc.property(word, fc.dictionary(word, word, { maxKeys: 5 }), number, (name, tags, value) => {
        const line = writeGraphite({ path: name, tags, value, timeMs: 1_600_000_000_000 }).trimEnd();
        const read = readGraphiteLine(line, receivedUs);
        if (typeof read === 'string') throw new Error(read);
        expect(read).toMatchObject({ value: value === 0 ? 0 : value, timeUs: 1_600_000_000_000_000 });
        expect(path(read.head)).toEqual({ path: name, tags: { ...tags } });
      }),
    );
  });
});

describe('A path of Graphite', () => {
  it('has tags', () => {
    expect(path('disk.used;host=a;url=x=y')).toEqual({ path: 'disk.used', tags: { host: 'a', url: 'x=y' } });
  });

  it.each([
    [';host=a', 'the path is empty'],
    [`${'x'.repeat(201)}`, 'the path has more than 200 characters'],
    ['a;host', 'the tag "host" is no name=value'],
    ['a;=b', 'the tag "=b" is no name=value'],
    ['a;', 'the tag "" is no name=value'],
    ['a;host=', 'the tag "host" has no value'],
    ['a;ho!st=b', 'the tag "ho!st" has a ! or ^ in its name'],
    ['a;host=~b', 'the value of the tag "host" begins with ~'],
    ['a;host=b;host=c', 'the tag "host" stands there twice'],
    ['a;__proto__=b', 'a tag cannot be named __proto__'],
    [`a;host=${'x'.repeat(1001)}`, 'the tag "host" has more than 1000 characters'],
    [`a${Array.from({ length: 65 }, (_, index) => `;t${index}=1`).join('')}`, 'more than 64 tags'],
  ])('%s is refused', (head, reason) => {
    expect(path(head)).toBe(reason);
  });
});
