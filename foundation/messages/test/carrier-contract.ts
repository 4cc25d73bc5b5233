import { type CloudEvent, cloudEventContentType } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Carrier } from '../src/index.ts';
import { aNotification, until } from './messages-world.ts';

/** A message as a receiver gets it. */
export interface Received {
  readonly contentType: string | undefined;
  /** Routing key or record key. */
  readonly key: string | undefined;
  readonly body: string;
}

export interface CarrierUnderTest {
  open(): Carrier;
  /** Everything that has arrived since the start, in order. */
  received(): readonly Received[];
  /** What the key of a notification is with this broker. */
  keyOf(notification: CloudEvent): string;
  /** Ends the broker at once. */
  kill(): Promise<void>;
  /** Starts it again; receivers come back by themselves. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** What every message driver promises of notifications. */
export function describeCarrierContract(name: string, prepare: () => Promise<CarrierUnderTest>): void {
  describe(`notifications: ${name}`, () => {
    let under: CarrierUnderTest;
    let carrier: Carrier;
    beforeAll(async () => {
      under = await prepare();
      carrier = under.open();
    });
    afterAll(async () => {
      await carrier?.close();
      await under?.close();
    });

    const bodies = () => under.received().map(({ body }) => JSON.parse(body) as CloudEvent);
    const arrived = (id: string) =>
      until(`notification ${id}`, () => bodies().some((event) => event.id === id), 60_000);

    it('arrive as CloudEvents in structured JSON, with their content type and key', async () => {
      const notification = aNotification({ type: 'watchkeeper.alert.opened', subject: 'alerts/1' });
      await carrier.send(notification);
      await arrived(notification.id);
      const [received] = under.received().filter(({ body }) => body.includes(notification.id));
      expect(received?.contentType).toBe(cloudEventContentType);
      expect(received?.key).toBe(under.keyOf(notification));
      expect(JSON.parse(received?.body ?? '')).toEqual(notification);
    });

    it('arrive once each when many are sent side by side', async () => {
      const many = Array.from({ length: 200 }, (_, index) => aNotification({ subject: `services/s${index % 7}` }));
      await Promise.all(many.map((notification) => carrier.send(notification)));
      await Promise.all(many.map(({ id }) => arrived(id)));
      const wanted = new Set(many.map(({ id }) => id));
      expect(bodies().filter(({ id }) => wanted.has(id))).toHaveLength(200);
    });

    it('are refused while the broker is away, and taken when it is back; what was taken has survived', async () => {
      const kept = aNotification();
      await carrier.send(kept);
      await under.kill();
      const early = aNotification();
      await expect(carrier.send(early)).rejects.toMatchObject({ code: 'broker_unavailable' });
      await under.restart();
      await until(
        'the broker to take notifications again',
        async () => {
          try {
            await carrier.send(early);
            return true;
          } catch {
            // It is not ready yet.
            return false;
          }
        },
        60_000,
      );
      await arrived(early.id);
      await arrived(kept.id);
    });

    it('are refused once the way is closed', async () => {
      const closed = under.open();
      await closed.close();
      await closed.close();
      await expect(closed.send(aNotification())).rejects.toMatchObject({ code: 'broker_unavailable' });
    });
  });
}
