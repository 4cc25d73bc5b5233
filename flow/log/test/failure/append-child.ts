/**
 * A producer that is killed: `node append-child.ts <connection as JSON> <producer> <epoch or 0> <first seq> <batches>`.
 * Sends batches of ten and prints a line when one is acknowledged. The failpoint comes by WK_FAILPOINT.
 */
import { armFailpoint, createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { type Connection, openStore } from '@watchkeeper/store';
import { anEvent, aSeries } from '../../../../foundation/model/test/makers.ts';
import { logDrivers } from '../../src/index.ts';

const [connectionJson = '{}', producer = '', epochText = '0', firstSeqText = '1', batchesText = '1'] =
  process.argv.slice(2);
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

const epoch = Number(epochText) || (await log.openProducer(producer)).epoch;
console.log(`epoch ${epoch}`);
let seq = Number(firstSeqText);
for (let batch = 0; batch < Number(batchesText); batch++) {
  const events = Array.from({ length: 10 }, (_, index) =>
    anEvent({
      series: aSeries({ source: producer, attributes: { batch: String(batch % 3) } }),
      values: [seq + index],
      slot: { monitorId: producer, zone: 'local', slotMs: (seq + index) * 1000, attempt: 1 },
    }),
  );
  await log.append({ producer, epoch, firstSeq: seq, events });
  seq += events.length;
  console.log(`acked ${seq - 1}`);
}
await log.close();
await messages.close();
await store.close();
