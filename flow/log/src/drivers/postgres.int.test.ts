import { createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { openStore } from '@watchkeeper/store';
import { createTestDatabase } from '../../../../foundation/store/test/test-database.ts';
import { describeLogContract, seriesPerTenant } from '../../test/log-contract.ts';
import postgres from './postgres.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

describeLogContract('postgres', async () => {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  const open = async () => {
    const messages = postgresMessages({ store, clock: systemClock, logger });
    const log = await postgres.open(
      { partitions: 3, seriesPerTenant },
      { connection: database.connection, messages, clock: systemClock, logger },
    );
    return { log, messages };
  };
  const [first, second] = [await open(), await open()];
  return {
    log: first.log,
    other: second.log,
    // An append is answered when its events are stored.
    settle: async () => undefined,
    refusals: async () => [],
    tellsWhatIsNew: true,
    async close() {
      for (const { log, messages } of [first, second]) {
        await log.close();
        await messages.close();
      }
      await store.close();
      await database.drop();
    },
  };
});
