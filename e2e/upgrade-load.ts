/**
 * A producer on the log of a database: `node upgrade-load.ts <connection as JSON> <producer> <events per second>`.
 * Prints the last sequence number of every batch that is acknowledged, and ends in order on SIGTERM. It runs with the
 * packages of the release that it lies in, so it uses only what every release has.
 */
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import type { NewEvent } from '@watchkeeper/model';
import { type Connection, openStore } from '@watchkeeper/store';

const [connectionJson = '{}', producer = '', eventsPerSecond = '0'] = process.argv.slice(2);
const batchEvents = 100;
const connection = JSON.parse(connectionJson) as Connection;
const logger = createLogger({ level: 'warn', format: 'json', destination: process.stderr });
const store = openStore({ connection });
const messages = postgresMessages({ store, clock: systemClock, logger });
const { default: driver } = await logDrivers.postgres();
const context = { connection, messages, clock: systemClock, logger };
const log = await driver.open({ partitions: 4, seriesPerTenant: 1000 }, context);

let isEnding = false;
process.once('SIGTERM', () => {
  isEnding = true;
});
const valueNames = ['durationMs'];
const series = Array.from({ length: 20 }, (_, index) => ({
  ...{ tenant: 'default', environment: 'production', zone: 'local', host: '', guest: '', service: 'load' },
  ...{ name: 'monitor.checked', source: `00000000-0000-4000-9000-${String(index).padStart(12, '0')}` },
  ...{ attributes: { type: 'http', status: index % 7 === 0 ? '503' : '200' }, valueNames },
}));

const { epoch } = await log.openProducer(producer);
for (let firstSeq = 1; !isEnding; firstSeq += batchEvents) {
  const startedMs = performance.now();
  const nowUs = Date.now() * 1000;
  const events = Array.from({ length: batchEvents }, (_, index): NewEvent => {
    const of = series[index % series.length] as (typeof series)[number];
    const isFailed = of.attributes.status !== '200';
    return {
      ...{ series: of, timeUs: nowUs + index, outcome: isFailed ? 'failed' : 'ok', values: [(firstSeq + index) % 97] },
      ...(isFailed ? { reason: 'status' } : {}),
    };
  });
  await log.append({ producer, epoch, firstSeq, events });
  process.stdout.write(`${firstSeq + batchEvents - 1}\n`);
  const leftMs = (batchEvents / Number(eventsPerSecond)) * 1000 - (performance.now() - startedMs);
  if (leftMs > 0) await systemClock.pause(leftMs);
}
await log.close();
await messages.close();
await store.close();
