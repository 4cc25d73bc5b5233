import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Admin, Producer } from '@platformatic/kafka';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { kafkaOptions } from '@watchkeeper/messages/kafka';
import type { KafkaConnection } from '@watchkeeper/model';
import { openSession, openStore, readDeadLetters } from '@watchkeeper/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../../../../foundation/model/test/makers.ts';
import { createTestDatabase } from '../../../../foundation/store/test/test-database.ts';
import { type Certificates, makeCertificates } from '../../../../scripts/servers/certificates.ts';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { describeLogContract, readAll, seriesPerTenant } from '../../test/log-contract.ts';
import { IntakeStorer } from '../../test/store-intakes.ts';
import kafka from './kafka.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
type Options = Parameters<typeof kafka.open>[0];
let certificates: Certificates;
let broker: Kafka;
let plain: KafkaConnection;
beforeAll(async () => {
  certificates = makeCertificates();
  const { ca, server } = certificates;
  const keyAndCertificate = join(ca, '../server-both.pem');
  writeFileSync(keyAndCertificate, readFileSync(server.key, 'utf8') + readFileSync(server.certificate, 'utf8'));
  broker = await startKafka({ tls: { ca, keyAndCertificate, clientsMustHaveOne: true }, users: { wk: 'secret' } });
  plain = { brokers: broker.brokers, clientId: 'watchkeeper' };
});
afterAll(async () => {
  await broker?.stop();
  certificates?.remove();
});

/** A database of its own, and logs on one topic of its own. */
async function openWorld(over: Partial<Options> = {}) {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  const options: Options = {
    ...{ topic: `events-${crypto.randomUUID()}`, partitions: 3, replicas: 1, minInSyncReplicas: 1, retention: '1h' },
    ...{ compression: 'zstd', seriesPerTenant, mappings: [], inputs: [], connection: plain },
    ...over,
  };
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const context = { connection: database.connection, messages, clock: systemClock, logger };
  const opened: Awaited<ReturnType<typeof kafka.open>>[] = [];
  const storers: IntakeStorer[] = [];
  return {
    ...{ store, options },
    async open() {
      const log = await kafka.open(options, context);
      opened.push(log);
      return log;
    },
    storer(log: Awaited<ReturnType<typeof kafka.open>>) {
      const { topic, connection } = options;
      const storer = new IntakeStorer(log, database.connection, { kafka: connection, topic });
      storers.push(storer);
      return storer;
    },
    async close() {
      for (const storer of storers) await storer.close();
      for (const log of opened) await log.close();
      await messages.close();
      await store.close();
      await database.drop();
    },
  };
}

describeLogContract('kafka', async () => {
  const world = await openWorld();
  const [log, other] = [await world.open(), await world.open()];
  const storer = world.storer(log);
  return {
    ...{ log, other, close: () => world.close(), settle: () => storer.store() },
    refusals: async () => (await readDeadLetters(world.store.db, { limit: 1000 })).map(({ reason }) => reason),
    tellsWhatIsNew: false,
  };
});

