import { expect, it } from 'vitest';
import { conditionLines } from './condition-lines.ts';

it('a mistake is shown in the line and column where it was typed, whatever stands around', () => {
  expect(conditionLines('\n  status == 200  \n\nbody contains "a"')).toEqual([
    { text: 'status == 200', line: 2, indent: 2 },
    { text: 'body contains "a"', line: 4, indent: 0 },
  ]);
});
