import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition, ConditionScope } from './index.ts';
import { conditionText, durationLimits, judge, parseCondition } from './index.ts';

const names = ['status', 'durationMs', 'dnsMs', 'sizeBytes', 'certificate.daysLeft', 'protocol', 'header', 'body'];
const scope: ConditionScope = {
  numbers: { status: 200, durationMs: 120.5, sizeBytes: 0 },
  texts: { protocol: 'HTTP/1.1' },
  header: { 'x-y': 'aaa', etag: '"7"' },
  body: '{"items":[{"id":7,"name":"ok"}],"count":"7","none":null,"odd key":{"a-b":true}}',
};
const read = (text: string): Condition => {
  const parsed = parseCondition(text, names);
  if (!parsed.ok) throw new Error(`${parsed.column}: ${parsed.message}`);
  return parsed.condition;
};
const outcomeOf = (...texts: string[]) => judge(texts.map(read), scope);

describe('conditions', () => {
  it.each([
    'status in 200..299',
    'status == 200',
    'status in [200, 204]',
    'durationMs < 500',
    'durationMs < 1.5s',
    'body.json.items[0].id == 7',
    'body.json.items[-1].name == "ok"',
    'body.json["odd key"].a-b == true',
    'body.json.none == null',
    'body contains "ok"',
    'not body contains "error"',
    'header["X-Y"] matches /^a+$/',
    'exists(header["etag"])',
    'not exists(header["nothing"])',
    'length(body.json.items) > 0',
    'length(body) in 10..1000',
    'protocol == "HTTP/1.1" and (status == 500 or status == 200)',
    'sizeBytes == 0',
    'body.json.items[0].name in ["no", "ok"]',
  ])('%s holds', (text) => {
    expect(outcomeOf(text)).toEqual({ outcome: 'ok' });
  });

  it.each([
    ['status in 300..399', 'status', 'expected status in 300..399, but it is 200'],
    ['durationMs < 100', 'slow', 'expected durationMs < 100, but it was 120.5'],
    [
      'certificate.daysLeft > 14',
      'assertion',
      'expected certificate.daysLeft > 14, but certificate.daysLeft is absent',
    ],
    ['dnsMs < 10', 'slow', 'expected dnsMs < 10, but dnsMs is absent'],
    [
      'not header["nothing"] contains "x"',
      'assertion',
      'expected not header["nothing"] contains "x", but header["nothing"] is absent',
    ],
    [
      'body.json.count == 7',
      'assertion',
      'expected body.json.count == 7, but body.json.count is "7" (text), expected number 7',
    ],
    [
      'body.json.count > 3',
      'assertion',
      'expected body.json.count > 3, but body.json.count is "7" (text), not a number',
    ],
    ['header["x-y"] matches /^b/', 'assertion', 'expected header["x-y"] matches /^b/, but header["x-y"] is "aaa"'],
  ])('%s fails as %s and says what was seen', (text, reason, message) => {
    expect(outcomeOf(text)).toEqual({ outcome: 'failed', reason, message });
  });

  it('a warning degrades, and a failed condition beats it', () => {
    expect(outcomeOf('warn durationMs < 100')).toMatchObject({ outcome: 'degraded', reason: 'slow' });
    expect(outcomeOf('warn durationMs < 100', 'status == 500')).toMatchObject({ outcome: 'failed', reason: 'status' });
  });

  it.each([
    ['status', 7, 'expected a comparison'],
    ['statuss == 200', 1, 'did you mean "status"?'],
    ['status == "200"', 11, 'status is a number, "200" is a text'],
    ['status in 299..200', 16, 'the range ends (200) before it begins (299)'],
    ['body contains ok', 15, 'expected a text in double quotes'],
    ['body contains "ok', 15, 'the text has no closing "'],
    ['header["a"] matches /(/', 21, 'the pattern cannot be used'],
    ['status == 200 200', 15, 'expected "and", "or" or the end'],
    ['(status == 200', 15, 'expected ")"'],
    ['durationMs < 5 # fast', 16, '"#" has no meaning here'],
    ['warn', 5, 'expected a name or a value'],
    ['', 1, 'expected a name or a value'],
    ['protocol < "b"', 12, '< compares numbers'],
  ])('"%s" is refused at column %i', (text, column, message) => {
    const parsed = parseCondition(text, names);
    expect(parsed).toMatchObject({ ok: false, column });
    expect(parsed.ok ? '' : parsed.message).toContain(message);
  });

  it('bounds length, depth and patterns', () => {
    expect(parseCondition(`status == 200${' '.repeat(600)}`, names)).toMatchObject({ ok: false });
    expect(parseCondition(`${'('.repeat(30)}status == 200${')'.repeat(30)}`, names)).toMatchObject({ ok: false });
    expect(parseCondition(`body matches /${'a'.repeat(300)}/`, names)).toMatchObject({ ok: false });
  });

  it('matches hostile patterns in linear time', () => {
    const hostile = read('body matches /^(a+)+$/');
    const startedMs = performance.now();
    judge([hostile], { ...scope, body: `${'a'.repeat(20_000)}!` });
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), (text) => typeof parseCondition(text, names).ok === 'boolean'),
      { numRuns: 2000 },
    );
    const parts = fc.constantFrom(
      'status',
      '==',
      '200',
      '(',
      ')',
      'and',
      'not',
      'in',
      '..',
      '[',
      ']',
      'body',
      '.',
      'json',
      '"a"',
      '/a/',
      'warn',
      'length',
      'matches',
      ',',
      '-1',
      '1.5s',
    );
    fc.assert(
      fc.property(
        fc.array(parts, { maxLength: 25 }),
        (words) => typeof parseCondition(words.join(' '), names).ok === 'boolean',
      ),
      { numRuns: 2000 },
    );
  });

  it('is the same after printing and reading again', () => {
    const operand = fc.constantFrom('status', 'durationMs', 'sizeBytes', 'length(body)');
    const simple = fc.oneof(
      fc
        .tuple(operand, fc.constantFrom('==', '!=', '<', '<=', '>', '>='), fc.integer({ min: -1000, max: 100_000 }))
        .map(([name, sign, value]) => `${name} ${sign} ${value}`),
      fc.string({ maxLength: 20 }).map((text) => `body contains ${JSON.stringify(text)}`),
      fc.constantFrom(
        'exists(header["a"])',
        'body matches /x\\/y/',
        'status in 200..299',
        'body.json.a["b c"][0] == null',
      ),
    );
    const deep = fc.letrec<{ test: string }>((tie) => ({
      test: fc.oneof(
        { maxDepth: 4 },
        simple,
        fc.tuple(tie('test'), fc.constantFrom('and', 'or'), tie('test')).map(([a, word, b]) => `(${a}) ${word} (${b})`),
        tie('test').map((test) => `not (${test})`),
      ),
    })).test;
    fc.assert(
      fc.property(deep, fc.boolean(), (test, isWarning) => {
        const parsed = parseCondition(`${isWarning ? 'warn ' : ''}${test}`, names);
        fc.pre(parsed.ok);
        if (!parsed.ok) return;
        const printed = conditionText(parsed.condition);
        const again = parseCondition(printed, names);
        fc.pre(printed.length <= 500);
        expect(again.ok && conditionText(again.condition)).toBe(printed);
      }),
      { numRuns: 300 },
    );
  });

  it('tells the limits that a chart draws', () => {
    expect(
      durationLimits([read('durationMs < 5s'), read('warn durationMs < 1s'), read('warn durationMs < 800')]),
    ).toEqual({ failMs: 5000, warnMs: 800 });
  });
});
