/**
 * A process that brings one delivery in and is killed: `node deliver-child.ts <connection as JSON> <delivery>`. Sends ten
 * events as a producer of its own and prints how many were stored. The failpoint comes by WK_FAILPOINT.
 */
import { armFailpoint, createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { type Connection, openStore } from '@watchkeeper/store';
import { anEvent, aSeries } from '../../../../foundation/model/test/makers.ts';
import { logDrivers } from '../../src/index.ts';

const [connectionJson = '{}', id = ''] = process.argv.slice(2);
if (process.env.WK_FAILPOINT) armFailpoint(process.env.WK_FAILPOINT);

const connection = JSON.parse(connectionJson) as Connection;
const logger = createLogger({ level: 'warn', format: 'json', destination: process.stderr });
const store = openStore({ connection });
const messages = postgresMessages({ store, clock: systemClock, logger });
const { default: driver } = await logDrivers.postgres();
const log = await driver.open(
  { partitions: 2, seriesPerTenant: 1000 },
  { connection, messages, clock: systemClock, logger },
);
const producer = crypto.randomUUID();
const { epoch } = await log.openProducer(producer);
const events = Array.from({ length: 10 }, (_, index) => anEvent({ series: aSeries({ source: id }), values: [index] }));
const delivery = { id, withinMs: 60_000 };
const { stored } = await log.append({ producer, epoch, firstSeq: 1, events, delivery });
console.log(`stored ${stored}`);
await log.close();
await messages.close();
await store.close();
