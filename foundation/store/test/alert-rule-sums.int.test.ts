import { filledInRule } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { addRuleSums, defaultTenantId, openStore, putAlertRule, readRuleSums } from '../src/index.ts';
import { createTestDatabase } from './test-database.ts';

it('Sums of an alert rule that come in several transactions for one step of time are added up, distributions too', async () => {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  try {
    const rule = filledInRule({ name: 'slow', events: 'order.placed', aggregate: 'p95(ms)', above: 1 });
    const { after } = await store.write((tx) => putAlertRule(tx, defaultTenantId, rule));
    const ruleId = after.id;
    const add = (distribution: Record<string, number>) => {
      const count = Object.values(distribution).reduce((sum, n) => sum + n, 0);
      const delta = { ruleId, bucketMs: 60_000, groupKey: '[]', count, valueCount: count, distribution };
      return store.write((tx) => addRuleSums(tx, 0, [{ ...delta, sum: 5, minimum: 1, maximum: 4 }]));
    };
    await add({});
    await add({ 3: 1 });
    await add({});
    await add({ 3: 2, '-2000': 7 });
    const range = { ruleId, fromMs: 0, toMs: 120_000, isPercentile: true };
    const sums = await store.write((tx) => readRuleSums(tx, range));
    expect(sums.get('[]')).toEqual({
      ...{ count: 10, valueCount: 10, sum: 20, minimum: 1, maximum: 4 },
      distribution: new Map([
        [-2000, 7],
        [3, 3],
      ]),
    });
  } finally {
    await store.close();
    await database.drop();
  }
});
