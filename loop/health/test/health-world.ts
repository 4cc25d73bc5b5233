import { createServer, type Server } from 'node:http';
import { openEgress } from '@watchkeeper/guard';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import type { AlertNotification, NewEvent, Outcome } from '@watchkeeper/model';
import {
  type AlertChannelDefinition,
  defaultTenantId,
  ensurePlaces,
  insertMonitor,
  openStore,
  putAlertChannel,
  putService,
  readAlerts,
} from '@watchkeeper/store';
import { sql } from 'kysely';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';
import { channelTypes, startDeliveries, startHealth } from '../src/index.ts';

export const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

/** Waits for a condition, at most ten seconds. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited ten seconds for ${what}`);
    await systemClock.pause(10);
  }
}

/** A receiver of notifications whose answers a test decides. */
export async function openReceiver() {
  const taken: AlertNotification[] = [];
  const answers: number[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const status = answers.shift() ?? 200;
      if (status < 300) taken.push(JSON.parse(body) as AlertNotification);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    taken,
    /** Statuses of the next requests; 200 when none is left. */
    answers,
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`,
    close: () => new Promise((done) => server.close(done)),
  };
}

/** A database with a log, monitors and channels; health and deliveries start when a test says so. */
export async function openHealthWorld() {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.postgres();
  const context = { connection: database.connection, messages, clock: systemClock, logger };
  const eventLog = await driver.open({ partitions: 1, seriesPerTenant: 1000 }, context);
  const egress = openEgress({ policy: { private: 'allow', allow: [], deny: [] } });
  const running: { drain(): Promise<void> }[] = [];
  let producers = 0;
  let timeUs = Date.now() * 1000 - 60_000_000;
  return {
    database,
    store,
    messages,
    eventLog,
    startHealth() {
      const health = startHealth({
        store,
        eventLog,
        messages,
        clock: systemClock,
        logger,
        holder: crypto.randomUUID(),
        leaseSeconds: 1,
      });
      running.push(health);
      return health;
    },
    startDeliveries() {
      const sending = { egress, credential: () => undefined, mail: undefined, clock: systemClock, channelTypes };
      const deliveries = startDeliveries({ ...sending, publicUrl: () => 'http://wk.test', store, messages, logger });
      running.push(deliveries);
      return deliveries;
    },
    async stopAll() {
      await Promise.all(running.splice(0).map((part) => part.drain()));
    },
    /** A monitor of a service in `production`; returns its identifier. */
    async monitor(
      service: string,
      { intervalMs = 30_000, zones = ['fra'], environment = 'production' } = {},
    ): Promise<string> {
      return store.write(async (tx) => {
        await ensurePlaces(tx, defaultTenantId, { service, environment });
        const definition = {
          ...{
            name: `${service} ${crypto.randomUUID().slice(0, 8)}`,
            service,
            environment,
            zones,
            type: 'tcp',
            options: {},
          },
          ...{ target: 'x', intervalMs, timeoutMs: 100, retries: 0, assertions: [], labels: {}, paused: false },
        };
        return (await insertMonitor(tx, defaultTenantId, definition, false)).id;
      });
    },
    async depends(service: string, on: readonly string[]) {
      await store.write(async (tx) => {
        for (const name of on) await ensurePlaces(tx, defaultTenantId, { service: name, environment: 'production' });
        await putService(tx, defaultTenantId, { name: service, dependsOn: [...on] });
      });
      await messages.publish('services');
    },
    async channel(url: string, over: Partial<AlertChannelDefinition> = {}) {
      await store.write((tx) =>
        putAlertChannel(tx, defaultTenantId, {
          ...{
            name: 'hook',
            type: 'webhook',
            options: { url, headers: {} },
            states: ['failed'],
            environments: [],
            services: [],
          },
          ...{ groupWaitMs: 0, resolved: true, paused: false },
          ...over,
        }),
      );
    },
    /** Results of checks, a second apart, as a scheduler sends them. */
    async checked(...results: readonly (readonly [monitorId: string, outcome: Outcome, zone?: string])[]) {
      producers += 1;
      const producer = `scheduler-${producers}`;
      const { epoch } = await eventLog.openProducer(producer);
      const events = results.map(([source, outcome, zone = 'fra']): NewEvent => {
        timeUs += 1_000_000;
        const bad = outcome === 'ok' ? {} : { reason: 'status', detail: { message: 'answered 503' } };
        return anEvent({ series: aSeries({ source, zone }), outcome, timeUs, ...bad });
      });
      await eventLog.append({ producer, epoch, firstSeq: 1, events });
    },
    serviceState: async (service: string) => {
      const { rows } = await sql<{ state: string; held_by: string | null; message: string | null }>`
        select state, held_by, message from service_states where service = ${service}`.execute(store.db);
      return rows[0];
    },
    alerts: () => readAlerts(store.db, { tenantId: defaultTenantId, limit: 100 }),
    async close() {
      await this.stopAll();
      await eventLog.close();
      await messages.close();
      await store.close();
      await database.drop();
    },
  };
}

export type HealthWorld = Awaited<ReturnType<typeof openHealthWorld>>;
