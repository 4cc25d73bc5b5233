/** A processor that is killed: `node processor-child.ts <connection as JSON> <holder>`. Ends when it has read everything. */
import { armFailpoint, createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { type Connection, openStore, readerLags } from '@watchkeeper/store';
import { startProcessor } from '../../src/index.ts';

const [connectionJson = '{}', holder = ''] = process.argv.slice(2);
if (process.env.WK_FAILPOINT) armFailpoint(process.env.WK_FAILPOINT);

const connection = JSON.parse(connectionJson) as Connection;
const logger = createLogger({ level: 'warn', format: 'json', destination: process.stderr });
const store = openStore({ connection });
const messages = postgresMessages({ store, clock: systemClock, logger });
const { default: driver } = await logDrivers.postgres();
const eventLog = await driver.open(
  { partitions: 2, seriesPerTenant: 1000 },
  { connection, messages, clock: systemClock, logger },
);
const processor = startProcessor({
  store,
  eventLog,
  messages,
  clock: systemClock,
  logger,
  holder,
  writeEveryMs: 20,
  leaseSeconds: 1,
});

for (;;) {
  const lags = await readerLags(store.db);
  if (lags.length === eventLog.partitionCount && lags.every(({ lag }) => lag === 0)) break;
  await systemClock.pause(20);
}
await processor.drain();
await eventLog.close();
await messages.close();
await store.close();
console.log('done');
