/**
 * Health and deliveries that are killed: `node health-child.ts <connection as JSON> <holder> [rules]`. Ends when all is
 * judged and told; with `rules` also by every alert rule, once since the start at least.
 */
import { openEgress } from '@watchkeeper/guard';
import { armFailpoint, createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { type Connection, databaseNow, openStore, readerLags, untilNextDelivery } from '@watchkeeper/store';
import { sql } from 'kysely';
import { channelTypes, startDeliveries, startHealth } from '../../src/index.ts';

const [connectionJson = '{}', holder = '', what = ''] = process.argv.slice(2);
if (process.env.WK_FAILPOINT) armFailpoint(process.env.WK_FAILPOINT);

const connection = JSON.parse(connectionJson) as Connection;
const logger = createLogger({ level: 'warn', format: 'json', destination: process.stderr });
const store = openStore({ connection });
const messages = postgresMessages({ store, clock: systemClock, logger });
const { default: driver } = await logDrivers.postgres();
const context = { connection, messages, clock: systemClock, logger };
const eventLog = await driver.open({ partitions: 1, seriesPerTenant: 1000 }, context);
const egress = openEgress({ policy: { private: 'allow', allow: [], deny: [] } });
const health = startHealth({ store, eventLog, messages, clock: systemClock, logger, holder, leaseSeconds: 1 });
const sending = { egress, credential: () => undefined, mail: undefined, clock: systemClock, channelTypes };
const deliveries = startDeliveries({ ...sending, publicUrl: () => null, store, messages, logger });

const startedAt = await databaseNow(store.db);
/** Every rule was judged up to a moment after this process began, and no alert is left without its rule. */
const areRulesJudged = async () => {
  const { rows } = await sql`
    select from alert_rules where looked_at is null or judged_at <= ${startedAt}::timestamptz`.execute(store.db);
  const { rows: left } = await sql`
    select from alerts a where resolved_at is null and rule is not null and not exists (select from alert_rule_groups g where g.alert_id = a.id)`.execute(
    store.db,
  );
  return rows.length === 0 && left.length === 0;
};

for (;;) {
  const lags = await readerLags(store.db);
  const isJudged = lags.length === eventLog.partitionCount && lags.every(({ lag }) => lag === 0);
  const isRuled = what !== 'rules' || (await areRulesJudged());
  if (isJudged && isRuled && (await untilNextDelivery(store.db)) === null) break;
  await systemClock.pause(20);
}
await health.drain();
await deliveries.drain();
await eventLog.close();
await messages.close();
await store.close();
console.log('done');
