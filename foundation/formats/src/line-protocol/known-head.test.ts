import { expect, it } from 'vitest';
import { KnownHead, KnownHeads } from './known-head.ts';

it('Heads are kept by their bytes too: long ones of somebody who means no good do not fill the memory', () => {
  const heads = new KnownHeads(100_000);
  const context = { tenant: 'default', attributes: {} };
  const long = Buffer.alloc(64 * 1024, 'a');
  for (let hash = 0; hash < 5000; hash++)
    heads.add(hash, new KnownHead(long, { measurement: 'a', tags: new Map() }, context));
  expect(heads.size).toBeGreaterThan(500);
  expect(heads.size).toBeLessThan(1100);
  expect(heads.find(4999, long, 0, long.length, context)).toBeDefined();
  expect(heads.find(0, long, 0, long.length, context)).toBeUndefined();
});
