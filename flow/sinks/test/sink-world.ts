import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEgress } from '@watchkeeper/guard';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import type { Credential, KafkaConnection, NewEvent, SinkDefinition } from '@watchkeeper/model';
import {
  allTenants,
  defaultTenantId,
  deleteSink,
  findSink,
  openStore,
  putSink,
  readSinkProgress,
  readSinkRefusals,
  type SinkProgressRow,
  type SinkRow,
} from '@watchkeeper/store';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';
import { type Forwarder, type ForwarderOptions, sinkTypes, startForwarder } from '../src/index.ts';

export const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

export const aSink = (over: Partial<SinkDefinition> & Pick<SinkDefinition, 'type' | 'options'>): SinkDefinition => ({
  name: 'out',
  events: { names: [], where: {} },
  mapping: { name: '{name}', keep: [], rename: {} },
  begin: 'oldest',
  batchEvents: 100,
  batchWait: '10ms',
  retryFirst: '100ms',
  retryLongest: '200ms',
  timeout: '5s',
  paused: false,
  ...over,
});

/** Waits for a condition. @throws Error after `withinMs` */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 20_000,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited ${withinMs} ms for ${what}`);
    await systemClock.pause(20);
  }
}

/** A database with a log, and sinks; forwarders start when a test says so. */
export async function openSinkWorld({
  partitions = 2,
  kafka,
  credentials = {},
}: {
  readonly partitions?: number;
  readonly kafka?: KafkaConnection;
  readonly credentials?: Readonly<Record<string, Credential>>;
} = {}) {
  const database = await createTestDatabase();
  const filesDir = mkdtempSync(join(tmpdir(), 'wk-sinks-'));
  const store = openStore({ connection: database.connection });
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.postgres();
  const context = { connection: database.connection, messages, clock: systemClock, logger };
  const openLog = () => driver.open({ partitions, seriesPerTenant: 10_000 }, context);
  let eventLog = await openLog();
  const running = new Set<Forwarder>();
  const epochs = new Map<string, { epoch: number; seq: number }>();
  return {
    database,
    store,
    messages,
    filesDir,
    get eventLog() {
      return eventLog;
    },
    async reopenLog() {
      await eventLog.close();
      eventLog = await openLog();
      epochs.clear();
    },
    /** Appends events of a producer, whose partition follows from its name. */
    async append(events: readonly NewEvent[], producer = 'test') {
      const known = epochs.get(producer) ?? { ...(await eventLog.openProducer(producer)), seq: 1 };
      epochs.set(producer, known);
      const result = await eventLog.append({ producer, epoch: known.epoch, firstSeq: known.seq, events });
      known.seq += events.length;
      return result;
    },
    async put(definition: SinkDefinition, tenantId = defaultTenantId): Promise<SinkRow> {
      const { after } = await store.write((tx) => putSink(tx, tenantId, definition));
      await messages.publish('sinks');
      return after;
    },
    async delete(name = 'out') {
      await store.write((tx) => deleteSink(tx, defaultTenantId, name));
      await messages.publish('sinks');
    },
    start(over: Partial<ForwarderOptions> = {}): Forwarder {
      const forwarder = startForwarder({
        ...{ store, eventLog, messages, clock: systemClock, logger, sinkTypes, filesDir, kafka },
        egress: openEgress({ policy: { private: 'allow', allow: [], deny: [] } }),
        credential: (name) => credentials[name],
        holder: crypto.randomUUID(),
        leaseSeconds: 1,
        ...over,
      });
      running.add(forwarder);
      return forwarder;
    },
    async progress(name = 'out'): Promise<SinkProgressRow> {
      const sink = (await findSink(store.db, defaultTenantId, name)) as SinkRow;
      const rows = await store.read(allTenants, (tx) => readSinkProgress(tx, allTenants));
      return rows.find(({ sinkId }) => sinkId === sink.id) as SinkProgressRow;
    },
    async refusals(name = 'out') {
      const sink = (await findSink(store.db, defaultTenantId, name)) as SinkRow;
      return readSinkRefusals(store.db, { sinkId: sink.id, limit: 1000 });
    },
    /** Waits until everything in the log is forwarded. */
    async allForwarded(name = 'out', withinMs = 20_000) {
      return until(
        'the sink to have read everything',
        async () => {
          const progress = await this.progress(name);
          return progress.lagEvents === 0 && progress;
        },
        withinMs,
      );
    },
    async close() {
      await Promise.all([...running].map((forwarder) => forwarder.drain()));
      await eventLog.close();
      await messages.close();
      await store.close();
      await database.drop();
      rmSync(filesDir, { recursive: true, force: true });
    },
  };
}
export type SinkWorld = Awaited<ReturnType<typeof openSinkWorld>>;
