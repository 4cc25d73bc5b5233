import { monitorIds, readStaleStates, setMonitorsPaused } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { type HealthWorld, openHealthWorld, until } from './health-world.ts';

let world: HealthWorld;
beforeEach(async () => {
  world = await openHealthWorld();
});
afterEach(() => world.close());

const stateIs = (service: string, state: string) =>
  until(`${service} to be ${state}`, async () => (await world.serviceState(service))?.state === state);
/** Moves everything that has happened to monitors into the past. */
const letTimePass = (interval: string) =>
  sql`with moved as (update monitors set updated_at = updated_at - ${interval}::interval)
    update monitor_states set last_reported_at = last_reported_at - ${interval}::interval,
      last_checked_at = last_checked_at - ${interval}::interval`.execute(world.store.db);
const stale = async (notBefore = new Date(0)) =>
  (await readStaleStates(world.store.db, { notBefore, reader: 'health' })).map(({ monitorId, state }) => [
    monitorId,
    state,
  ]);

describe('Silence', () => {
  it('is two and a half intervals and the timeout without a result', async () => {
    const id = await world.monitor('shop', { intervalMs: 30_000 });
    const health = world.startHealth();
    await world.checked([id, 'ok']);
    await until('the result', async () => health.stats().verdicts === 1);
    await world.stopAll();
    await letTimePass('74 seconds');
    expect(await stale()).toEqual([]);
    await letTimePass('2 seconds');
    expect(await stale()).toEqual([[id, 'unknown']]);
  });

  it('does not count while nobody looked: a start after a long stop raises no alarm', async () => {
    const id = await world.monitor('shop');
    world.startHealth();
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
    await world.stopAll();
    await letTimePass('3 days');
    expect(await stale()).toEqual([[id, 'unknown']]);
    const other = await world.monitor('other');
    world.startHealth();
    await world.checked([other, 'ok']);
    await stateIs('other', 'ok');
    expect((await world.serviceState('shop'))?.state).toBe('ok');
    expect(await world.alerts()).toEqual([]);
  });

  it('does not count for what the log has taken and nobody has judged yet', async () => {
    const id = await world.monitor('shop');
    const health = world.startHealth();
    await world.checked([id, 'ok']);
    await until('the result', async () => health.stats().verdicts === 1);
    await world.stopAll();
    await letTimePass('1 hour');
    await sql`update reader_positions set received_at = received_at - interval '1 hour'`.execute(world.store.db);
    expect(await stale()).toEqual([[id, 'unknown']]);
    await world.checked([id, 'ok']);
    expect(await stale()).toEqual([]);
  });

  it('begins anew when the monitor is changed: the new interval has had no chance yet', async () => {
    const id = await world.monitor('shop', { intervalMs: 86_400_000 });
    const health = world.startHealth();
    await world.checked([id, 'ok']);
    await until('the result', async () => health.stats().verdicts === 1);
    await world.stopAll();
    await letTimePass('1 hour');
    await sql`update monitors set interval_ms = 10000, updated_at = now()`.execute(world.store.db);
    expect(await stale()).toEqual([]);
    await letTimePass('1 minute');
    expect(await stale()).toEqual([[id, 'unknown']]);
  });

  it('is measured by one clock: a zone whose clock is late is not silent', async () => {
    const id = await world.monitor('shop');
    const health = world.startHealth();
    const { epoch } = await world.eventLog.openProducer('late-zone');
    const event = anEvent({
      series: aSeries({ source: id, zone: 'fra' }),
      timeUs: (Date.now() - 3_600_000) * 1000,
    });
    await world.eventLog.append({ producer: 'late-zone', epoch, firstSeq: 1, events: [event] });
    await until('the result', async () => health.stats().verdicts === 1);
    expect(await stale()).toEqual([]);
  });

  it('from the beginning is silence too: a monitor that nobody checks raises an alert', async () => {
    await world.monitor('shop', { intervalMs: 100 });
    world.startHealth();
    await until('the alert', async () => (await world.alerts()).length === 1);
    expect(await world.serviceState('shop')).toMatchObject({ state: 'unknown', message: 'no result yet' });
  });
});

describe('Nobody knows yet', () => {
  it('when a monitor joins a service that is well, and that is no alert', async () => {
    const id = await world.monitor('shop');
    world.startHealth();
    await world.checked([id, 'ok']);
    await stateIs('shop', 'ok');
    const second = await world.monitor('shop');
    await world.messages.publish('monitors');
    await stateIs('shop', 'unknown');
    expect(await world.alerts()).toEqual([]);
    await world.checked([second, 'ok']);
    await stateIs('shop', 'ok');
  });

  it('when a paused monitor is started again, and that is no alert', async () => {
    const ids = [await world.monitor('shop'), await world.monitor('shop')] as const;
    world.startHealth();
    await world.checked([ids[0], 'ok'], [ids[1], 'ok']);
    await stateIs('shop', 'ok');
    await pause(ids[1], true);
    await until('the pause', async () => (await zoneState(ids[1])) === 'paused');
    await pause(ids[1], false);
    await stateIs('shop', 'unknown');
    expect(await world.alerts()).toEqual([]);
  });

  it('while an alert is open: it stays open until a result says that all is well', async () => {
    const ids = [await world.monitor('shop'), await world.monitor('shop')] as const;
    world.startHealth();
    await world.checked([ids[0], 'failed']);
    await stateIs('shop', 'failed');
    await world.checked([ids[0], 'ok']);
    await stateIs('shop', 'unknown');
    expect(await world.alerts()).toMatchObject([{ state: 'failed', resolvedAt: null }]);
    await world.checked([ids[1], 'ok']);
    await stateIs('shop', 'ok');
    expect((await world.alerts())[0]?.resolvedAt).not.toBeNull();
  });

  async function pause(id: string, paused: boolean) {
    await world.store.write((tx) => setMonitorsPaused(tx, monitorIds([id]), paused));
    await world.messages.publish('monitors');
  }
  async function zoneState(id: string) {
    const { rows } = await sql<{ state: string }>`select state from monitor_states where monitor_id = ${id}`.execute(
      world.store.db,
    );
    return rows[0]?.state;
  }
});
