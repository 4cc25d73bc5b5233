import {
  claimNotifications,
  deleteAlertChannel,
  insertDelivery,
  type NewDelivery,
  openAlert,
  untilNextDelivery,
} from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HealthWorld, openHealthWorld, until } from './health-world.ts';
import { openRecorder, type Recorder } from './recorder.ts';

let world: HealthWorld;
const recorders: Recorder[] = [];
beforeEach(async () => {
  world = await openHealthWorld();
});
afterEach(async () => {
  // Receivers first: a sender finishes what it is sending.
  for (const recorder of recorders.splice(0)) await recorder.close();
  await world.close();
});

async function record(...args: Parameters<typeof openRecorder>): Promise<Recorder> {
  const recorder = await openRecorder(...args);
  recorders.push(recorder);
  return recorder;
}

/** An alert of a service with one delivery that waits; returns the alert's identifier. */
async function alertOf(service: string, over: Partial<NewDelivery> = {}): Promise<string> {
  return world.store.write(async (tx) => {
    const content = { state: 'failed', reason: null, message: 'answered 503', heldBy: null } as const;
    const place = { service, environment: 'production', openedUs: Date.now() * 1000 };
    const alertId = await openAlert(tx, 1, { ...content, ...place });
    await deliverTo(tx, alertId, over);
    return alertId;
  });
}
type Tx = Parameters<typeof insertDelivery>[0];
const deliverTo = (tx: Tx, alertId: string, over: Partial<NewDelivery> = {}) =>
  insertDelivery(tx, 1, {
    ...{ alertId, channel: 'hook', kind: 'opened', state: 'failed', previousState: 'ok', waitMs: 0 },
    ...over,
  });
/** Adds one more delivery about an alert. */
const alsoTell = (alertId: string, over: Partial<NewDelivery>) =>
  world.store.write((tx) => deliverTo(tx, alertId, over));
const claim = () => claimNotifications(world.store.db, { limit: 100, claimSeconds: 30 });
const lastErrors = async () => {
  const alerts = await world.alerts();
  return alerts.flatMap(({ deliveries }) => deliveries.map(({ last_error: error }) => error));
};

describe('The outbox', () => {
  it('sends with what is due also what waits for more of the same', async () => {
    const hook = await record();
    await world.channel(hook.url);
    await alertOf('shop', { waitMs: 200 });
    await alertOf('search', { waitMs: 60_000 });
    world.startDeliveries();
    await until('the notification', async () => hook.requests.length === 1);
    expect(hook.requests[0]?.body.alerts.map(({ service }) => service)).toEqual(['search', 'shop']);
  });

  it('sends a notification that was refused again as the same one, whatever came in meanwhile', async () => {
    let refusals = 1;
    const hook = await record((response) => response.writeHead(refusals-- > 0 ? 503 : 204).end());
    await world.channel(hook.url);
    await alertOf('shop');
    const deliveries = world.startDeliveries();
    await until('the refusal', async () => deliveries.stats().failedAttempts === 1);
    await alertOf('search');
    await world.messages.publish('alerts');
    await until('all of it', async () => deliveries.stats().delivered === 2);
    const told = hook.requests.map(({ body }) => body.alerts.map(({ service }) => service).join());
    expect(told.sort()).toEqual(['search', 'shop', 'shop']);
    const identifiersOf = (service: string) =>
      hook.requests
        .filter(({ body }) => body.alerts[0]?.service === service)
        .map(({ headers }) => headers['x-watchkeeper-delivery']);
    expect(new Set(identifiersOf('shop')).size).toBe(1);
    expect(identifiersOf('search')).not.toContain(identifiersOf('shop')[0]);
  });

  it('does not wake for what stands behind a delivery that is tried again later', async () => {
    const alertId = await alertOf('shop');
    await alsoTell(alertId, { kind: 'resolved', state: 'ok' });
    expect((await claim()).length).toBe(1);
    // The end is due now, but the beginning is claimed for half a minute.
    expect(await claim()).toEqual([]);
    expect(await untilNextDelivery(world.store.db)).toBeGreaterThan(20_000);
  });

  it('claims what a dead sender left as the same notification, when its claim has run out', async () => {
    await alertOf('shop');
    const [notification] = await claim();
    await sql`update alert_deliveries set claimed_until = now() - interval '1 second'`.execute(world.store.db);
    await alertOf('search');
    const again = await claim();
    expect(again.length).toBe(2);
    expect(again).toContain(notification);
  });

  it('does not let one receiver that hangs delay another', async () => {
    const hanging = await record(() => {});
    const hook = await record();
    await world.channel(hanging.url, { name: 'hanging' });
    await world.channel(hook.url);
    await alertOf('shop', { channel: 'hanging' });
    const deliveries = world.startDeliveries();
    await until('the first attempt', async () => hanging.requests.length === 1);
    await alertOf('search');
    await world.messages.publish('alerts');
    await until('the other notification', async () => hook.requests.length === 1);
    // The first one is still under way.
    expect(deliveries.stats()).toMatchObject({ failedAttempts: 0, lastError: null });
  });

  it('gives up what is older than a day', async () => {
    const hook = await record((response) => response.writeHead(503).end());
    await world.channel(hook.url);
    await alertOf('shop');
    await sql`update alert_deliveries set created_at = now() - interval '25 hours'`.execute(world.store.db);
    const deliveries = world.startDeliveries();
    await until('giving up', async () => deliveries.stats().givenUp === 1);
    expect(await untilNextDelivery(world.store.db)).toBeNull();
    expect(await lastErrors()).toEqual([expect.stringContaining('answered 503')]);
  });

  it('keeps what a receiver says as one line, whatever bytes it sends', async () => {
    const hook = await record((response) => response.writeHead(410).end(`gone\0\n\n${'away '.repeat(500)}`));
    await world.channel(hook.url);
    await alertOf('shop');
    const deliveries = world.startDeliveries();
    await until('giving up', async () => deliveries.stats().givenUp === 1);
    const [error] = await lastErrors();
    expect(error).toContain('answered 410: gone away');
    expect(error?.length).toBeLessThanOrEqual(500);
  });

  it('tells nothing more to a channel that was paused or deleted, and says so', async () => {
    const hook = await record();
    await world.channel(hook.url, { paused: true });
    await world.channel(hook.url, { name: 'old' });
    await alertOf('shop');
    await alertOf('search', { channel: 'old' });
    await world.store.write((tx) => deleteAlertChannel(tx, 1, 'old'));
    const deliveries = world.startDeliveries();
    await until('giving up', async () => deliveries.stats().givenUp === 1);
    expect((await lastErrors()).sort()).toEqual(['the channel is paused', 'the channel was deleted']);
    expect(hook.requests).toEqual([]);
  });

  it('is emptied by two senders together without telling anything twice', async () => {
    const hook = await record();
    await world.channel(hook.url);
    const services = Array.from({ length: 30 }, (_, index) => `service-${index}`);
    for (const service of services) await alertOf(service);
    const senders = [world.startDeliveries(), world.startDeliveries()];
    await until('everything', async () => (await untilNextDelivery(world.store.db)) === null);
    const told = hook.requests.flatMap(({ body }) => body.alerts.map(({ service }) => service));
    expect(told.sort()).toEqual(services.sort());
    expect(senders.reduce((sum, sender) => sum + sender.stats().delivered, 0)).toBe(30);
  });
});
