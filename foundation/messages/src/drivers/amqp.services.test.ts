import { readFileSync } from 'node:fs';
import { systemClock } from '@watchkeeper/kit';
import type { Store } from '@watchkeeper/store';
import { Connection } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../../../../scripts/servers/certificates.ts';
import { type RabbitMq, startRabbitMq } from '../../../../scripts/servers/rabbitmq.ts';
import { describeCarrierContract, type Received } from '../../test/carrier-contract.ts';
import { describeMessagesContract } from '../../test/messages-contract.ts';
import { aNotification, isMissing, logger, until } from '../../test/messages-world.ts';
import amqp from './amqp.ts';

// This driver never asks the database.
const context = { store: undefined as unknown as Store, clock: systemClock, logger };
const names = {
  wakeExchange: 'watchkeeper.wake',
  exchange: 'watchkeeper.notifications',
  queue: 'watchkeeper.notifications',
};

describe.skipIf(isMissing('rabbitmq-server'))('The driver for RabbitMQ', () => {
  describeMessagesContract('amqp', async () => {
    const rabbit = await startRabbitMq();
    return {
      open: () => amqp.open({ url: rabbit.url, ...names }, context),
      async cut() {
        await rabbit.kill();
        await rabbit.start();
      },
      close: () => rabbit.stop(),
    };
  });

  describeCarrierContract('amqp', async () => {
    const rabbit = await startRabbitMq();
    const receiver = receive(rabbit.url, names.queue);
    return {
      open: () => openCarrier({ url: rabbit.url, ...names }),
      received: () => receiver.received,
      keyOf: ({ type }) => type,
      kill: () => rabbit.kill(),
      restart: () => rabbit.start(),
      async close() {
        await receiver.close();
        await rabbit.stop();
      },
    };
  });

  describe('with one server', () => {
    let rabbit: RabbitMq;
    let certificates: Certificates;
    beforeAll(async () => {
      certificates = makeCertificates();
      const { ca, server } = certificates;
      rabbit = await startRabbitMq({ tls: { ca, ...server, clientsMustHaveOne: true } });
    });
    afterAll(async () => {
      await rabbit?.stop();
      certificates?.remove();
    });

    it('keeps all notifications in its queue for receivers that come later', async () => {
      const carrier = openCarrier({ url: rabbit.url, ...names });
      const notification = aNotification();
      await carrier.send(notification);
      await rabbit.kill();
      await rabbit.start();
      const receiver = receive(rabbit.url, names.queue);
      await until('the notification', () => receiver.received.some(({ body }) => body.includes(notification.id)));
      await receiver.close();
      await carrier.close();
    });

    it('makes its queue again when somebody has deleted it, and says so until then', async () => {
      const carrier = openCarrier({ url: rabbit.url, ...names });
      await carrier.send(aNotification());
      rabbit.control('delete_queue', names.queue);
      const notification = aNotification();
      await expect(carrier.send(notification)).rejects.toMatchObject({
        code: 'broker_refused',
        message: expect.stringContaining('no queue is bound'),
      });
      await carrier.send(notification);
      const receiver = receive(rabbit.url, names.queue);
      await until('the notification', () => receiver.received.length === 1);
      await receiver.close();
      await carrier.close();
    });

    it('makes no queue where receivers bind their own by type', async () => {
      const own = { ...names, exchange: 'outside', queue: '' };
      const carrier = openCarrier({ url: rabbit.url, ...own });
      // Nobody has asked for it: it is taken and meant for nobody.
      await carrier.send(aNotification());
      expect(rabbit.control('list_queues', '--silent', 'name')).not.toContain('outside');
      const receiver = receive(rabbit.url, 'alerts-only', { exchange: 'outside', routingKey: 'watchkeeper.alert.#' });
      await receiver.ready;
      await carrier.send(aNotification({ type: 'watchkeeper.object.changed' }));
      await carrier.send(aNotification({ type: 'watchkeeper.alert.resolved' }));
      await until('the alert', () => receiver.received.length > 0);
      expect(receiver.received.map(({ key }) => key)).toEqual(['watchkeeper.alert.resolved']);
      await receiver.close();
      await carrier.close();
    });

    it('says what is wrong when the queue is there in another form', async () => {
      const other = new Connection(rabbit.url);
      await other.queueDeclare({ queue: 'short', durable: true, arguments: { 'x-max-length': 1 } });
      await other.close();
      const carrier = openCarrier({ url: rabbit.url, ...names, queue: 'short' });
      await expect(carrier.send(aNotification())).rejects.toMatchObject({
        code: 'broker_refused',
        message: expect.stringContaining('x-max-length'),
      });
      await carrier.close();
    });

    it('speaks TLS with a certificate of its own, and trusts only the authority it was given', async () => {
      const [ca, certificate, key] = [certificates.ca, certificates.client.certificate, certificates.client.key].map(
        (file) => readFileSync(file, 'utf8'),
      ) as [string, string, string];
      const good = openCarrier({ url: rabbit.tlsUrl, ...names, tls: { ca, certificate, key } });
      await good.send(aNotification());
      await good.close();
      const watched = openWatched(rabbit.tlsUrl, { ca, certificate, key });
      await until('wake-ups over TLS', () => watched.calls.length > 0);
      await watched.close();

      const withoutCertificate = openCarrier({ url: rabbit.tlsUrl, ...names, tls: { ca } });
      await expect(withoutCertificate.send(aNotification())).rejects.toMatchObject({ code: 'broker_unavailable' });
      await withoutCertificate.close();
      const withoutAuthority = openCarrier({ url: rabbit.tlsUrl, ...names, tls: { certificate, key } });
      await expect(withoutAuthority.send(aNotification())).rejects.toMatchObject({ code: 'broker_unavailable' });
      await withoutAuthority.close();
    });

    it('needs no more rights than the how-to says, and says what is wrong when it has fewer', async () => {
      rabbit.control('add_user', 'wk', 'wk');
      const url = rabbit.url.replace('guest:guest', 'wk:wk');
      const rights = '^(watchkeeper\\..*|amq\\.gen.*)$';
      rabbit.control('set_permissions', 'wk', rights, rights, rights);
      const watched = openWatched(url);
      await until('wake-ups', () => watched.calls.length > 0);
      await watched.close();
      const carrier = openCarrier({ url, ...names });
      await carrier.send(aNotification());
      await carrier.close();
      rabbit.control('set_permissions', 'wk', '^$', '^$', '^$');
      const refused = openCarrier({ url, ...names });
      await expect(refused.send(aNotification())).rejects.toMatchObject({
        code: 'broker_refused',
        message: expect.stringContaining('ACCESS_REFUSED'),
      });
      await refused.close();
    });

    it('refuses an address that is none, without showing it', () => {
      const open = () => amqp.open({ url: 'http://user:secret@somewhere/', ...names }, context);
      expect(open).toThrow(/messages\.amqp\.url/);
      expect(open).not.toThrow(/secret/);
    });
  });
});

