import { systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { filledInRule } from '@watchkeeper/model';
import { type Connection, openStore, putAlertRule, readAlerts, readerLags } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { seededMonitorId, seedMonitors } from '../../../foundation/store/test/seed.ts';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';
import { startHealth } from '../src/index.ts';
import { logger, until } from './health-world.ts';

const monitors = 40;
const producers = 8;
const rounds = 6;

/** What one process has open. */
async function openProcess(connection: Connection) {
  const store = openStore({ connection });
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.postgres();
  const context = { connection, messages, clock: systemClock, logger };
  const eventLog = await driver.open({ partitions: 4, seriesPerTenant: 1000 }, context);
  return {
    store,
    eventLog,
    judge: () =>
      startHealth({
        ...{ store, eventLog, messages, clock: systemClock, logger },
        ...{ holder: crypto.randomUUID(), leaseSeconds: 1 },
      }),
    close: async () => {
      await eventLog.close();
      await messages.close();
      await store.close();
    },
  };
}

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

it('two processes judge four partitions at once, and every change of state and every alert is there once', async () => {
  const database = await createTestDatabase();
  toClose.push(database.drop);
  const [one, two] = [await openProcess(database.connection), await openProcess(database.connection)];
  toClose.push(one.close, two.close);
  await seedMonitors(one.store.db, { services: 4, environments: 1, monitors, zones: ['fra'] });
  await sql`delete from service_states`.execute(one.store.db);
  await sql`delete from monitor_states`.execute(one.store.db);
  const judges = [one.judge(), two.judge()];
  toClose.push(...judges.map((judge) => judge.drain));
  const startUs = (Date.now() - 60_000) * 1000;

  await Promise.all(
    Array.from({ length: producers }, async (_, number) => {
      const producer = `scheduler-${number}`;
      const { epoch } = await one.eventLog.openProducer(producer);
      const mine = Array.from({ length: monitors }, (_, index) => index + 1).filter((n) => n % producers === number);
      for (let round = 0; round < rounds; round++) {
        const events = mine.map((n) => {
          const series = aSeries({ source: seededMonitorId(n), zone: 'fra' });
          const timeUs = startUs + (round * monitors + n) * 1000;
          return anEvent({ series, timeUs, outcome: round % 2 === 0 ? 'ok' : 'failed' });
        });
        await one.eventLog.append({ producer, epoch, firstSeq: 1 + round * mine.length, events });
      }
    }),
  );

  await until('everything to be judged', async () => {
    const lags = await readerLags(one.store.db);
    return lags.length === 4 && lags.every(({ lag }) => lag === 0);
  });
  const { rows: changes } = await sql<{ count: number }>`
    select count(*) from state_changes where monitor_id is not null group by monitor_id`.execute(one.store.db);
  expect(changes.map(({ count }) => count)).toEqual(Array(monitors).fill(rounds));
  const { rows: states } = await sql<{ state: string }>`select state from service_states`.execute(one.store.db);
  expect(states.map(({ state }) => state)).toEqual(Array(4).fill('failed'));
  const open = await readAlerts(one.store.db, { tenantId: 1, open: true, limit: 100 });
  expect(open.map(({ service }) => service).sort()).toEqual(['service-1', 'service-2', 'service-3', 'service-4']);
  expect(judges.map((judge) => judge.stats().lastError)).toEqual([null, null]);
});

it('two processes count for an alert rule from four partitions at once: every event once, and one alert for each group', async () => {
  const database = await createTestDatabase();
  toClose.push(database.drop);
  const [one, two] = [await openProcess(database.connection), await openProcess(database.connection)];
  toClose.push(one.close, two.close);
  const shops = 50;
  const orders = 20;
  await one.store.write((tx) =>
    putAlertRule(
      tx,
      1,
      filledInRule({
        ...{ name: 'many', events: 'order.placed', aggregate: 'count', groupBy: ['shop'], window: '1m', delay: '0s' },
        // Only all partitions together have so many.
        above: producers * orders - 1,
      }),
    ),
  );
  const judges = [one.judge(), two.judge()];
  toClose.push(...judges.map((judge) => judge.drain));
  await Promise.all(
    Array.from({ length: producers }, async (_, number) => {
      const producer = `shop-${number}`;
      const { epoch } = await one.eventLog.openProducer(producer);
      for (let order = 0; order < orders; order++) {
        const events = Array.from({ length: shops }, (_shop, index) =>
          anEvent({
            series: aSeries({ name: 'order.placed', source: '', attributes: { shop: `s${index}` }, valueNames: [] }),
            ...{ values: [], timeUs: Date.now() * 1000 },
          }),
        );
        await one.eventLog.append({ producer, epoch, firstSeq: 1 + order * shops, events });
      }
    }),
  );
  await until('an alert for each shop', async () => {
    const open = await readAlerts(one.store.db, { tenantId: 1, limit: 100 });
    return open.length >= shops;
  });
  const { rows } = await sql<{ count: number }>`
    select sum(count)::bigint as count from alert_rule_sums group by group_key`.execute(one.store.db);
  expect(rows.map(({ count }) => count)).toEqual(Array(shops).fill(producers * orders));
  const alerts = await readAlerts(one.store.db, { tenantId: 1, limit: 100 });
  expect(new Set(alerts.map(({ group }) => group?.shop)).size).toBe(shops);
  expect([alerts.length, alerts.every(({ resolvedAt }) => resolvedAt === null)]).toEqual([shops, true]);
  expect(judges.map((judge) => judge.stats().lastError)).toEqual([null, null]);
});
