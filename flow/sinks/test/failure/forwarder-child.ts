/** A forwarder that is killed: `node forwarder-child.ts <connection as JSON> <holder> <files folder>`. Ends when every sink has read all. */
import { openEgress } from '@watchkeeper/guard';
import { armFailpoint, createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { allTenants, type Connection, openStore, readSinkProgress } from '@watchkeeper/store';
import { sinkTypes, startForwarder } from '../../src/index.ts';

const [connectionJson = '{}', holder = '', filesDir = ''] = process.argv.slice(2);
if (process.env.WK_FAILPOINT) armFailpoint(process.env.WK_FAILPOINT);

const connection = JSON.parse(connectionJson) as Connection;
const logger = createLogger({ level: 'warn', format: 'json', destination: process.stderr });
const store = openStore({ connection });
const messages = postgresMessages({ store, clock: systemClock, logger });
const { default: driver } = await logDrivers.postgres();
const context = { connection, messages, clock: systemClock, logger };
const eventLog = await driver.open({ partitions: 1, seriesPerTenant: 1000 }, context);
const forwarder = startForwarder({
  ...{ store, eventLog, messages, clock: systemClock, logger, sinkTypes, holder, filesDir, leaseSeconds: 1 },
  egress: openEgress({ policy: { private: 'allow', allow: [], deny: [] } }),
  credential: () => undefined,
  kafka: undefined,
});
for (;;) {
  const rows = await store.read(allTenants, (tx) => readSinkProgress(tx, allTenants));
  if (rows.every(({ lagEvents }) => lagEvents === 0)) break;
  await systemClock.pause(20);
}
await forwarder.drain();
await eventLog.close();
await messages.close();
await store.close();
console.log('done');
