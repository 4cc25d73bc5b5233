import { expect, it } from 'vitest';
import { DatabaseReach } from './database-reach.ts';

it('knows since when the database is back, and takes a slow answer for no absence', () => {
  const reach = new DatabaseReach(0);
  reach.note(5000);
  reach.note(15_000);
  expect(reach.backMs(16_000)).toBeNull();
  expect(reach.backMs(27_000)).toBe(0);
  reach.note(40_000);
  reach.note(45_000);
  expect([reach.backMs(40_000), reach.backMs(46_500)]).toEqual([0, 6500]);
});
