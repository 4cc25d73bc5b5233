import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import type { EventLog, NewEvent } from '@watchkeeper/model';
import { monitorRollup } from '@watchkeeper/model';
import { openStore, putBuiltInRollup, type Store } from '@watchkeeper/store';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';

export const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

/** A fresh database with the built-in rollup, and an event log on it. */
export async function openTestLog(partitions = 2) {
  const database = await createTestDatabase();
  const store: Store = openStore({ connection: database.connection });
  await putBuiltInRollup(store.db, monitorRollup);
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.postgres();
  const eventLog: EventLog = await driver.open(
    { partitions, seriesPerTenant: 10_000 },
    { connection: database.connection, messages, clock: systemClock, logger },
  );
  return {
    database,
    store,
    messages,
    eventLog,
    /** Appends events as a new start of a producer. */
    async append(producer: string, events: readonly NewEvent[]) {
      const { epoch } = await eventLog.openProducer(producer);
      return eventLog.append({ producer, epoch, firstSeq: 1, events });
    },
    async close() {
      await eventLog.close();
      await messages.close();
      await store.close();
      await database.drop();
    },
  };
}
