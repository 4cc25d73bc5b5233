import { deleteMonitors, monitorIds, setMonitorsPaused } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { seedTenant } from '../../../foundation/store/test/seed.ts';
import { type HealthWorld, openHealthWorld, openReceiver, until } from './health-world.ts';

let world: HealthWorld;
let receiver: Awaited<ReturnType<typeof openReceiver>>;
beforeEach(async () => {
  world = await openHealthWorld();
  receiver = await openReceiver();
});
afterEach(async () => {
  await world.close();
  await receiver.close();
});

const stateIs = (service: string, state: string) =>
  until(`${service} to be ${state}`, async () => (await world.serviceState(service))?.state === state);
const told = (count: number) => until(`${count} notifications`, async () => receiver.taken.length >= count);
const story = () =>
  receiver.taken.map(({ kind, alerts }) => [kind, alerts[0]?.previousState, alerts[0]?.state].join(' '));

describe('Who was told of an alert', () => {
  it('hears when it gets better or worse, also of states that it does not ask for, and that it is over', async () => {
    const id = await world.monitor('shop');
    await world.channel(receiver.url, { states: ['failed'] });
    world.startHealth();
    world.startDeliveries();
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
    await world.checked([id, 'failed']);
    await told(1);
    await world.checked([id, 'degraded']);
    await told(2);
    await world.checked([id, 'ok']);
    await told(3);
    expect(story()).toEqual(['opened ok failed', 'changed failed degraded', 'resolved degraded ok']);
  });

  it('hears nothing more of it when it is only the message that changes', async () => {
    const id = await world.monitor('shop');
    await world.channel(receiver.url);
    world.startHealth();
    world.startDeliveries();
    await world.checked([id, 'failed']);
    await told(1);
    await sql`update monitor_states set message = 'answered 500'`.execute(world.store.db);
    await world.messages.publish('monitors');
    await until('the message', async () => (await world.serviceState('shop'))?.message === 'answered 500');
    await world.checked([id, 'ok']);
    await told(2);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(['opened', 'resolved']);
  });

  it('hears after a hold what has changed during it', async () => {
    const [shop, database] = [await world.monitor('shop'), await world.monitor('database')];
    await world.depends('shop', ['database']);
    await world.channel(receiver.url, { services: ['shop'] });
    world.startHealth();
    world.startDeliveries();
    await world.checked([shop, 'failed']);
    await told(1);
    await world.checked([database, 'failed']);
    await until('the hold', async () => (await world.serviceState('shop'))?.held_by === 'database');
    await world.checked([shop, 'degraded']);
    await stateIs('shop', 'degraded');
    expect(receiver.taken.length).toBe(1);
    await world.checked([database, 'ok']);
    await told(2);
    expect(story()[1]).toBe('changed failed degraded');
  });

  it('hears that nobody watches any more when the monitor is paused or deleted', async () => {
    const [shop, search] = [await world.monitor('shop'), await world.monitor('search')];
    await world.channel(receiver.url);
    world.startHealth();
    world.startDeliveries();
    await world.checked([shop, 'failed'], [search, 'failed']);
    await until('two alerts to be told', async () => receiver.taken.flatMap(({ alerts }) => alerts).length === 2);
    await world.store.write((tx) => setMonitorsPaused(tx, monitorIds([shop]), true));
    await world.messages.publish('monitors');
    await until('the end of one', async () => receiver.taken.some(({ kind }) => kind === 'resolved'));
    expect(receiver.taken.at(-1)?.title).toBe('shop in production is no longer watched');
    await world.store.write((tx) => deleteMonitors(tx, monitorIds([search])));
    await world.messages.publish('monitors');
    await until('the end of the other', async () => receiver.taken.at(-1)?.title.startsWith('search'));
    expect(receiver.taken.at(-1)?.title).toBe('search in production is no longer watched');
    expect(await world.serviceState('search')).toBeUndefined();
  });

  it('is not told of the end when it does not want to', async () => {
    const id = await world.monitor('shop');
    await world.channel(receiver.url, { resolved: false });
    world.startHealth();
    world.startDeliveries();
    await world.checked([id, 'failed']);
    await told(1);
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
    expect((await world.alerts())[0]?.deliveries.length).toBe(1);
  });
});

describe('States', () => {
  it('are not moved by events that another tenant sends about somebody else’s monitor', async () => {
    const id = await world.monitor('shop');
    await seedTenant(world.store.db, 7);
    const health = world.startHealth();
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
    const { epoch } = await world.eventLog.openProducer('stranger');
    const series = aSeries({ source: id, zone: 'fra', tenant: 'tenant-7' });
    const events = [anEvent({ series, outcome: 'failed', timeUs: Date.now() * 1000 })];
    await world.eventLog.append({ producer: 'stranger', epoch, firstSeq: 1, events });
    await until('the event', async () => health.stats().verdicts === 2);
    expect((await world.serviceState('shop'))?.state).toBe('ok');
    expect(health.stats().changes).toBe(1);
  });

  it('are not moved by results from a zone that is not watched from any more', async () => {
    const id = await world.monitor('shop', { zones: ['fra'] });
    const health = world.startHealth();
    await world.checked([id, 'ok'], [id, 'failed', 'ams']);
    await until('the results', async () => health.stats().verdicts === 2);
    expect((await world.serviceState('shop'))?.state).toBe('ok');
  });

  it('are taken over by another process where the first one stopped', async () => {
    const id = await world.monitor('shop');
    const first = world.startHealth();
    await until('the first process', async () => first.stats().partitions.length === 1);
    const second = world.startHealth();
    await world.checked([id, 'ok'], [id, 'failed']);
    await stateIs('shop', 'failed');
    await first.drain();
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
    expect([first.stats().verdicts, second.stats().verdicts]).toEqual([2, 1]);
    expect((await world.alerts()).map(({ resolvedAt }) => resolvedAt !== null)).toEqual([true]);
  });
});
