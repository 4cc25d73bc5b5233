import { hostname } from 'node:os';
import { join } from 'node:path';
import { createApi, createProbes, LiveFeed, Metrics, type Product, type Readiness } from '@watchkeeper/api';
import { openEgress } from '@watchkeeper/guard';
import { channelTypes, sendTest, startDeliveries, startHealth } from '@watchkeeper/health';
import { type Logger, systemClock } from '@watchkeeper/kit';
import { startNotifier } from '@watchkeeper/messages';
import { monitorRollup, parseDuration } from '@watchkeeper/model';
import { startProcessor } from '@watchkeeper/processor';
import { sinkTypes, startForwarder } from '@watchkeeper/sinks';
import {
  EventSender,
  monitorTypes,
  openProber,
  Receipt,
  RefusedInputWriter,
  SeriesGuard,
  startListeners,
  startScheduler,
  storeSchedule,
} from '@watchkeeper/sources';
import {
  assertDurable,
  type Connection,
  ensureZones,
  migrateDatabase,
  openStore,
  putBuiltInRollup,
  readLogFigures,
} from '@watchkeeper/store';
import { chooseMessages, openEventLog, resolveKafka } from './brokers.ts';
import { resolveCredentials, resolveMail } from './credentials.ts';
import { demoZones } from './demo.ts';
import { Ends } from './ends.ts';
import { readFigures } from './figures.ts';
import { startHeartbeat } from './heartbeat.ts';
import { startMaintenance } from './maintenance.ts';
import { measureProcess, type NotedError } from './process-figures.ts';
import type { ProcessRole, Settings } from './settings.ts';

export interface AssembleOptions {
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly connection: Connection;
  readonly logger: Logger;
  /** Folder of the built web app; needed by the role `api`. */
  readonly webRoot: Promise<string>;
  readonly version: string;
  readonly onProgress: (step: string) => void;
  /** The last error that the log of this process tells of. */
  readonly lastError: () => NotedError | null;
}

/** A process with its roles. Nothing is served before `listen`. */
export type Assembled = Awaited<ReturnType<typeof assemble>>;

/**
 * Builds the whole product from top to bottom, in the order in which an event flows: store, log, scheduler, processor,
 * health, alerts, API. Whoever reads it knows the product.
 */
export async function assemble(options: AssembleOptions) {
  const ends = new Ends(options.logger);
  try {
    return await build(options, ends);
  } catch (error) {
    await ends.run();
    throw error;
  }
}

