import { systemClock } from '@watchkeeper/kit';
import type { CloudEvent } from '@watchkeeper/model';
import { defaultTenantId, noteNotification, openStore, readOutgoingFigures } from '@watchkeeper/store';
import { sql } from 'kysely';
import { Connection } from 'rabbitmq-client';
import { describe, expect, it } from 'vitest';
import { startRabbitMq } from '../../../../scripts/servers/rabbitmq.ts';
import { createTestDatabase } from '../../../store/test/test-database.ts';
import amqp from '../../src/drivers/amqp.ts';
import { startNotifier } from '../../src/index.ts';
import { isMissing, logger, until } from '../messages-world.ts';

const names = { wakeExchange: 'watchkeeper.wake', exchange: 'watchkeeper.notifications' };
const queue = 'watchkeeper.notifications';

describe.skipIf(isMissing('rabbitmq-server'))('A RabbitMQ that is killed and started again', () => {
  it('has all notifications in the end, repetitions under the same identifier, each subject in order', async () => {
    const [database, rabbit] = [await createTestDatabase(), await startRabbitMq()];
    const store = openStore({ connection: database.connection, notesNotifications: true });
    const context = { store, clock: systemClock, logger };
    const options = { url: rabbit.url, ...names, queue };
    const notifiers = [1, 2].map(() => {
      const messages = amqp.open(options, context);
      const carrier = amqp.openCarrier?.(options, context);
      if (carrier === undefined) throw new Error('amqp brings notifications');
      const notifier = startNotifier({ ...context, messages, carrier, source: '/test' });
      return {
        notifier,
        async close() {
          await notifier.drain();
          await carrier.close();
          await messages.close();
        },
      };
    });
    try {
      let noted = 0;
      // Twenty subjects; numbers rise within each.
      const note = (count: number) =>
        store.write(async (tx) => {
          for (const end = noted + count; noted < end; noted++) {
            const subject = `services/s${noted % 20}`;
            const data = { kind: 'service', name: subject, id: null, change: 'changed', actor: String(noted) };
            await noteNotification(tx, {
              tenantId: defaultTenantId,
              type: 'watchkeeper.object.changed',
              subject,
              data,
            });
          }
        });
      const delivered = () => notifiers.reduce((sum, { notifier }) => sum + notifier.stats().delivered, 0);
      for (let round = 0; round < 2; round++) {
        await note(300);
        // In the midst of it.
        await until('some of them', () => delivered() >= noted - 200);
        await rabbit.kill();
        await note(100);
        await rabbit.start();
      }
      await until('an empty outbox', async () => (await readOutgoingFigures(store.db)).waiting === 0, 90_000);

      const received = await receiveAll(rabbit.url, noted);
      const ids = new Map(received.map(({ id, data }) => [id, Number(data.actor)]));
      expect(ids.size).toBe(noted);
      expect(new Set(ids.values()).size).toBe(noted);
      const { rows } = await sql<{ id: string }>`select id from notifications`.execute(store.db);
      expect(new Set(ids.keys())).toEqual(new Set(rows.map(({ id }) => id)));
      for (const event of received) expect(Number(event.data.actor)).toBe(ids.get(event.id));
      // Firsts of each subject, in order.
      const seen = new Set<string>();
      const last = new Map<string, number>();
      for (const { id, subject, data } of received) {
        if (seen.has(id)) continue;
        seen.add(id);
        expect(Number(data.actor)).toBeGreaterThan(last.get(subject) ?? -1);
        last.set(subject, Number(data.actor));
      }
    } finally {
      await Promise.all(notifiers.map((one) => one.close()));
      await store.close();
      await rabbit.stop();
      await database.drop();
    }
  });
});

/** Takes everything out of the queue, which holds so many different ones at least. */
async function receiveAll(url: string, count: number): Promise<CloudEvent[]> {
  const received: CloudEvent[] = [];
  const queueOptions = { durable: true };
  const connection = new Connection(url);
  const consumer = connection.createConsumer({ queue, queueOptions, qos: { prefetchCount: 50 } }, ({ body }) => {
    received.push(JSON.parse(String(body)) as CloudEvent);
  });
  await until('all of them', () => new Set(received.map(({ id }) => id)).size >= count);
  await consumer.close();
  await connection.close();
  return received;
}
