import { type Clock, systemClock } from '@watchkeeper/kit';
import { type CloudEvent, type NotificationType, notificationCatalogue, WatchkeeperError } from '@watchkeeper/model';
import {
  changeAlert,
  defaultTenantId,
  ensurePlaces,
  insertMonitor,
  insertStateChanges,
  noteNotification,
  openAlert,
  openStore,
  readOutgoingFigures,
  recordChange,
  resolveAlert,
  type Store,
  sweepOldRows,
  type Tx,
} from '@watchkeeper/store';
import { sql } from 'kysely';
import { Check } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../kit/test/manual-clock.ts';
import { createTestDatabase, type TestDatabase } from '../../store/test/test-database.ts';
import { type Carrier, type Notifier, postgresMessages, startNotifier } from '../src/index.ts';
import { logger, until } from './messages-world.ts';

let database: TestDatabase;
let store: Store;
const running: { drain(): Promise<void> }[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  store = openStore({ connection: database.connection, notesNotifications: true });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((part) => part.drain()));
  await store.close();
  await database.drop();
});

/** Starts a notifier; `send` stands for the broker. */
function start(send: Carrier['send'], clock: Clock = systemClock): Notifier {
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const carrier = { send, close: async () => undefined };
  const notifier = startNotifier({ store, messages, carrier, clock, logger, source: '/watchkeeper' });
  running.push({
    async drain() {
      await notifier.drain();
      await messages.close();
    },
  });
  return notifier;
}

/** A receiver that takes everything. */
function taking() {
  const events: CloudEvent[] = [];
  return { events, send: async (event: CloudEvent) => void events.push(event) };
}

const note = (tx: Tx, name: string, actor = 'somebody') =>
  noteNotification(tx, {
    ...{ tenantId: defaultTenantId, type: 'watchkeeper.object.changed', subject: `services/${name}` },
    data: { kind: 'service', name, id: null, change: 'changed', actor },
  });

/** Every effect that is told, in one transaction. */
async function doEverything(tx: Tx): Promise<void> {
  const place = { service: 'shop', environment: 'production' };
  await ensurePlaces(tx, defaultTenantId, place);
  const monitor = await insertMonitor(
    tx,
    defaultTenantId,
    {
      ...{ ...place, name: 'Home page', zones: ['fra'], type: 'tcp', options: {}, target: 'x', intervalMs: 30_000 },
      ...{ timeoutMs: 100, retries: 0, assertions: [], labels: {}, paused: false },
    },
    false,
  );
  const who = { tenantId: defaultTenantId, actor: 'me', actorKeyId: null, requestId: 'r', remoteAddress: null };
  const object = { kind: 'monitor', name: monitor.name, id: monitor.id } as const;
  await recordChange(tx, { ...who, action: 'monitor.created', object, after: { a: 1 } });
  const state = { ...place, state: 'failed', previousState: 'ok', reason: 'status', message: 'answered 503' } as const;
  const atUs = Date.parse('2026-11-21T07:20:10.123Z') * 1000;
  await insertStateChanges(tx, [
    { ...state, atUs, tenantId: defaultTenantId, monitorId: monitor.id, zone: 'fra' },
    { ...state, atUs, tenantId: defaultTenantId, monitorId: null, zone: null },
  ]);
  const id = await openAlert(tx, defaultTenantId, { ...state, heldBy: null, openedUs: atUs });
  await changeAlert(tx, id, { ...state, state: 'unknown', heldBy: 'payments' });
  await resolveAlert(tx, id);
}

