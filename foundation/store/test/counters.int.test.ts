import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openStore } from '../src/index.ts';
import { createTestDatabase } from './test-database.ts';

it('counters of rollups are added up, and those of one side alone stay', async () => {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  try {
    const added = async (a: object, b: object) => {
      const query = sql<{
        sum: object;
      }>`select wk_add_counters(${JSON.stringify(a)}::jsonb, ${JSON.stringify(b)}::jsonb) as sum`;
      return (await query.execute(store.db)).rows[0]?.sum;
    };
    expect(await added({}, {})).toEqual({});
    expect(await added({ status: { 200: 3, 503: 1 } }, {})).toEqual({ status: { 200: 3, 503: 1 } });
    expect(await added({}, { status: { 200: 3 } })).toEqual({ status: { 200: 3 } });
    expect(
      await added(
        { status: { 200: 3, 503: 1 }, method: { GET: 4 } },
        { status: { 200: 9e15, 404: 2 }, zone: { a: 1 } },
      ),
    ).toEqual({ status: { 200: 9e15 + 3, 404: 2, 503: 1 }, method: { GET: 4 }, zone: { a: 1 } });
  } finally {
    await store.close();
    await database.drop();
  }
});
