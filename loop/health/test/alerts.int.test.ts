import { monitorIds, setMonitorsPaused } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
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

describe('When a service breaks', () => {
  it('the channel hears of it with place, reason and monitors, and again when it is over', async () => {
    const id = await world.monitor('shop', { zones: ['fra', 'ams'] });
    await world.channel(receiver.url);
    world.startHealth();
    world.startDeliveries();
    await world.checked([id, 'ok'], [id, 'ok', 'ams'], [id, 'failed']);
    await told(1);
    expect(receiver.taken[0]).toMatchObject({
      version: 1,
      kind: 'opened',
      title: 'shop in production has failed',
      link: 'http://wk.test/',
      alerts: [
        { service: 'shop', environment: 'production', state: 'failed', message: 'answered 503', monitors: [{ id }] },
      ],
    });
    expect(receiver.taken[0]?.alerts[0]?.zones).toEqual([
      { zone: 'ams', state: 'ok' },
      { zone: 'fra', state: 'failed' },
    ]);
    await world.checked([id, 'ok']);
    await told(2);
    expect(receiver.taken[1]).toMatchObject({ kind: 'resolved', title: 'shop in production is OK again' });
    // The receiver has it a moment before the row says so.
    const alert = await until('both deliveries to be noted', async () => {
      const [found] = await world.alerts();
      return found?.deliveries.every(({ delivered_at }) => delivered_at !== null) && found;
    });
    expect(alert.resolvedAt).not.toBeNull();
    expect(alert.deliveries.map(({ kind }) => kind)).toEqual(['opened', 'resolved']);
  });

  it('the end of an alert survives a restart in between', async () => {
    const id = await world.monitor('shop');
    await world.channel(receiver.url);
    world.startHealth();
    world.startDeliveries();
    await world.checked([id, 'failed']);
    await told(1);
    await world.stopAll();
    await world.checked([id, 'failed'], [id, 'ok']);
    world.startHealth();
    world.startDeliveries();
    await told(2);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(['opened', 'resolved']);
    expect((await world.alerts()).length).toBe(1);
  });

  it('what is over before the group wait ends is told to nobody', async () => {
    const id = await world.monitor('shop');
    await world.channel(receiver.url, { groupWaitMs: 60_000 });
    world.startHealth();
    world.startDeliveries();
    await world.checked([id, 'failed'], [id, 'ok'], [id, 'failed'], [id, 'ok']);
    await stateIs('shop', 'ok');
    const { rows } = await sql`select from alert_deliveries`.execute(world.store.db);
    expect(rows.length).toBe(0);
  });

  it('several that break together are told in one notification', async () => {
    const [a, b] = [await world.monitor('shop'), await world.monitor('search')];
    await world.channel(receiver.url, { groupWaitMs: 400 });
    world.startHealth();
    world.startDeliveries();
    await world.checked([a, 'failed'], [b, 'failed']);
    await told(1);
    expect(receiver.taken[0]?.alerts.map(({ service }) => service).sort()).toEqual(['search', 'shop']);
    expect(receiver.taken[0]?.title).toContain('2 services are not well');
  });

  it('a receiver that is down is told when it is up, the beginning before the end', async () => {
    const id = await world.monitor('shop');
    await world.channel(receiver.url);
    receiver.answers.push(503);
    world.startHealth();
    const deliveries = world.startDeliveries();
    await world.checked([id, 'failed']);
    await until('a failed attempt', async () => deliveries.stats().failedAttempts === 1);
    await world.checked([id, 'ok']);
    await told(2);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(['opened', 'resolved']);
    const [alert] = await world.alerts();
    expect(alert?.deliveries[0]).toMatchObject({ attempts: 2, last_error: null });
  });

  it('a receiver that refuses for good is not asked again, and the reason is kept', async () => {
    const id = await world.monitor('shop');
    await world.channel(receiver.url);
    receiver.answers.push(410);
    world.startHealth();
    const deliveries = world.startDeliveries();
    await world.checked([id, 'failed']);
    await until('giving up', async () => deliveries.stats().givenUp === 1);
    const [alert] = await world.alerts();
    expect(alert?.deliveries[0]?.given_up_at).not.toBeNull();
    expect(alert?.deliveries[0]?.last_error).toContain('410');
  });

  it('only channels that want the state, the environment and the service are told', async () => {
    const id = await world.monitor('shop');
    await world.channel(receiver.url, { name: 'other-service', services: ['search'] });
    await world.channel(receiver.url, { name: 'other-environment', environments: ['staging'] });
    await world.channel(receiver.url, { name: 'other-state', states: ['unknown'] });
    await world.channel(receiver.url, { name: 'paused', paused: true });
    await world.channel(receiver.url, {
      name: 'right',
      states: ['degraded', 'failed'],
      services: ['shop'],
      environments: ['production'],
    });
    world.startHealth();
    await world.checked([id, 'degraded']);
    await stateIs('shop', 'degraded');
    await world.checked([id, 'failed']);
    await stateIs('shop', 'failed');
    const [alert] = await world.alerts();
    expect([...new Set(alert?.deliveries.map(({ channel }) => channel))]).toEqual(['right']);
  });

  it('what suffers from another service is held, and told when it lasts longer than its cause', async () => {
    const [shop, database] = [await world.monitor('shop'), await world.monitor('database')];
    await world.depends('shop', ['database']);
    await world.channel(receiver.url);
    world.startHealth();
    world.startDeliveries();
    await world.checked([database, 'failed'], [shop, 'failed']);
    await until('the hold', async () => (await world.serviceState('shop'))?.held_by === 'database');
    await told(1);
    expect(receiver.taken[0]?.alerts.map(({ service }) => service)).toEqual(['database']);
    await world.checked([database, 'ok']);
    await told(3);
    const kinds = receiver.taken
      .slice(1)
      .map(({ kind, alerts }) => `${kind} ${alerts.map(({ service }) => service).join()}`);
    expect(kinds.sort()).toEqual(['opened shop', 'resolved database']);
  });
});

