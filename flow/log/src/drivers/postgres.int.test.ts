import { createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { openStore } from '@watchkeeper/store';
import { createTestDatabase } from '../../../../foundation/store/test/test-database.ts';
import { until } from '../../../../scripts/servers/server-process.ts';
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
    // An append is answered when its events are stored; another process is told of them a moment later.
    settle: async () => {
      for (const { log } of [first, second])
        await until('both to see the ends of the log', async () => {
          const ends = await log.ends();
          const newest = ends.map(({ offset }, partition) =>
            offset === 0 ? [] : log.read(partition, { offset: offset - 1, receivedUs: 0 }, 1),
          );
          return (await Promise.all(newest)).every((slice) => !('events' in slice) || slice.events.length === 1);
        });
    },
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
