import { systemClock } from '@watchkeeper/kit';
import { openStore } from '@watchkeeper/store';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../../../store/test/test-database.ts';
import { describeMessagesContract } from '../../test/messages-contract.ts';
import { logger } from '../../test/messages-world.ts';
import postgres from './postgres.ts';

describeMessagesContract('postgres', async () => {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  return {
    open: () => postgres.open({}, { store, clock: systemClock, logger }),
    async cut() {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like 'listen %'`.execute(store.db);
    },
    async close() {
      await store.close();
      await database.drop();
    },
  };
});

it('The driver postgres tells nothing to programs outside', () => {
  expect(postgres.openCarrier).toBeUndefined();
});
