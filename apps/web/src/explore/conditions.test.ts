import { describe, expect, it } from 'vitest';
import { type Condition, conditionsText, parseConditions, withCondition } from './conditions.ts';
import { chosenOf } from './question.ts';

describe('conditions in the address', () => {
  it('come back the same, whatever signs are in names and values', () => {
    const conditions: Condition[] = [
      { field: 'host', op: 'is', values: ['node-17', 'a;b|c=d%3B'] },
      { field: 'path!=', op: 'not', values: ['/x<y>'] },
      { field: 'note', op: 'is', values: [''] },
      { field: 'sizeBytes', op: 'least', limit: 4096 },
      { field: 'durationMs', op: 'below', limit: -0.5 },
    ];
    expect(parseConditions(conditionsText(conditions))).toEqual(conditions);
  });
  it('are readable', () => {
    const text = 'host=node-17|node-18;disk!=loop0;sizeBytes>=4096';
    expect(conditionsText(parseConditions(text))).toBe(text);
  });
  it('leave out what is no condition', () => {
    expect(parseConditions('host;=x;sizeBytes>=;sizeBytes<many;;zone=fra')).toEqual([
      { field: 'zone', op: 'is', values: ['fra'] },
    ]);
    expect(parseConditions(undefined)).toEqual([]);
  });
});

describe('a condition that is added', () => {
  const host = (op: 'is' | 'not', ...values: string[]): Condition => ({ field: 'host', op, values });
  it('keeps only, in place of what was said of the field before', () => {
    expect(withCondition([host('is', 'a', 'b'), host('not', 'c')], host('is', 'b'))).toEqual([host('is', 'b')]);
  });
  it('leaves out one more', () => {
    expect(withCondition([host('not', 'a')], host('not', 'b'))).toEqual([host('not', 'a', 'b')]);
    expect(withCondition([host('is', 'a')], host('not', 'b'))).toEqual([host('is', 'a'), host('not', 'b')]);
  });
  it('moves a limit', () => {
    const limit = (most: number): Condition => ({ field: 'durationMs', op: 'below', limit: most });
    expect(withCondition([limit(10), host('is', 'a')], limit(5))).toEqual([host('is', 'a'), limit(5)]);
  });
});

describe('conditions in the words of the API', () => {
  it('must all hold', () => {
    const conditions = parseConditions('zone=fra|ams;zone=ams|lon;host!=a;host!=b;ms>=2;ms>=3;ms<9');
    expect(chosenOf({ events: 'e', conditions })).toEqual({
      events: 'e',
      where: { zone: ['ams'] },
      whereNot: { host: ['a', 'b'] },
      between: { ms: { from: 3, below: 9 } },
    });
  });
  it('fit nothing when they contradict each other', () => {
    const conditions = parseConditions('zone=fra;zone=ams');
    expect(chosenOf({ events: 'e', conditions })).toEqual({
      events: 'e',
      where: { zone: ['fra'] },
      whereNot: { zone: ['fra'] },
    });
  });
  it('may be on fields that are called like parts of the language', () => {
    const conditions = parseConditions('constructor=a|b;constructor=b;toString!=c;valueOf>=1');
    expect(chosenOf({ events: 'e', conditions })).toEqual({
      events: 'e',
      where: { constructor: ['b'] },
      whereNot: { toString: ['c'] },
      between: { valueOf: { from: 1 } },
    });
  });
});
