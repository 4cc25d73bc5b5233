import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Admin, Consumer, compatibilityPartitioner, stringDeserializers } from '@platformatic/kafka';
import { systemClock } from '@watchkeeper/kit';
import type { KafkaConnection } from '@watchkeeper/model';
import type { Store } from '@watchkeeper/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../../../../scripts/servers/certificates.ts';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { describeCarrierContract, type Received } from '../../test/carrier-contract.ts';
import { describeMessagesContract } from '../../test/messages-contract.ts';
import { aNotification, isMissing, logger, until } from '../../test/messages-world.ts';
import kafka from './kafka.ts';

// This driver never asks the database.
const context = { store: undefined as unknown as Store, clock: systemClock, logger };
const names = { wakeTopic: 'watchkeeper.wake', topic: 'watchkeeper.notifications' };
const at = (brokers: readonly string[], over: Partial<KafkaConnection> = {}) => ({
  connection: { brokers, clientId: 'watchkeeper', ...over },
  ...names,
});

describe.skipIf(isMissing('java') || isMissing('mvn'))('The driver for Kafka', () => {
  describeMessagesContract('kafka', async () => {
    const broker = await startKafka();
    return {
      open: () => kafka.open(at(broker.brokers), context),
      cut: async () => broker.nodes[0]?.restart(),
      close: () => broker.stop(),
    };
  });

  describeCarrierContract('kafka', async () => {
    const broker = await startKafka();
    const receiver = receive(broker.brokers);
    return {
      open: () => openCarrier(at(broker.brokers)),
      received: () => receiver.received,
      keyOf: ({ subject }) => subject,
      kill: async () => broker.nodes[0]?.kill(),
      restart: async () => broker.nodes[0]?.restart(),
      async close() {
        await receiver.close();
        await broker.stop();
      },
    };
  });

  describe('with one broker', () => {
    let broker: Kafka;
    let certificates: Certificates;
    let tls: { ca: string; certificate: string; key: string };
    beforeAll(async () => {
      certificates = makeCertificates();
      const { ca, server, client } = certificates;
      const keyAndCertificate = join(ca, '../server-both.pem');
      writeFileSync(keyAndCertificate, readFileSync(server.key, 'utf8') + readFileSync(server.certificate, 'utf8'));
      tls = {
        ca: readFileSync(ca, 'utf8'),
        certificate: readFileSync(client.certificate, 'utf8'),
        key: readFileSync(client.key, 'utf8'),
      };
      broker = await startKafka({ tls: { ca, keyAndCertificate, clientsMustHaveOne: true }, users: { wk: 'secret' } });
    });
    afterAll(async () => {
      await broker?.stop();
      certificates?.remove();
    });

    it('puts notifications of one subject into one partition, the one that any client would choose', async () => {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...broker.brokers] });
      await admin.createTopics({ topics: ['many'], partitions: 7, replicas: 1 });
      await admin.close();
      const carrier = openCarrier({ ...at(broker.brokers), topic: 'many' });
      const subjects = ['services/a', 'services/b', 'services/c'];
      for (let round = 0; round < 5; round++)
        await Promise.all(subjects.map((subject) => carrier.send(aNotification({ subject }))));
      await carrier.close();
      const receiver = receive(broker.brokers, 'many');
      await until('all of them', () => receiver.received.length === 15);
      for (const { key = '', partition } of receiver.received)
        expect(partition).toBe(compatibilityPartitioner(undefined as never, Buffer.from(key)) % 7);
      await receiver.close();
    });

    it('speaks TLS with a certificate of its own, and trusts only the authority it was given', async () => {
      const good = openCarrier(at(broker.tlsBrokers, { tls }));
      await good.send(aNotification());
      await good.close();
      const messages = kafka.open(at(broker.tlsBrokers, { tls }), context);
      let calls = 0;
      messages.subscribe('rollups', () => {
        calls += 1;
      });
      await until('wake-ups over TLS', () => calls > 0);
      await messages.close();
      for (const wrong of [{ ca: tls.ca }, { certificate: tls.certificate, key: tls.key }]) {
        const carrier = openCarrier(at(broker.tlsBrokers, { tls: wrong }));
        await expect(carrier.send(aNotification())).rejects.toMatchObject({
          code: expect.stringMatching(/^broker_(refused|unavailable)$/),
        });
        await carrier.close();
      }
    });

    it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
      'signs in with %s, and says so when the password is wrong',
      async (mechanism) => {
        const sasl = { mechanism, username: 'wk', password: 'secret' };
        const good = openCarrier(at(broker.saslBrokers, { tls, sasl }));
        await good.send(aNotification());
        await good.close();
        const bad = openCarrier(at(broker.saslBrokers, { tls, sasl: { ...sasl, password: 'wrong' } }));
        await expect(bad.send(aNotification())).rejects.toMatchObject({
          code: 'broker_refused',
          message: expect.stringContaining('kafka.sasl'),
        });
        await bad.close();
      },
    );
  });
});

type KafkaMessageOptions = Parameters<typeof kafka.open>[0];

function openCarrier(options: KafkaMessageOptions) {
  if (kafka.openCarrier === undefined) throw new Error('kafka brings notifications');
  return kafka.openCarrier(options, context);
}

/** A receiver as somebody outside would write it; it comes back after its broker was away. */
function receive(brokers: readonly string[], topic = names.topic) {
  const received: (Received & { readonly partition: number })[] = [];
  const stop = new AbortController();
  const seen = new Set<string>();
  const read = async () => {
    const consumer = new Consumer({
      ...{ clientId: 'receiver', groupId: crypto.randomUUID(), bootstrapBrokers: [...brokers] },
      ...{ deserializers: stringDeserializers, retries: 0, timeout: 3000, connectTimeout: 2000 },
    });
    const end = () => void consumer.close(true).catch(() => undefined);
    stop.signal.addEventListener('abort', end, { once: true });
    try {
      const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxWaitTime: 200 });
      for await (const { key, value, headers, partition, offset } of stream) {
        // After a restart it begins at the beginning again.
        if (seen.has(`${partition} ${offset}`)) continue;
        seen.add(`${partition} ${offset}`);
        received.push({ contentType: headers.get('content-type'), key, body: value, partition });
      }
    } finally {
      stop.signal.removeEventListener('abort', end);
      await consumer.close(true).catch(() => undefined);
    }
  };
  const running = (async () => {
    while (!stop.signal.aborted) {
      await read().catch(() => undefined);
      await systemClock.pause(200, stop.signal);
    }
  })();
  return {
    received,
    async close() {
      stop.abort();
      await running;
    },
  };
}
