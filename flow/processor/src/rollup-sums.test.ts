import { type LoggedEvent, monitorRollup } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { anEvent } from '../../../foundation/model/test/makers.ts';
import { RollupSums } from './rollup-sums.ts';

const logged = (values: readonly number[]): LoggedEvent => ({
  ...anEvent({ values }),
  ...{ partition: 0, offset: 1, receivedUs: 0, producerId: 1, epoch: 1, seq: 1 },
});

it('Values whose sums could leave a double count as not measured', () => {
  const sums = new RollupSums();
  const row = { id: 1, tenantId: null, name: monitorRollup.name, version: 1, definition: monitorRollup };
  sums.use([row], new Map([['default', 1]]));
  for (const value of [1.7e308, 1.7e308, -1.7e308, 5]) sums.add(logged([value]));
  const { deltas } = sums.take();
  expect(deltas.length).toBeGreaterThan(0);
  for (const delta of deltas) {
    expect(delta).toMatchObject({ count: 4 });
    expect(delta.valueCounts[0]).toBe(1);
    expect([delta.sums[0], delta.minimums[0], delta.maximums[0]]).toEqual([5, 5, 5]);
  }
});

it('A name that every object of the language has is no attribute', () => {
  const sums = new RollupSums();
  const definition = { ...monitorRollup, groupBy: ['constructor'], aggregates: ['count', 'counter(toString)'] };
  sums.use([{ id: 1, tenantId: null, name: 'odd', version: 1, definition }], new Map([['default', 1]]));
  sums.add(logged([1]));
  const { keys, deltas } = sums.take();
  expect(keys.map(({ key }) => key)).toEqual([{ constructor: '' }]);
  expect(deltas[0]).toMatchObject({ count: 1, counters: {} });
});
