import type { SinkInput } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { pairsOfWhere, takingEvents, takingRollup, whereOfPairs } from './sink-input.ts';

it('Accepted values are written as a list with commas, and read back', () => {
  const where = { status: ['200', '404'], zone: ['fra'] };
  expect(pairsOfWhere(where)).toEqual({ status: '200, 404', zone: 'fra' });
  expect(whereOfPairs({ status: '200,404 ', zone: 'fra,' })).toEqual(where);
});

it('A sink takes events or a rollup, never both', () => {
  const input: SinkInput = { name: 'a', type: 'file', options: {}, events: { names: ['x'] } };
  const sums = takingRollup(input, 'monitors', '1m');
  expect(sums).toEqual({ name: 'a', type: 'file', options: {}, rollup: { name: 'monitors', granularity: '1m' } });
  expect(takingEvents(sums)).toEqual({ name: 'a', type: 'file', options: {}, events: { names: [], where: {} } });
});
