import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLocalAccess } from '@watchkeeper/client/local-access';
import type { ProcessList } from '@watchkeeper/model';
import { compareRollups, openStore } from '@watchkeeper/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Front, openFront } from '../scripts/cluster/front.ts';
import { startWatchkeeper, type WatchkeeperMember } from '../scripts/cluster/member.ts';
import { freePorts } from '../scripts/servers/free-ports.ts';
import { type Kafka, startKafka } from '../scripts/servers/kafka.ts';
import { type PostgresServer, startPostgres } from '../scripts/servers/postgres.ts';
import { CountingProducer } from './counting-producer.ts';
import { until } from './running-server.ts';
import { StoredEvents } from './stored-events.ts';

const needed = ['java', 'mvn', 'postgres'];
const missing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').filter((name) => needed.includes(name));

type Driver = 'postgres' | 'kafka';

/** The event log moves from PostgreSQL into Kafka and back, as docs/how-to/grow-it.md says, while events arrive. */
describe.skipIf(missing.length > 0)('A log whose driver is changed while it runs', { timeout: 90_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'wk-change-'));
  let postgres: PostgresServer;
  let kafka: Kafka;
  let front: Front;
  let producer: CountingProducer;
  let url = '';
  let key = '';
  let ports: readonly number[] = [];
  let senders: WatchkeeperMember;
  let processor: WatchkeeperMember;
  let generation = 0;

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([startPostgres(), startKafka()]);
    const [port = 0, ...own] = await freePorts(7);
    ports = own;
    url = `http://127.0.0.1:${port}`;
    writeFileSync(join(folder, 'database-url'), postgres.url, { mode: 0o600 });
    for (const driver of ['postgres', 'kafka'] as const) writeFileSync(settingsFile(driver), settingsOf(driver));
    front = await openFront({ hosts: ['127.0.0.1'], port, backends: ports.slice(0, 3) });
    senders = await start('postgres', 'api,scheduler,health', ['--listen', `127.0.0.1:${ports[0]}`]);
    processor = await start('postgres', 'processor', []);
    key = readLocalAccess(senders.dataDir)?.key ?? '';
    producer = new CountingProducer({ url, key });
  }, 120_000);
  afterAll(async () => {
    await producer?.stop();
    await senders?.process.stop('SIGTERM');
    await processor?.process.stop('SIGTERM');
    await front?.close();
    await kafka?.stop();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const settingsFile = (driver: Driver) => join(folder, `${driver}.yaml`);
  // JSON is YAML too.
  const settingsOf = (driver: Driver) =>
    JSON.stringify({
      databaseUrl: `file:${join(folder, 'database-url')}`,
      publicUrl: url,
      demo: true,
      kafka: { brokers: kafka.brokers },
      eventLog: { driver, kafka: { replicas: 1, minInSyncReplicas: 1 } },
    });
  async function start(driver: Driver, roles: string, more: readonly string[]): Promise<WatchkeeperMember> {
    generation += 1;
    const name = `${roles.replaceAll(',', '-')}-${generation}`;
    const args = ['--config', settingsFile(driver), '--roles', roles, ...more];
    return startWatchkeeper({ name, does: roles, answersOn: '', folder, args });
  }
  /** Starts others with this driver and ends those that are there in order. */
  async function changeSenders(driver: Driver, listenAt: number, probesAt: number): Promise<void> {
    const before = senders;
    const places = ['--listen', `127.0.0.1:${ports[listenAt]}`, '--health-listen', `127.0.0.1:${ports[probesAt]}`];
    senders = await start(driver, 'api,scheduler,health', places);
    await before.process.stop('SIGTERM');
  }
  async function changeProcessor(driver: Driver): Promise<void> {
    const before = processor;
    processor = await start(driver, 'processor', []);
    await before.process.stop('SIGTERM');
  }
  const list = async () =>
    (await (
      await fetch(`${url}/api/v1/processes`, { headers: { authorization: `Bearer ${key}` } })
    ).json()) as ProcessList;
  /** What was sent from this moment on is answered, stored and counted. */
  async function allIsCounted(): Promise<void> {
    const wanted = producer.acknowledged + 50;
    await until('more events to be acknowledged', async () => producer.acknowledged >= wanted);
    await withStored((stored) =>
      until('them to be stored', async () => (await stored.numbersFrom('counter')).length >= wanted),
    );
  }
  async function withStored<T>(look: (stored: StoredEvents) => Promise<T>): Promise<T> {
    const stored = await StoredEvents.open(postgres.url);
    try {
      return await look(stored);
    } finally {
      await stored.close();
    }
  }
  async function sentToKafka(probesAt: number): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${ports[probesAt]}/metrics`)).text();
    return Number(/^watchkeeper_log_sent_events_total (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  it('goes into Kafka: first those who take in, then those who send', async () => {
    await allIsCounted();
    await changeProcessor('kafka');
    await changeSenders('kafka', 1, 3);
    await allIsCounted();
    expect(await sentToKafka(3)).toBeGreaterThan(0);
  });

  it('comes back: first those who send, then, once nothing waits, those who take in', async () => {
    await changeSenders('postgres', 2, 4);
    const changedMs = Date.now();
    await until('nothing to wait in Kafka', async () => {
      const { items, readers } = await list();
      const processors = items.filter(({ state, roles }) => state === 'running' && roles.includes('processor'));
      return (
        processors.every(({ figures, seenAt }) => Date.parse(seenAt) > changedMs && figures.waitingMessages === 0) &&
        readers.every(({ holder }) => holder !== null)
      );
    });
    await changeProcessor('postgres');
    await allIsCounted();
  });

  it('has lost nothing and counted nothing twice', async () => {
    const acknowledged = await producer.stop();
    await withStored(async (stored) => {
      await until('the last event', async () => (await stored.numbersFrom('counter')).length >= acknowledged);
      const numbers = await stored.numbersFrom('counter');
      expect(numbers.slice(0, acknowledged)).toEqual(Array.from({ length: acknowledged }, (_, index) => index + 1));
      const { events, identities } = await stored.count();
      expect(identities).toBe(events);
      expect(await stored.brokenPartitions()).toEqual([]);
    });
    const store = openStore({ connection: { connectionString: postgres.url } });
    const { compared, differences } = await compareRollups(store.db);
    await store.close();
    expect(compared).toBeGreaterThan(20);
    expect(differences).toEqual([]);
  });
});