async function build(options: AssembleOptions, ends: Ends) {
  const { settings, environment, connection, logger, version, onProgress } = options;
  const has = (role: ProcessRole) => settings.roles.includes(role);
  const clock = systemClock;
  const startedAt = new Date();
  const holder = `${hostname()}/${process.pid}/${crypto.randomUUID().slice(0, 8)}`;
  const zones = settings.demo ? [...new Set([...settings.zones, ...demoZones])] : settings.zones;
  const credentials = resolveCredentials(settings.credentials, environment);
  const mail = resolveMail(settings.mail, environment);
  const credential = (name: string) => credentials.get(name);
  const egress = openEgress({ policy: settings.egress });
  const product = {
    ...{ version, startedAt, roles: settings.roles, demo: settings.demo, production: settings.production },
    publicUrl: settings.publicUrl?.replace(/\/+$/, '') ?? '',
  } satisfies Product;

  // Store: the schema, and what every process relies on.
  onProgress('bringing the database to the newest schema');
  await migrateDatabase(connection, onProgress);
  const { open: openMessages, openCarrier } = await chooseMessages(settings, environment);
  const store = openStore({
    connection,
    notesNotifications: openCarrier !== undefined,
    onConnectionError: (error) => logger.warn({ err: error }, 'an idle connection to the database was lost'),
  });
  ends.add('store', () => store.close());
  await assertDurable(store.db);
  await putBuiltInRollup(store.db, monitorRollup);
  await ensureZones(store.db, zones);
  const messages = openMessages({ store, clock, logger });
  ends.add('messages', () => messages.close());

  // Log: where every event goes, and from where everybody reads.
  const eventLog = await openEventLog(settings, environment, { connection, messages, clock, logger });
  ends.add('eventLog', () => eventLog.close());

  // Sources: monitors are checked and become events. All connections to the outside go through one door.
  onProgress('starting the roles');
  const scheduler = has('scheduler')
    ? startScheduler({
        ...{ clock, logger, zones, egress, monitorTypes, credential },
        source: storeSchedule({ store, messages, clock, logger, holder }),
        outlet: new EventSender({
          ...{ eventLog, clock, logger },
          producer: `scheduler/${holder}`,
          bufferEvents: settings.limits.bufferedEvents,
        }),
        checksAtOnce: settings.limits.checksAtOnce,
      })
    : undefined;
  ends.add('scheduler', async () => scheduler?.drain());

  // What others send comes in here: what has no identity gets one, and what cannot be taken is counted and kept.
  const refusedInputs = new RefusedInputWriter({ store, clock, logger });
  ends.add('refusedInputs', () => refusedInputs.drain());
  const { newSeriesPerRequest, newSeriesPerKey, newSeriesPerMinute } = settings.limits;
  const seriesGuard = new SeriesGuard({
    ...{ clock, newSeries: (given) => eventLog.newSeries(given) },
    limits: { perRequest: newSeriesPerRequest, perKey: newSeriesPerKey, perKeyAndMinute: newSeriesPerMinute },
  });
  const receipt =
    has('api') || has('listener') ? new Receipt({ eventLog, clock, holder, seriesGuard, refusedInputs }) : undefined;
  // Listeners: what others send to ports of their protocols.
  const { tenant, environment: watched, zone } = settings.listeners;
  const listeners =
    has('listener') && receipt !== undefined
      ? await startListeners({
          ...{ eventLog, receipt, refusedInputs, clock, logger, holder },
          origin: { tenant, attributes: {}, environment: watched, zone },
          options: settings.listeners,
          bufferEvents: settings.limits.bufferedEvents,
        })
      : undefined;
  ends.add('listeners', async () => listeners?.drain());

  // Checks for scrapers; what they see is told and not stored.
  const { openOnLoopback, ...probing } = settings.probe;
  const prober = await openProber({ clock, egress, credential, monitorTypes, ...probing });

  // Processor: events are added up into rollups, and stored where the log is outside of the database.
  const processor = has('processor')
    ? startProcessor({
        ...{ store, eventLog, messages, clock, logger, holder },
        openIntake: eventLog.openIntake,
        writeEveryMs: parseDuration(settings.eventLog.writeEvery) as number,
        writeEvents: settings.eventLog.writeEvents,
      })
    : undefined;
  ends.add('processor', async () => processor?.drain());

  // Forwarder: events and rollups go on to other systems.
  const forwarder = has('forwarder')
    ? startForwarder({
        ...{ store, eventLog, messages, clock, logger, holder, egress, credential, sinkTypes },
        kafka: resolveKafka(settings.kafka, environment),
        filesDir: settings.sinks.filesDir ?? join(settings.dataDir, 'sinks'),
      })
    : undefined;
  ends.add('forwarder', async () => forwarder?.drain());

  // Health: events become states, states become alerts, alerts are told.
  const health = has('health') ? startHealth({ store, eventLog, messages, clock, logger, holder }) : undefined;
  ends.add('health', async () => health?.drain());
  const sending = { egress, credential, mail, clock, channelTypes, publicUrl: () => product.publicUrl || null };
  const deliveries = has('health') ? startDeliveries({ ...sending, store, messages, logger }) : undefined;
  ends.add('deliveries', async () => deliveries?.drain());

  // Notifications: what the outside is told of is brought out, where the message driver can.
  const carrier = has('health') ? openCarrier?.({ store, clock, logger }) : undefined;
  const { source } = settings.messages;
  const notifier = carrier && startNotifier({ store, messages, carrier, clock, logger, source });
  ends.add('notifier', async () => {
    await notifier?.drain();
    await carrier?.close();
  });

  // What this process tells the others of itself.
  const heartbeat = startHeartbeat({
    ...{ store, clock, logger, version, startedAt, zones },
    id: holder,
    roles: settings.roles,
    figures: measureProcess({ scheduler, listeners, processor, forwarder, health, lastError: options.lastError }),
  });
  ends.add('heartbeat', () => heartbeat.stop());

  // Edge: people and programs.
  const liveFeed = new LiveFeed({ eventLog, messages, clock, logger });
  ends.add('liveFeed', () => liveFeed.close());
  const readiness = async (): Promise<Readiness> => {
    try {
      await readLogFigures(store.db);
      return { ready: true, checks: [{ name: 'database', ok: true, message: 'answers' }] };
    } catch (error) {
      return { ready: false, checks: [{ name: 'database', ok: false, message: (error as Error).message }] };
    }
  };
  const metrics = new Metrics(() =>
    readFigures({
      ...{ store, eventLog, receipt, refusedInputs, scheduler, listeners, processor, forwarder, health },
      ...{ deliveries, notifier, liveFeed },
    }),
  );
  const api =
    has('api') && receipt !== undefined
      ? await createApi({
          ...{
            store,
            eventLog,
            receipt,
            refusedInputs,
            messages,
            clock,
            logger,
            liveFeed,
            monitorTypes,
            channelTypes,
            sinkTypes,
            product,
            readiness,
            metrics,
          },
          databaseBackMs: () => heartbeat.databaseBackMs(),
          sendTest: (channel) => sendTest(channel, sending),
          webRoot: await options.webRoot,
          lineProtocol: {
            database: settings.lineProtocol.database,
            bodyBytes: settings.lineProtocol.bodyBytes,
            repeatedWithinMs: parseDuration(settings.lineProtocol.repeatedWithin) as number,
          },
          probe: { prober, openOnLoopback },
          requestsPerMinute: settings.limits.requestsPerMinute,
        })
      : undefined;
  ends.add('api', async () => api?.close());
  const probes = settings.healthListen === undefined ? undefined : createProbes({ metrics, readiness, logger });
  ends.add('probes', async () => probes?.close());

  const maintenance = startMaintenance({ store, clock, logger, holder, retention: settings.retention });
  ends.add('maintenance', () => maintenance.drain());

  return {
    store,
    api,
    probes,
    zones,
    /** Where listeners listen now: `udp 127.0.0.1:8125`. */
    listens: () => listeners?.stats().flatMap(({ places }) => places) ?? [],
    /** Starts to answer; returns the address under which people reach it. */
    async listen(host: string, port: number): Promise<string> {
      await api?.listen({ host, port });
      const address = api?.server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      if (product.publicUrl === '') product.publicUrl = `http://${reachableHost(host)}:${bound}`;
      return product.publicUrl;
    },
    /** Ends in order. */
    drain: () => ends.run(),
  };
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
