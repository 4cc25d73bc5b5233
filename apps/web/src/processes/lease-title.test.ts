import { expect, it } from 'vitest';
import { leaseTitle } from './lease-title.ts';

it('says in words what a lease is the right to, and shows an unknown one as it is', () => {
  const names = [
    'processor/3',
    'scheduler/frankfurt',
    'scheduler/oslo/shop',
    'health-sweep',
    'maintenance',
    'moon/phase',
  ];
  expect(names.map(leaseTitle)).toEqual([
    'Partition 3 for processor',
    'Checks from frankfurt',
    'Checks from oslo for shop',
    'Looking for silence',
    'Maintenance',
    'moon/phase',
  ]);
});
