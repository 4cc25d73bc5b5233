import { createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { openLogClient, openStore } from '@watchkeeper/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent } from '../../../foundation/model/test/makers.ts';
import { createTestDatabase, type TestDatabase } from '../../../foundation/store/test/test-database.ts';
import { logDrivers } from '../src/index.ts';
import { readAll } from './log-contract.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

describe('Two that append to one partition at the same moment', () => {
  it('the second takes its offsets from where the first one ends', async () => {
    const { connection } = database;
    const store = openStore({ connection });
    const messages = postgresMessages({ store, clock: systemClock, logger });
    const { default: driver } = await logDrivers.postgres();
    const log = await driver.open(
      { partitions: 1, seriesPerTenant: 10 },
      { connection, messages, clock: systemClock, logger },
    );
    const rival = await openLogClient(connection);
    const observer = await openLogClient(connection);
    try {
      const { epoch } = await log.openProducer('second');
      await rival.query('begin');
      await rival.query('update log_heads set last_offset = last_offset + 7');
      const appending = log.append({ producer: 'second', epoch, firstSeq: 1, events: [anEvent()] });
      const isWaiting = async () =>
        (
          await observer.query(
            "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
          )
        ).rowCount === 1;
      while (!(await isWaiting())) await systemClock.pause(5);
      await rival.query('commit');
      expect(await appending).toMatchObject({ stored: 1 });
      expect((await log.ends())[0]?.offset).toBe(8);
      const { rows } = await observer.query('select log_offset from events');
      expect(rows).toEqual([{ log_offset: 8 }]);
      expect(await readAll(log)).toHaveLength(1);
    } finally {
      await rival.end();
      await observer.end();
      await log.close();
      await messages.close();
      await store.close();
    }
  });
});