describe('The outbox of notifications', () => {
  it('holds every effect that the catalogue names, in the form that it promises', async () => {
    const { events, send } = taking();
    start(send);
    await store.write(doEverything);
    await until('all notifications', () => events.length === 6);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(Object.keys(notificationCatalogue)));
    for (const { type, data } of events) {
      expect(Check(notificationCatalogue[type].data, data), `${type}: ${JSON.stringify(data)}`).toBe(true);
    }
    const of = (type: NotificationType) => events.find((event) => event.type === type) as CloudEvent;
    expect(of('watchkeeper.monitor.state.changed')).toMatchObject({
      specversion: '1.0',
      source: '/watchkeeper/tenants/default',
      time: '2026-11-21T07:20:10.123Z',
      datacontenttype: 'application/json',
      data: { monitor: { name: 'Home page' }, zone: 'fra', state: 'failed', previousState: 'ok' },
    });
    expect(of('watchkeeper.service.state.changed').subject).toBe('services/shop');
    expect(of('watchkeeper.object.changed').subject).toMatch(/^monitors\/[0-9a-f-]{36}$/);
    expect(of('watchkeeper.alert.changed').data).toMatchObject({ state: 'unknown', heldBy: 'payments' });
    expect(of('watchkeeper.alert.resolved').data).toMatchObject({ heldBy: null, resolvedAt: expect.any(String) });
    expect(new Set(events.map(({ id }) => id)).size).toBe(6);
  });

  it('shows examples in its catalogue that are of the form it promises', () => {
    for (const [type, { data, example }] of Object.entries(notificationCatalogue))
      expect(Check(data, example), type).toBe(true);
  });

  it('stays empty where nobody would bring it out', async () => {
    const quiet = openStore({ connection: database.connection });
    await quiet.write(doEverything);
    await quiet.close();
    expect(await readOutgoingFigures(store.db)).toEqual({ waiting: 0, oldestSeconds: null });
  });

  it('tells nothing of an effect that was rolled back', async () => {
    const failing = store.write(async (tx) => {
      await doEverything(tx);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect((await readOutgoingFigures(store.db)).waiting).toBe(0);
  });

  it('tells nothing of an object that was written once more as it was', async () => {
    const who = { tenantId: defaultTenantId, actor: 'me', actorKeyId: null, requestId: 'r', remoteAddress: null };
    const object = { kind: 'service', name: 'shop' } as const;
    const put = (after: unknown) =>
      store.write((tx) => recordChange(tx, { ...who, action: 'service.changed', object, before: { a: 1 }, after }));
    await put({ a: 1 });
    expect((await readOutgoingFigures(store.db)).waiting).toBe(0);
    await put({ a: 2 });
    expect((await readOutgoingFigures(store.db)).waiting).toBe(1);
  });

  it('forgets what was delivered a day ago, and nothing that waits', async () => {
    await store.write(async (tx) => {
      for (const name of ['old', 'new', 'waiting']) await note(tx, name);
    });
    await sql`update notifications set delivered_at = now() - interval '25 hours' where subject = 'services/old'`.execute(
      store.db,
    );
    await sql`update notifications set delivered_at = now() where subject = 'services/new'`.execute(store.db);
    await sql`update notifications set at = now() - interval '9 days' where delivered_at is null`.execute(store.db);
    await sweepOldRows(store.db, { minuteMs: 1e9, hourMs: 1e9, dayMs: 1e9 });
    const { rows } = await sql<{ subject: string }>`select subject from notifications order by subject`.execute(
      store.db,
    );
    expect(rows.map(({ subject }) => subject)).toEqual(['services/new', 'services/waiting']);
  });
});

describe('The notifier', () => {
  it('tries again what was not taken, under the same identifier, and holds up nobody else for it', async () => {
    const attempts: CloudEvent[] = [];
    const taken: string[] = [];
    const notifier = start(async (event) => {
      attempts.push(event);
      const isBad = event.subject === 'services/bad';
      if (isBad && attempts.filter(({ subject }) => subject === event.subject).length <= 2)
        throw new WatchkeeperError('broker_refused', 'not now');
      taken.push(event.subject);
    });
    await store.write(async (tx) => {
      for (const name of ['bad', 'good']) await note(tx, name);
    });
    await until('the good one', () => taken.includes('services/good'));
    expect(taken).not.toContain('services/bad');
    await until('the lastError', () => notifier.stats().lastError === 'not now');
    await until('the other one', () => taken.includes('services/bad'));
    const bad = attempts.filter(({ subject }) => subject === 'services/bad');
    expect(bad).toHaveLength(3);
    for (const again of bad) expect(again).toEqual(bad[0]);
    await until('the end of the trouble', () => notifier.stats().delivered === 2);
    expect(notifier.stats()).toEqual({ delivered: 2, failedAttempts: 2, lastError: null });
  });

  it('brings out those of one subject one after the other, whatever becomes of the first', async () => {
    const taken: unknown[] = [];
    let refusals = 2;
    start(async ({ data }) => {
      if (data.actor === 'first' && refusals-- > 0) throw new WatchkeeperError('broker_refused', 'not now');
      taken.push(data.actor);
    });
    await store.write(async (tx) => {
      for (const actor of ['first', 'second', 'third']) await note(tx, 'shop', actor);
    });
    await until('all three', () => taken.length === 3);
    expect(taken).toEqual(['first', 'second', 'third']);
  });

  it('shares the work with others: each notification is sent by one of them', async () => {
    const { promise: confirmed, resolve: confirm } = Promise.withResolvers<void>();
    const sent: string[] = [];
    const send = ({ id }: CloudEvent) => {
      sent.push(id);
      return confirmed;
    };
    await store.write(async (tx) => {
      for (let index = 0; index < 600; index++) await note(tx, `s${index}`);
    });
    const first = start(send);
    await until('as many as one takes at once', () => sent.length === 500);
    // The first one waits for the broker meanwhile.
    const second = start(send);
    await until('the rest', () => sent.length >= 600);
    confirm();
    await until('the deliveries', () => first.stats().delivered + second.stats().delivered === 600);
    expect(new Set(sent).size).toBe(600);
    expect(sent).toHaveLength(600);
    expect(second.stats().delivered).toBe(100);
  });

  it('does not wait for ever for a broker that says nothing', async () => {
    const clock = new ManualClock();
    const attempts: string[] = [];
    const notifier = start(({ id }) => {
      attempts.push(id);
      return attempts.length === 1 ? new Promise(() => undefined) : Promise.resolve();
    }, clock);
    await store.write((tx) => note(tx, 'shop'));
    await until('the second attempt', () => {
      clock.advance(1000);
      return attempts.length === 2;
    });
    expect(attempts[1]).toBe(attempts[0]);
    await until('the delivery', () => notifier.stats().delivered === 1);
  });

  it('finishes what is under way when it is told to end', async () => {
    const { promise: confirmed, resolve: confirm } = Promise.withResolvers<void>();
    let isSent = false;
    const notifier = start(() => {
      isSent = true;
      return confirmed;
    });
    await store.write((tx) => note(tx, 'shop'));
    await until('the notification', () => isSent);
    const drained = notifier.drain();
    confirm();
    await drained;
    expect(await readOutgoingFigures(store.db)).toEqual({ waiting: 0, oldestSeconds: null });
  });
});
