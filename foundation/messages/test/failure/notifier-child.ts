/** A notifier that is killed: `node notifier-child.ts <connection as JSON> <address of the receiver>`. Ends when nothing waits. */
import { armFailpoint, createLogger, systemClock } from '@watchkeeper/kit';
import { WatchkeeperError } from '@watchkeeper/model';
import { type Connection, openStore, readOutgoingFigures } from '@watchkeeper/store';
import { type Carrier, postgresMessages, startNotifier } from '../../src/index.ts';

const [connectionJson = '{}', receiver = ''] = process.argv.slice(2);
if (process.env.WK_FAILPOINT) armFailpoint(process.env.WK_FAILPOINT);

const logger = createLogger({ level: 'warn', format: 'json', destination: process.stderr });
const store = openStore({ connection: JSON.parse(connectionJson) as Connection });
const messages = postgresMessages({ store, clock: systemClock, logger });
const carrier: Carrier = {
  async send(notification) {
    const { ok } = await fetch(receiver, { method: 'POST', body: JSON.stringify(notification) });
    if (!ok) throw new WatchkeeperError('broker_refused', 'The receiver did not take it.');
  },
  close: async () => undefined,
};
const notifier = startNotifier({ store, messages, carrier, clock: systemClock, logger, source: '/test' });
while ((await readOutgoingFigures(store.db)).waiting > 0) await systemClock.pause(20);
await notifier.drain();
await messages.close();
await store.close();
console.log('done');
