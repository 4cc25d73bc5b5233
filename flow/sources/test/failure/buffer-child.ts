/**
 * A process with a buffer that is killed: `node buffer-child.ts <connection as JSON> <folder> keep|send <first value> <count>`.
 * `keep` puts events in and prints a line when each is synced; `send` brings what waits into the log and prints the end.
 * The failpoint comes by WK_FAILPOINT.
 */
import { join } from 'node:path';
import { DiskQueue, Lane, openIdentity } from '@watchkeeper/buffer';
import { armFailpoint, createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { type Connection, openStore } from '@watchkeeper/store';
import { anEvent, aSeries } from '../../../../foundation/model/test/makers.ts';

const [connectionJson = '{}', folder = '', mode = '', firstText = '0', countText = '0'] = process.argv.slice(2);

const clock = systemClock;
const logger = createLogger({ level: 'error', format: 'json', destination: process.stderr });
const identity = await openIdentity(folder, { clock, logger });
if (process.env.WK_FAILPOINT) armFailpoint(process.env.WK_FAILPOINT);
// Segments of 16 KiB: a dozen events each.
const queue = await DiskQueue.open({
  ...{ epoch: identity.epoch, clock, logger, memoryEvents: 1000, limitBytes: 1024 * 1024 },
  ...{ folder: join(folder, 'queue'), segmentBytes: 16 * 1024 },
});

if (mode === 'keep') {
  const first = Number(firstText);
  for (let value = first; value < first + Number(countText); value++) {
    const synced = new Promise<void>((done) => {
      const forget = queue.onReady(() => {
        forget();
        done();
      });
    });
    const noise = Array.from(crypto.getRandomValues(new Uint32Array(150)));
    queue.add(anEvent({ series: aSeries({ source: 'buffer' }), values: [value], detail: { noise } }));
    await synced;
    console.log(`kept ${value}`);
  }
} else {
  const connection = JSON.parse(connectionJson) as Connection;
  const store = openStore({ connection });
  const messages = postgresMessages({ store, clock, logger });
  const { default: driver } = await logDrivers.postgres();
  const log = await driver.open({ partitions: 1, seriesPerTenant: 1000 }, { connection, messages, clock, logger });
  const lane = new Lane({
    ...{ name: 'backlog' as const, queue, identity, clock, logger, batchEvents: 5, pauseMs: 0 },
    send: (batch) => log.append(batch),
    turn: async () => undefined,
  });
  while (queue.waiting > 0) await clock.pause(10);
  await lane.close();
  await log.close();
  await messages.close();
  await store.close();
  console.log('sent');
}
await queue.close();
