import { createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { openStore, readDeadLetters } from '@watchkeeper/store';
import { afterAll, beforeAll } from 'vitest';
import { createTestDatabase } from '../../../../foundation/store/test/test-database.ts';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { describeLogContract, seriesPerTenant } from '../../test/log-contract.ts';
import { IntakeStorer } from '../../test/store-intakes.ts';
import kafka from './kafka.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
let broker: Kafka;
beforeAll(async () => {
  broker = await startKafka();
});
afterAll(() => broker.stop());

describeLogContract('kafka', async () => {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  const topic = `events-${crypto.randomUUID()}`;
  const connection = { brokers: broker.brokers, clientId: 'contract' };
  const open = async () => {
    const messages = postgresMessages({ store, clock: systemClock, logger });
    const log = await kafka.open(
      {
        ...{ topic, partitions: 3, replicas: 1, minInSyncReplicas: 1, retention: '1h', compression: 'zstd' },
        ...{ seriesPerTenant, mappings: [], inputs: [] },
        connection,
      },
      { connection: database.connection, messages, clock: systemClock, logger },
    );
    return { log, messages };
  };
  const [first, second] = [await open(), await open()];
  const storer = new IntakeStorer(first.log, database.connection, { kafka: connection, topic });
  return {
    log: first.log,
    other: second.log,
    settle: () => storer.store(),
    refusals: async () => (await readDeadLetters(store.db, { limit: 1000 })).map(({ reason }) => reason),
    tellsWhatIsNew: false,
    async close() {
      await storer.close();
      for (const { log, messages } of [first, second]) {
        await log.close();
        await messages.close();
      }
      await store.close();
      await database.drop();
    },
  };
});