describe('An event log in Kafka', () => {
  const secure = (over: Partial<KafkaConnection>): KafkaConnection => ({
    ...{ brokers: broker.saslBrokers, clientId: 'watchkeeper' },
    tls: {
      ca: readFileSync(certificates.ca, 'utf8'),
      certificate: readFileSync(certificates.client.certificate, 'utf8'),
      key: readFileSync(certificates.client.key, 'utf8'),
    },
    ...over,
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('works with mutual TLS and %s', async (mechanism) => {
    const world = await openWorld({ connection: secure({ sasl: { mechanism, username: 'wk', password: 'secret' } }) });
    try {
      const log = await world.open();
      const { epoch } = await log.openProducer('secure');
      await log.append({ producer: 'secure', epoch, firstSeq: 1, events: [anEvent(), anEvent()] });
      await world.storer(log).store();
      expect(await readAll(log)).toHaveLength(2);
    } finally {
      await world.close();
    }
  });

  it('says that a wrong password was refused, and what to check', async () => {
    const sasl = { mechanism: 'scram-sha-256', username: 'wk', password: 'wrong' } as const;
    const world = await openWorld({ connection: secure({ sasl }) });
    await expect(world.open()).rejects.toMatchObject({
      code: 'log_misconfigured',
      message: expect.stringContaining('Check kafka.sasl'),
    });
    await world.close();
  });

  it('says what a topic that is there lacks', async () => {
    const world = await openWorld({ partitions: 12, replicas: 3, minInSyncReplicas: 2 });
    const admin = new Admin(kafkaOptions(plain));
    await admin.createTopics({ topics: [world.options.topic], partitions: 3, replicas: 1 });
    await admin.close();
    await expect(world.open()).rejects.toMatchObject({
      code: 'log_misconfigured',
      message: expect.stringMatching(
        /has 3 partitions, 12 are needed.*has 1 replicas, 3 are needed.*min\.insync\.replicas/,
      ),
    });
    await world.close();
  });

  it('maps messages of others, sets aside what fits nothing, and goes on behind both', async () => {
    const orders = `orders-${crypto.randomUUID()}`;
    const mapping = { name: { text: 'order.placed' }, attributes: {}, values: { amountEur: { from: '/total' } } };
    const world = await openWorld({ inputs: [{ topic: orders, mappings: [mapping] }] });
    const admin = new Admin(kafkaOptions(plain));
    await admin.createTopics({ topics: [orders], partitions: 1, replicas: 1 });
    await admin.close();
    try {
      const log = await world.open();
      expect(log.partitionCount).toBe(4);
      const foreign = new Producer(kafkaOptions(plain));
      const send = (topic: string, value: string) =>
        foreign.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }], acks: -1 });
      await send(world.options.topic, 'no JSON');
      await send(world.options.topic, '{"hello":"world"}');
      // What only the database, or the writing of the dead letter, stumbles over.
      const own = { version: 1, producer: 'x', epoch: 1, firstSeq: 1, series: [{ name: 'x.seen', valueNames: [] }] };
      await send(world.options.topic, JSON.stringify({ ...own, producer: 'nul\0', events: [] }));
      const deep = `${'{"d":'.repeat(50_000)}0${'}'.repeat(50_000)}`;
      const event = { series: 0, timeUs: 1_700_000_000_000_000, outcome: 'ok', values: [] };
      const [before, after] = JSON.stringify({ ...own, events: [{ ...event, detail: 'deep' }] }).split('"deep"');
      await send(world.options.topic, `${before}${deep}${after}`);
      for (const text of ['{"total":12.5}', '{"total":"none"}', '{"total":3}']) await send(orders, text);
      await foreign.close();
      await world.storer(log).store();
      const intake = await log.openIntake?.(3);
      await intake?.gather(5000, new AbortController().signal);
      const session = await openSession(world.store.connection);
      intake?.committed(await session.write((_tx, client) => intake.store(client)));
      await session.close();
      await intake?.close();
      const events = await readAll(log);
      expect(events.map(({ series, values, seq }) => [series.name, values[0], seq])).toEqual([
        ['order.placed', 12.5, 1],
        ['order.placed', 3, 3],
      ]);
      const letters = await readDeadLetters(world.store.db, { limit: 10 });
      expect(letters.map(({ origin, body }) => [origin.replace(/-[0-9a-f-]{36}/, ''), body]).sort()).toEqual([
        ['kafka events/0 at 0', 'no JSON'],
        ['kafka events/0 at 1', '{"hello":"world"}'],
        ['kafka events/0 at 2', expect.stringContaining('nul')],
        ['kafka events/0 at 3', null],
        ['kafka orders/0 at 1', '{"total":"none"}'],
      ]);
    } finally {
      await world.close();
    }
  });
});