type AmqpOptions = Parameters<typeof amqp.open>[0];

function openCarrier(options: AmqpOptions) {
  if (amqp.openCarrier === undefined) throw new Error('amqp brings notifications');
  return amqp.openCarrier(options, context);
}

/** Wake-ups of the topic `rollups`, counted. */
function openWatched(url: string, tls?: AmqpOptions['tls']) {
  const messages = amqp.open({ url, ...names, ...(tls === undefined ? {} : { tls }) }, context);
  const calls: string[] = [];
  messages.subscribe('rollups', () => calls.push('rollups'));
  return { calls, close: () => messages.close() };
}

/** A receiver as somebody outside would write it. */
function receive(url: string, queue: string, binding?: { exchange: string; routingKey: string }) {
  const received: Received[] = [];
  const connection = new Connection({ url, retryLow: 100, retryHigh: 500 });
  connection.on('error', () => undefined);
  const consumer = connection.createConsumer(
    {
      queue,
      queueOptions: { durable: true },
      qos: { prefetchCount: 10 },
      ...(binding === undefined ? {} : { queueBindings: [{ queue, ...binding }] }),
    },
    ({ contentType, routingKey, body }) => {
      received.push({ contentType, key: routingKey, body: (body as Buffer).toString() });
    },
  );
  consumer.on('error', () => undefined);
  return {
    received,
    ready: new Promise<void>((resolve) => consumer.on('ready', resolve)),
    async close() {
      await consumer.close();
      await connection.close();
    },
  };
}