describe('What no event tells', () => {
  it('a monitor that falls silent has no data, and is OK with the next result', async () => {
    const id = await world.monitor('shop', { intervalMs: 100 });
    world.startHealth();
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
    await stateIs('shop', 'unknown');
    expect((await world.serviceState('shop'))?.message).toContain('no result since');
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
  });

  it('a new monitor has no data yet, which is nobody’s alert', async () => {
    await world.monitor('shop');
    world.startHealth();
    await stateIs('shop', 'unknown');
    expect(await world.alerts()).toEqual([]);
  });

  it('a paused monitor is paused at once and ends its alert', async () => {
    const id = await world.monitor('shop');
    world.startHealth();
    await world.checked([id, 'failed']);
    await stateIs('shop', 'failed');
    await world.store.write((tx) => setMonitorsPaused(tx, monitorIds([id]), true));
    await world.messages.publish('monitors');
    await stateIs('shop', 'paused');
    expect((await world.alerts())[0]?.resolvedAt).not.toBeNull();
  });

  it('results that come late or twice do not bring an old state back', async () => {
    const id = await world.monitor('shop');
    const health = world.startHealth();
    await world.checked([id, 'failed'], [id, 'ok']);
    await stateIs('shop', 'ok');
    const { epoch } = await world.eventLog.openProducer('late');
    const late = anEvent({
      series: aSeries({ source: id, zone: 'fra' }),
      outcome: 'failed',
      timeUs: Date.now() * 1000 - 3_600_000_000,
    });
    await world.eventLog.append({ producer: 'late', epoch, firstSeq: 1, events: [late] });
    await until('the late result', async () => health.stats().verdicts === 3);
    expect((await world.serviceState('shop'))?.state).toBe('ok');
  });

  it('a check that somebody asked for by hand judges nothing', async () => {
    const id = await world.monitor('shop');
    const health = world.startHealth();
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
    const { epoch } = await world.eventLog.openProducer('hand');
    const series = aSeries({ source: id, zone: 'fra', attributes: { type: 'http', trigger: 'manual' } });
    await world.eventLog.append({
      producer: 'hand',
      epoch,
      firstSeq: 1,
      events: [anEvent({ series, outcome: 'failed', timeUs: Date.now() * 1000 })],
    });
    await world.checked([id, 'ok']);
    await until('the next result', async () => health.stats().verdicts === 2);
    expect((await world.serviceState('shop'))?.state).toBe('ok');
  });
});
