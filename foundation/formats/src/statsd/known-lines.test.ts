import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KnownLines } from './known-lines.ts';

it('A line is found again whatever its value, and its value is read exactly', () => {
  const known = new KnownLines<string>(100);
  const bytes = Buffer.from('hits:1|c|#a:b\nhits:1|c\nload:1|ms');
  known.learn(bytes, 0, 'tagged');
  known.learn(bytes, 14, 'plain');
  const number = fc.oneof(
    fc.integer({ min: 0, max: 999_999_999_999_999 }).map(String),
    fc.tuple(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 999_999 })).map(([a, b]) => `${a}.${b}`),
  );
  fc.assert(
    fc.property(number, (text) => {
      const line = Buffer.from(`x\nhits:${text}|c|#a:b\nhits:1|c`);
      expect(known.find(line, 2)).toBe('tagged');
      expect(known.value).toBe(Number(text));
      expect(line[known.end]).toBe(0x0a);
      expect(known.find(line, known.end + 1)).toBe('plain');
      expect(known.end).toBe(line.length);
    }),
  );
});

it.each([
  'hits',
  'hits:',
  'hits:1',
  'hits:|c',
  'hits:-1|c',
  'hits:+1|c',
  'hits:1e3|c',
  'hits:1.2.3|c',
  'hits\n:1|c',
  '',
  ':',
  'hits:1:2|c',
  'hits:1234567890123456|c',
])('A line that is not plain (%s) is neither kept nor found', (line) => {
  const known = new KnownLines<string>(100);
  known.learn(Buffer.from(line), 0, 'it');
  expect(known.find(Buffer.from(line), 0)).toBeUndefined();
});

it('Lines of other names, types and tags are others; when there are too many all are forgotten', () => {
  const known = new KnownLines<number>(50);
  const lines = Array.from({ length: 50 }, (_, index) => Buffer.from(`name${index % 10}:1|c|#t:${index}`));
  for (const [index, line] of lines.entries()) known.learn(line, 0, index);
  expect(lines.map((line) => known.find(line, 0))).toEqual(lines.map((_, index) => index));
  for (const other of ['name0:1|c', 'name0:1|g|#t:0', 'name:1|c|#t:0', 'name00:1|c|#t:0'])
    expect(known.find(Buffer.from(other), 0)).toBeUndefined();
  known.learn(Buffer.from('one.more:1|c'), 0, 51);
  expect(known.find(lines[0] as Buffer, 0)).toBeUndefined();
  expect(known.find(Buffer.from('one.more:7|c'), 0)).toBe(51);
});

it('A long line is not kept: those who send many of them do not fill the memory', () => {
  const known = new KnownLines<string>(100);
  const line = (tags: number) => Buffer.from(`hits:1|c|#${'a'.repeat(tags)}`);
  known.learn(line(1000), 0, 'kept');
  known.learn(line(2000), 0, 'not kept');
  expect([known.find(line(1000), 0), known.find(line(2000), 0)]).toEqual(['kept', undefined]);
});
