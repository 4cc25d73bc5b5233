/** A scheduler in a process of its own: `node scheduler-child.ts <connection as JSON> <holder>`. It watches from `fra`. */
import { openEgress } from '@watchkeeper/guard';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { type Connection, openStore } from '@watchkeeper/store';
import { EventSender, monitorTypes, startScheduler, storeSchedule } from '../../src/index.ts';

const [connectionJson = '{}', holder = ''] = process.argv.slice(2);
const connection = JSON.parse(connectionJson) as Connection;
const clock = systemClock;
const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
const store = openStore({ connection, poolSize: 4 });
const messages = postgresMessages({ store, clock, logger });
const { default: driver } = await logDrivers.postgres();
const context = { connection, messages, clock, logger };
const eventLog = await driver.open({ partitions: 1, seriesPerTenant: 1000 }, context);
startScheduler({
  source: storeSchedule({ store, messages, clock, logger, holder, leaseSeconds: 1 }),
  outlet: new EventSender({ eventLog, clock, logger, producer: `scheduler/${holder}`, bufferEvents: 1000 }),
  ...{ clock, logger, zones: ['fra'], checksAtOnce: 50 },
  egress: openEgress({ policy: { private: 'allow', allow: [], deny: [] } }),
  monitorTypes,
  credential: () => undefined,
});
