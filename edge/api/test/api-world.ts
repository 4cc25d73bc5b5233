import { openEgress } from '@watchkeeper/guard';
import { channelTypes } from '@watchkeeper/health';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { monitorRollup, type ProblemDetails, type Role } from '@watchkeeper/model';
import { sinkTypes } from '@watchkeeper/sinks';
import {
  monitorTypes,
  type NewSeriesLimits,
  openProber,
  Receipt,
  RefusedInputWriter,
  SeriesGuard,
} from '@watchkeeper/sources';
import { ensureTenant, ensureZones, insertKey, openStore, putBuiltInRollup } from '@watchkeeper/store';
import type { LightMyRequestResponse } from 'fastify';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';
import { type ApiOptions, createApi, LiveFeed, Metrics, newKey } from '../src/index.ts';

export interface Asking {
  readonly key?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WorldOptions extends Partial<ApiOptions> {
  readonly newSeries?: NewSeriesLimits;
}

/** The whole HTTP server on a database of its own, asked without a socket. */
export async function openApiWorld({ newSeries, ...over }: WorldOptions = {}) {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  await putBuiltInRollup(store.db, monitorRollup);
  await ensureZones(store.db, ['local', 'fra']);
  const errors: string[] = [];
  const logger = createLogger({
    level: 'error',
    format: 'json',
    destination: { write: (line: string) => errors.push(line) } as unknown as NodeJS.WritableStream,
  });
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.postgres();
  const context = { connection: database.connection, messages, clock: systemClock, logger };
  const eventLog = await driver.open({ partitions: 1, seriesPerTenant: 1000 }, context);
  const liveFeed = new LiveFeed({ eventLog, messages, clock: systemClock, logger });
  const refusedInputs = new RefusedInputWriter({ store, clock: systemClock, logger });
  const seriesGuard = new SeriesGuard({
    ...{ clock: systemClock, newSeries: (given) => eventLog.newSeries(given) },
    limits: newSeries ?? { perRequest: 100_000, perKey: 100_000, perKeyAndMinute: 100_000 },
  });
  const receipt = new Receipt({ eventLog, clock: systemClock, holder: 'test', seriesGuard, refusedInputs });
  const app = await createApi({
    ...{ store, eventLog, receipt, refusedInputs, messages, clock: systemClock, logger, liveFeed },
    ...{ monitorTypes, channelTypes },
    sinkTypes,
    product: {
      ...{ version: '0.0.0', roles: ['api'], startedAt: new Date(0), demo: false, production: false },
      publicUrl: 'http://watchkeeper.test',
    },
    sendTest: async () => ({ delivered: true, answer: 'taken', error: null, durationMs: 1 }),
    requestsPerMinute: 1_000_000,
    lineProtocol: { database: 'watchkeeper', bodyBytes: 1024 * 1024, repeatedWithinMs: 900_000 },
    probe: { prober: await testProber(), openOnLoopback: false },
    databaseBackMs: () => null,
    readiness: async () => ({ ready: true, checks: [] }),
    metrics: new Metrics(async () => []),
    ...over,
  });

  const makeKey = async (role: Role, { tenant = 'default', expiresAt = null as Date | null } = {}) => {
    const { id, text, secretHash } = newKey();
    const tenantId = await ensureTenant(store.db, tenant);
    await store.write((tx) =>
      insertKey(tx, { id, tenantId, name: `${role} of ${tenant}`, role, secretHash, expiresAt }),
    );
    await ensureZones(store.db, ['local', 'fra']);
    return { id, text };
  };
  const admin = (await makeKey('admin')).text;

  return {
    store,
    eventLog,
    messages,
    logger,
    receipt,
    refusedInputs,
    app,
    admin,
    /** Errors that the server logged: mistakes of ours. */
    errors,
    makeKey,
    /** Asks as the administrator unless another key (or none, `undefined`) is given. */
    ask(place: string, asking: Asking = {}): Promise<LightMyRequestResponse> {
      const [method = 'GET', url = '/'] = place.split(' ');
      const key = 'key' in asking ? asking.key : admin;
      const { body } = asking;
      return app.inject({
        method: method as 'GET',
        url,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...asking.headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    },
    async close() {
      await liveFeed.close();
      await app.close();
      await refusedInputs.drain();
      await eventLog.close();
      await messages.close();
      await store.close();
      await database.drop();
    },
  };
}

/** Probes everything, twenty at a time. */
export function testProber(over: Partial<Parameters<typeof openProber>[0]> = {}) {
  const egress = openEgress({ policy: { private: 'allow', allow: [], deny: [] } });
  return openProber({
    ...{ clock: systemClock, egress, monitorTypes, credential: () => undefined, modules: {}, atOnce: 20 },
    ...over,
  });
}

export type ApiWorld = Awaited<ReturnType<typeof openApiWorld>>;

export function problemOf(response: LightMyRequestResponse): ProblemDetails {
  return response.json() as ProblemDetails;
}

export const aMonitor = (over: Readonly<Record<string, unknown>> = {}) => ({
  name: 'Home page',
  service: 'shop',
  environment: 'production',
  type: 'http',
  options: { url: 'http://127.0.0.1:1/' },
  ...over,
});
