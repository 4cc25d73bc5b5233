import { describe, expect, it } from 'vitest';
import { problemAt, problemsBeside } from './problems-of.ts';

const problems = new Map([
  ['/name', 'too short'],
  ['/zones/1', 'not known'],
  ['/options/headers/x~1y', 'not allowed'],
  ['/labels/-', 'no key'],
]);

describe('what the server found wrong', () => {
  it('stands at its field, with the part that is meant', () => {
    expect(problemAt(problems, '/name')).toBe('too short');
    expect(problemAt(problems, '/zones')).toBe('2: not known');
    expect(problemAt(problems, '/options/headers')).toBe('x/y: not allowed');
    expect(problemAt(problems, '/nam')).toBeUndefined();
  });
  it('is never lost, also where there is no field', () => {
    expect(problemsBeside(problems, ['/name', '/zones', '/options'])).toEqual(['/labels/-: no key']);
  });
});
