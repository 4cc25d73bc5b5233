import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CloudEvent, type NotificationType, notificationCatalogue } from '@watchkeeper/model';
import { Connection } from 'rabbitmq-client';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RabbitMq, startRabbitMq } from '../scripts/servers/rabbitmq.ts';
import { freePort, RunningServer, until } from './running-server.ts';

const missing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').includes('rabbitmq-server');

/** A program outside hears of everything by RabbitMQ, also of what happened while RabbitMQ was away. */
describe.skipIf(missing)('A bus that is connected', () => {
  let rabbit: RabbitMq;
  let server: RunningServer;
  let target: Server | undefined;
  let bus: Connection;
  const folder = mkdtempSync(join(tmpdir(), 'wk-bus-'));
  const received: CloudEvent[] = [];
  const types = () => received.map(({ type }) => type);
  let port = 0;

  beforeAll(async () => {
    rabbit = await startRabbitMq();
    port = await freePort();
    writeFileSync(join(folder, 'url'), `${rabbit.url}\n`);
    writeFileSync(
      join(folder, 'settings.yaml'),
      `messages:\n  driver: amqp\n  source: https://watch.example.org\n  amqp: { url: 'file:${join(folder, 'url')}' }\n`,
    );
    server = await RunningServer.start('--config', join(folder, 'settings.yaml'));
    bus = new Connection({ url: rabbit.url, retryLow: 100, retryHigh: 500 });
    bus.on('error', () => undefined);
    bus
      .createConsumer(
        { queue: 'watchkeeper.notifications', queueOptions: { durable: true }, qos: { prefetchCount: 20 } },
        ({ body }) => void received.push(JSON.parse(String(body)) as CloudEvent),
      )
      .on('error', () => undefined);
  });
  afterAll(async () => {
    await server?.close();
    target?.close();
    bus?.unsafeDestroy();
    await rabbit?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const metric = async (name: string) => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(new RegExp(`^watchkeeper_${name} (.+)$`, 'm').exec(text)?.[1]);
  };

  it('hears of a monitor that somebody makes, and of what breaks', async () => {
    const monitor = { name: 'Front door', service: 'shop', environment: 'production', type: 'tcp', interval: '1s' };
    const made = await fetch(`${server.url}/api/v1/monitors`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...monitor, options: { host: '127.0.0.1', port } }),
    });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    await until('the alert on the bus', async () => types().includes('watchkeeper.alert.opened'));
    const told = received.find(({ type, data }) => type === 'watchkeeper.object.changed' && data.kind === 'monitor');
    expect(told).toMatchObject({
      source: 'https://watch.example.org/tenants/default',
      subject: `monitors/${id}`,
      data: { name: 'Front door', id, change: 'created', actor: expect.stringContaining('local administrator') },
    });
    expect(received.find(({ type }) => type === 'watchkeeper.monitor.state.changed')?.data).toMatchObject({
      monitor: { id, name: 'Front door' },
      state: 'failed',
      reason: 'connect_refused',
    });
    expect(types()).toContain('watchkeeper.service.state.changed');
  });

  it('hears later of what happened while it was away, and nothing is lost', async () => {
    await rabbit.kill();
    target = createServer((socket) => socket.end());
    await new Promise<void>((done) => target?.listen(port, '127.0.0.1', done));
    await until('the alert to end', async () => {
      const { items } = await server.api<{ items: { resolvedAt: string | null }[] }>('/api/v1/alerts');
      return items.length === 1 && items[0]?.resolvedAt !== null;
    });
    expect(await metric('notifications_waiting')).toBeGreaterThan(0);
    await rabbit.start();
    await until('the end of the alert on the bus', async () => types().includes('watchkeeper.alert.resolved'));
    await until('an empty outbox', async () => (await metric('notifications_waiting')) === 0);
    // Each was delivered once as the outbox counts, and what came again came under the same identifier.
    const once = new Map(received.map((event) => [event.id, event]));
    expect(await metric('notifications_delivered_total')).toBe(once.size);
    for (const event of received) expect(event).toEqual(once.get(event.id));
    for (const { type, data } of received)
      expect(Check(notificationCatalogue[type as NotificationType].data, data), JSON.stringify(data)).toBe(true);
    const alert = [...once.values()].filter(({ type }) => type.startsWith('watchkeeper.alert.'));
    expect(alert.map(({ type }) => type)).toEqual(['watchkeeper.alert.opened', 'watchkeeper.alert.resolved']);
  });
});
