import { dropOldEventPartitions } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import type { PlainEvent } from '../src/plain-event.ts';
import { type HttpTarget, openHttpTarget } from './http-target.ts';
import { aSink, openSinkWorld, type SinkWorld, until } from './sink-world.ts';

let world: SinkWorld;
let target: HttpTarget;
beforeEach(async () => {
  world = await openSinkWorld();
  target = await openHttpTarget();
});
afterEach(async () => {
  await world.close();
  await target.close();
});

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, place) =>
    anEvent({ values: [from + place], timeUs: 1_700_000_000_000_000 + place }),
  );
const webhook = (over = {}) => aSink({ type: 'webhook', options: { url: target.url, headers: {} }, ...over });
const eventsIn = () =>
  target.taken.flatMap(({ body }) => (JSON.parse(body.toString()) as { events: PlainEvent[] }).events);
const valuesIn = () => eventsIn().map(({ values }) => values.durationMs as number);

describe('A sink', () => {
  it('forwards every event of its tenant once, in the order of the log, also those from before it was made', async () => {
    await world.append(numbered(0, 250), 'a');
    await world.append(numbered(1000, 50), 'b');
    await world.append([anEvent({ series: aSeries({ tenant: 'other' }) })], 'c');
    await world.put(webhook());
    world.start();
    const progress = await world.allForwarded();
    expect(progress).toMatchObject({ forwarded: 300, refused: 0, skipped: 0, lagMs: 0, lastError: null });
    expect(valuesIn().filter((value) => value < 1000)).toEqual(Array.from({ length: 250 }, (_, place) => place));
    expect(valuesIn().filter((value) => value >= 1000)).toEqual(Array.from({ length: 50 }, (_, place) => 1000 + place));
    await world.append(numbered(250, 5), 'a');
    await until('the new ones', () => valuesIn().length === 305);
  });

  it('that begins now leaves out what was there before', async () => {
    await world.append(numbered(0, 10));
    await world.put(webhook({ begin: 'now' }));
    world.start();
    await world.append(numbered(10, 3));
    await until('the new ones', () => valuesIn().length > 0);
    await world.allForwarded();
    expect(valuesIn()).toEqual([10, 11, 12]);
  });

  it('takes events by name, by the beginning of a name, by attribute and by outcome', async () => {
    const named = (name: string, over = {}) => anEvent({ series: aSeries({ name }), ...over });
    await world.append([
      named('openstack.api'),
      named('openstack.nova'),
      named('monitor.checked'),
      named('openstack.api', { outcome: 'failed', reason: 'timeout' }),
      anEvent({ series: aSeries({ name: 'openstack.api', attributes: { status: '500' } }) }),
    ]);
    await world.put(
      webhook({ events: { names: ['openstack.*'], where: { status: ['200'], outcome: ['ok'], service: ['shop'] } } }),
    );
    world.start();
    await world.allForwarded();
    expect(eventsIn().map(({ name }) => name)).toEqual(['openstack.api', 'openstack.nova']);
  });

  it('gives names and labels as its mapping says', async () => {
    await world.append([anEvent({ outcome: 'failed', reason: 'status' })]);
    const mapping = {
      name: 'api.{service}.{status}.{absent}',
      keep: ['environment', 'status'],
      rename: { environment: 'cloud', durationMs: 'ms' },
    };
    await world.put(webhook({ mapping }));
    world.start();
    await world.allForwarded();
    expect(eventsIn()).toMatchObject([
      {
        ...{ name: 'api.shop.200.none', labels: { cloud: 'production', status: '200' }, values: { ms: 12.5 } },
        ...{ time: '2023-11-14T22:13:20.000000Z', outcome: 'failed', reason: 'status' },
      },
    ]);
  });

  it('keeps everything while its target is away, says why, and brings it exactly when it is back', async () => {
    await world.append(numbered(0, 50));
    await world.put(webhook());
    world.start();
    await world.allForwarded();
    await target.goAway();
    for (let round = 0; round < 10; round++) await world.append(numbered(50 + round * 100, 100));
    const failing = await until('a failure', async () => {
      const progress = await world.progress();
      return progress.attempts >= 2 && progress;
    });
    expect(failing.lastError).toMatch(/ECONNREFUSED/);
    expect(failing).toMatchObject({ forwarded: 50, lagEvents: 1000 });
    expect(failing.lagMs).toBeGreaterThan(0);
    await target.comeBack();
    const progress = await world.allForwarded();
    expect(progress).toMatchObject({ forwarded: 1050, refused: 0, attempts: 0, lastError: null, failingSince: null });
    expect(valuesIn()).toEqual(Array.from({ length: 1050 }, (_, place) => place));
  });

  it.each([401, 403, 404, 429, 500, 503])('loses nothing while its target answers %i', async (status) => {
    target.answer(() => ({ status, body: 'not now' }));
    await world.append(numbered(0, 3));
    await world.put(webhook());
    world.start();
    const failing = await until('a failure', async () => {
      const progress = await world.progress();
      return progress.attempts >= 1 && progress;
    });
    expect(failing.lastError).toMatch(new RegExp(`answered ${status}: not now`));
    target.answer(() => ({ status: 200 }));
    expect(await world.allForwarded()).toMatchObject({ forwarded: 3, refused: 0 });
    expect(valuesIn()).toEqual([0, 1, 2]);
  });

  it('finds the events that its target refuses, keeps them with the reason and brings the others', async () => {
    target.answer(({ body }) =>
      /"durationMs":(7|42)[,}]/.test(body.toString()) ? { status: 400, body: 'a bad number' } : { status: 200 },
    );
    await world.append(numbered(0, 60));
    await world.put(webhook());
    world.start();
    expect(await world.allForwarded()).toMatchObject({ forwarded: 58, refused: 2 });
    expect(valuesIn()).toEqual(Array.from({ length: 60 }, (_, place) => place).filter((n) => n !== 7 && n !== 42));
    const refusals = await world.refusals();
    expect(refusals.map(({ reason }) => reason)).toEqual(
      Array(2).fill(expect.stringMatching(/answered 400: a bad number/)),
    );
    expect(refusals.map(({ body }) => (JSON.parse(body ?? '') as PlainEvent).values.durationMs)).toEqual([42, 7]);
  });

  it('keeps the newest thousand refusals', async () => {
    target.answer(({ body }) => {
      const { events } = JSON.parse(body.toString()) as { events: unknown[] };
      return { status: 200, body: JSON.stringify({ refused: events.map((_, index) => ({ index, reason: 'no' })) }) };
    });
    await world.append(numbered(0, 1500));
    await world.put(webhook());
    world.start();
    expect(await world.allForwarded()).toMatchObject({ forwarded: 0, refused: 1500 });
    const refusals = await world.refusals();
    expect([refusals.length, JSON.parse(refusals[0]?.body ?? '').values.durationMs]).toEqual([1000, 1499]);
  });

  it('that is paused stands still and goes on where it was', async () => {
    await world.append(numbered(0, 3));
    await world.put(webhook());
    const forwarder = world.start();
    await world.allForwarded();
    await world.put(webhook({ paused: true }));
    await until('nobody to forward', () => forwarder.stats().readers.length === 0);
    await world.append(numbered(3, 3));
    await world.put(webhook());
    await until('the others', () => valuesIn().length === 6);
    expect(valuesIn()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('that is changed goes on where it was, as it says now', async () => {
    await world.append(numbered(0, 3));
    await world.put(webhook());
    world.start();
    await world.allForwarded();
    await world.put(webhook({ mapping: { name: 'new.name', keep: [], rename: {} } }));
    await world.append(numbered(3, 1));
    await until('the last', () => eventsIn().length === 4);
    expect(eventsIn().map(({ name }) => name)).toEqual([...Array(3).fill('monitor.checked'), 'new.name']);
  });

  it('sends under another epoch once it takes something else, so that no number stands for two events', async () => {
    const epochs = () => target.taken.map(({ body }) => (JSON.parse(body.toString()) as { epoch: number }).epoch);
    const checked = { names: ['monitor.checked'], where: {} };
    await world.put(webhook({ events: checked }));
    world.start();
    await world.append(numbered(0, 1));
    await world.allForwarded();
    await world.put(webhook({ events: checked, batchWait: '10ms' }));
    await world.append(numbered(1, 1));
    await until('the second', () => eventsIn().length === 2);
    await world.put(webhook({ events: { names: ['monitor.*'], where: {} } }));
    // Whoever has not heard of the change yet passes over them.
    await until('one that only the changed sink takes', async () => {
      await world.append([anEvent({ series: aSeries({ name: 'monitor.attempted' }) })]);
      return eventsIn().some(({ name }) => name === 'monitor.attempted');
    });
    const [first, second, third] = epochs();
    expect(second).toBe(first);
    expect(third).toBeGreaterThan(second as number);
  });

  it('that is deleted leaves no position, also when somebody forwards for it at that moment', async () => {
    await world.append(numbered(0, 3));
    await world.put(webhook());
    const forwarder = world.start();
    await world.allForwarded();
    await world.delete();
    await until('nobody to forward', () => forwarder.stats().readers.length === 0);
    await world.append(numbered(3, 3));
    await until('no position', async () => {
      const { rows } = await sql`select from reader_positions where starts_with(reader, 'sink/')`.execute(
        world.store.db,
      );
      return rows.length === 0;
    });
    expect(valuesIn()).toEqual([0, 1, 2]);
  });

  it('does not hold up another whose target works', async () => {
    const other = await openHttpTarget();
    await target.goAway();
    await world.append(numbered(0, 20));
    await world.put(webhook({ name: 'stuck' }));
    await world.put(webhook({ options: { url: other.url, headers: {} } }));
    world.start();
    await world.allForwarded();
    expect((await world.progress('stuck')).lagEvents).toBe(20);
    await other.close();
    await target.comeBack();
    await world.allForwarded('stuck');
  });

  it('is shared by processes, each event going out once', async () => {
    await world.put(webhook());
    const [one, two] = [world.start(), world.start()];
    await until('both to forward', () => one.stats().readers.length === 1 && two.stats().readers.length === 1);
    for (const producer of ['a', 'b', 'c', 'd']) await world.append(numbered(0, 25), producer);
    await world.allForwarded();
    expect(eventsIn().length).toBe(100);
    expect(new Set(eventsIn().map(({ id }) => id)).size).toBe(100);
    expect(one.stats().forwarded + two.stats().forwarded).toBe(100);
  });

  it('that fell behind retention is moved on, the skip is counted, and the days are dropped', async () => {
    await world.append(numbered(0, 30), 'a');
    await world.append(numbered(100, 10), 'b');
    await world.put(webhook());
    await ageLog(world, 40);
    await world.append(numbered(30, 5), 'a');
    const { dropped, kept } = await dropOldEventPartitions(world.store.db, 30 * 86_400_000);
    expect([dropped.length, kept]).toEqual([1, []]);
    // Nothing of the day is in the memory of this process any more.
    await world.reopenLog();
    world.start();
    const progress = await until('the rest', async () => {
      const found = await world.progress();
      return found.forwarded >= 5 && found;
    });
    expect(progress).toMatchObject({ skipped: 40, forwarded: 5 });
    expect(valuesIn().filter((value) => value < 100)).toEqual([30, 31, 32, 33, 34]);
  });
});

/** Moves everything that is in the log into a day of its own, so many days ago. */
async function ageLog({ store }: SinkWorld, days: number): Promise<void> {
  const day = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const name = `events_${day.replaceAll('-', '')}`;
  const [from, to] = [`${day}T00:00:00Z`, new Date(Date.parse(day) + 86_400_000).toISOString()];
  await sql`create table ${sql.table(name)} partition of events for values from (${sql.lit(from)}) to (${sql.lit(to)})`.execute(
    store.db,
  );
  await sql`update events set received_at = ${`${day}T12:00:00Z`}`.execute(store.db);
  await sql`update log_heads set received_at = ${`${day}T12:00:00Z`} where last_offset > 0`.execute(store.db);
}
