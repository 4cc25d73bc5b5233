import { ensureEventPartitions } from '@watchkeeper/store';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';

describe('Processes that start at the same moment on a database without partitions', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let clients: pg.Client[];
  beforeEach(async () => {
    database = await createTestDatabase();
    clients = Array.from({ length: 6 }, () => new pg.Client(database.connection));
    await Promise.all(clients.map((client) => client.connect()));
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await database.drop();
  });

  it('all find the partitions of the event log made', async () => {
    await Promise.all(clients.map((client) => ensureEventPartitions(client)));
    const { rows } = await (clients[0] as pg.Client).query(
      "select count(*)::integer as count from pg_inherits where inhparent = 'events'::regclass",
    );
    expect(rows).toEqual([{ count: 9 }]);
  });
});
