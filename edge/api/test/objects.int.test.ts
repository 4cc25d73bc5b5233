import { acquireLease, releaseLease } from '@watchkeeper/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiWorld, aMonitor, openApiWorld, problemOf } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await openApiWorld();
});
afterAll(() => world.close());

const changesOf = async () =>
  ((await world.ask('GET /api/v1/changes')).json() as { items: { action: string; object: string }[] }).items;

describe('A monitor', () => {
  it('is made, read, changed, stopped, started and deleted, and each change is on record', async () => {
    const made = await world.ask('POST /api/v1/monitors', { body: aMonitor() });
    expect([made.statusCode, made.headers.etag]).toEqual([201, '"1"']);
    const monitor = made.json() as { id: string; options: unknown; interval: string };
    expect(monitor).toMatchObject({
      interval: '30s',
      timeout: '5s',
      zones: ['local'],
      options: { method: 'GET', followRedirects: true },
    });
    const place = `/api/v1/monitors/${monitor.id}`;

    const body = aMonitor({ interval: '10s' });
    const change = (headers: Record<string, string>) => world.ask(`PUT ${place}`, { body, headers });
    expect(problemOf(await change({})).code).toBe('precondition_required');
    expect(problemOf(await change({ 'if-match': '"7"' })).code).toBe('precondition_failed');
    expect(problemOf(await change({ 'if-match': 'seven' })).code).toBe('validation_failed');
    const changed = await change({ 'if-match': '"1"' });
    expect([changed.statusCode, changed.headers.etag]).toEqual([200, '"2"']);

    expect((await world.ask(`POST ${place}/stop`, { body: {} })).json()).toMatchObject({ paused: true, version: 3 });
    expect((await world.ask(`POST ${place}/stop`, { body: {} })).json()).toMatchObject({ paused: true, version: 3 });
    expect((await world.ask(`GET ${place}/status`)).json()).toMatchObject({ state: 'paused' });
    expect((await world.ask(`POST ${place}/start`, { body: {} })).json()).toMatchObject({ paused: false });
    const run = await world.ask(`POST ${place}/run`, { body: {} });
    expect(run.statusCode).toBe(202);
    expect((await world.ask(`GET /api/v1/check-runs/${(run.json() as { id: string }).id}`)).json()).toMatchObject({
      finished: false,
    });
    expect((await world.ask(`DELETE ${place}`)).statusCode).toBe(204);
    expect((await world.ask(`GET ${place}`)).statusCode).toBe(404);
    const actions = (await changesOf())
      .filter(({ object }) => object === 'monitor "Home page"')
      .map(({ action }) => action);
    expect(actions.reverse()).toEqual([
      'monitor.created',
      'monitor.changed',
      'monitor.stopped',
      'monitor.started',
      'monitor.run',
      'monitor.deleted',
    ]);
  });

  it('that names no zone is watched from one that somebody watches from, and stays there', async () => {
    const holder = 'somewhere/1/00000000';
    const lease = await acquireLease(world.store.db, { name: 'scheduler/fra', holder, seconds: 60 });
    if (lease === undefined) throw new Error('nobody else watches from fra');
    const made = await world.ask('POST /api/v1/monitors', { body: aMonitor({ name: 'anywhere' }) });
    expect([made.statusCode, (made.json() as { zones: string[] }).zones]).toEqual([201, ['fra']]);
    const objects = [{ kind: 'Monitor', ...aMonitor({ name: 'anywhere as code' }) }];
    const apply = async () => (await world.ask('POST /api/v1/apply', { body: { objects } })).json();
    expect(await apply()).toMatchObject({ created: 1 });
    await releaseLease(world.store.db, lease);
    expect(await apply()).toMatchObject({ created: 0, updated: 0, unchanged: 1 });
  });

  it('has a name of its own', async () => {
    await world.ask('POST /api/v1/monitors', { body: aMonitor({ name: 'one' }) });
    const second = await world.ask('POST /api/v1/monitors', { body: aMonitor({ name: 'one' }) });
    expect([second.statusCode, problemOf(second).code]).toEqual([409, 'name_taken']);
  });

  it('that is asked for twice with one idempotency key is made once', async () => {
    const ask = (name: string, key: string) =>
      world.ask('POST /api/v1/monitors', { body: aMonitor({ name }), headers: { 'idempotency-key': key } });
    const [first, second] = [await ask('once', 'k1'), await ask('once', 'k1')];
    expect([first.statusCode, second.statusCode]).toEqual([201, 201]);
    expect(second.json()).toEqual(first.json());
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(problemOf(await ask('other', 'k1')).code).toBe('idempotency_key_reused');
    const failed = await world.ask('POST /api/v1/monitors', { body: {}, headers: { 'idempotency-key': 'k2' } });
    expect(failed.statusCode).toBe(422);
    expect((await ask('after a failure', 'k2')).statusCode).toBe(201);
  });

  it('is one of many that a filter starts, stops and deletes, and a dry run only counts', async () => {
    for (const name of ['bulk 1', 'bulk 2', 'bulk 3']) {
      await world.ask('POST /api/v1/monitors', {
        body: aMonitor({ name, service: 'bulk', paused: name === 'bulk 3' }),
      });
    }
    const bulk = async (action: string, dryRun = false) =>
      (await world.ask('POST /api/v1/monitors/bulk', { body: { filter: { service: 'bulk' }, action, dryRun } })).json();
    expect(await bulk('stop', true)).toEqual({ matched: 3, changed: 2, dryRun: true });
    expect(await bulk('stop')).toEqual({ matched: 3, changed: 2, dryRun: false });
    expect(await bulk('start')).toEqual({ matched: 3, changed: 3, dryRun: false });
    expect(await bulk('delete')).toEqual({ matched: 3, changed: 3, dryRun: false });
    expect((await world.ask('GET /api/v1/monitors?service=bulk')).json()).toMatchObject({ total: 0 });
  });

  it('that two change at the same time is changed by one of them', async () => {
    const { id } = (await world.ask('POST /api/v1/monitors', { body: aMonitor({ name: 'raced' }) })).json() as {
      id: string;
    };
    const change = (interval: string) =>
      world.ask(`PUT /api/v1/monitors/${id}`, {
        body: aMonitor({ name: 'raced', interval }),
        headers: { 'if-match': '"1"' },
      });
    const statuses = (await Promise.all(['6s', '7s', '8s'].map(change))).map(({ statusCode }) => statusCode).sort();
    expect(statuses).toEqual([200, 412, 412]);
  });
});

describe('Objects as code', () => {
  const objects = [
    { kind: 'Service', name: 'checkout', dependsOn: ['cart'] },
    { kind: 'Service', name: 'cart' },
    aMonitor({ name: 'code 1', service: 'checkout', environment: 'code' }),
    {
      kind: 'Rollup',
      name: 'by-service',
      events: 'monitor.checked',
      groupBy: ['service'],
      granularities: ['1m'],
      aggregates: ['count'],
    },
    { kind: 'AlertChannel', name: 'ops', type: 'webhook', options: { url: 'http://127.0.0.1:1/' } },
  ];
  const apply = (body: unknown) => world.ask('POST /api/v1/apply', { body });
  beforeEach(async () => {
    await world.ask('PUT /api/v1/services/cart', { body: { name: 'cart' } });
  });

  it('are shown before they are made, made once, and then unchanged', async () => {
    const dry = await apply({ objects, dryRun: true });
    expect(dry.json()).toMatchObject({ dryRun: true, created: 4, updated: 0 });
    expect((await world.ask('GET /api/v1/services/checkout')).statusCode).toBe(404);
    expect((await apply({ objects })).json()).toMatchObject({ created: 4, updated: 0, unchanged: 1 });
    expect((await apply({ objects })).json()).toMatchObject({ created: 0, updated: 0, unchanged: 5 });
    const [first, second, monitor, ...rest] = objects;
    const changed = await apply({ objects: [first, second, { ...monitor, interval: '15s' }, ...rest] });
    expect(
      (changed.json() as { changes: { action: string; fields: unknown }[] }).changes.find(
        ({ action }) => action === 'update',
      )?.fields,
    ).toEqual([{ field: 'interval', before: '30s', after: '15s' }]);
  });

  it('come in any order, also services that need each other, and go into an empty installation as they came out', async () => {
    const circle = [
      { kind: 'Service', name: 'aaa', dependsOn: ['zzz'] },
      { kind: 'Service', name: 'zzz', dependsOn: ['aaa', 'mmm'] },
      { kind: 'Service', name: 'mmm' },
    ];
    expect((await apply({ objects: circle })).json()).toMatchObject({ created: 3 });
    const { objects: exported } = (await world.ask('GET /api/v1/export')).json() as { objects: unknown[] };
    const empty = await openApiWorld();
    try {
      const restored = await empty.ask('POST /api/v1/apply', { body: { objects: exported } });
      expect(restored.statusCode, restored.body).toBe(200);
      expect(((await empty.ask('GET /api/v1/export')).json() as { objects: unknown[] }).objects).toEqual(exported);
    } finally {
      await empty.close();
    }
  });

  it('come out of an export in the form that goes in', async () => {
    await apply({ objects });
    const exported = (await world.ask('GET /api/v1/export')).json() as { objects: unknown[] };
    const again = (await apply({ objects: exported.objects })).json() as { created: number; updated: number };
    expect([again.created, again.updated]).toEqual([0, 0]);
  });

  it('are made all or none, and every mistake is named with its place', async () => {
    const response = await apply({
      objects: [
        { kind: 'Environment', name: 'half-made' },
        aMonitor({ name: 'bad', assertions: ['status ='] }),
        { kind: 'Servcie', name: 'x' },
        aMonitor({ name: 'bad' }),
      ],
    });
    expect(response.statusCode).toBe(422);
    expect(problemOf(response).errors?.map(({ pointer }) => pointer)).toEqual(['/objects/2/kind', '/objects/3/name']);
    const second = await apply({
      objects: [{ kind: 'Environment', name: 'half-made' }, aMonitor({ name: 'bad', assertions: ['status ='] })],
    });
    expect(problemOf(second).errors?.map(({ pointer }) => pointer)).toEqual(['/objects/1/assertions/0']);
    const environments = (await world.ask('GET /api/v1/environments')).json() as { items: { name: string }[] };
    expect(environments.items.map(({ name }) => name)).not.toContain('half-made');
  });

  it('that are gone from the files go when pruning is asked for; monitors made by hand stay', async () => {
    await world.ask('POST /api/v1/monitors', { body: aMonitor({ name: 'by hand' }) });
    await apply({ objects: [aMonitor({ name: 'kept' }), aMonitor({ name: 'dropped' })] });
    const pruned = await apply({ objects: [aMonitor({ name: 'kept' })], prune: true });
    const changes = (pruned.json() as { changes: { action: string; name: string }[] }).changes;
    expect(changes.filter(({ action }) => action === 'delete').map(({ name }) => name)).toContain('dropped');
    const names = (
      (await world.ask('GET /api/v1/monitors')).json() as { items: { monitor: { name: string } }[] }
    ).items.map(({ monitor }) => monitor.name);
    expect(names).toContain('by hand');
    expect(names).not.toContain('dropped');
  });

  it('a service that something needs cannot be deleted', async () => {
    await apply({ objects });
    expect(problemOf(await world.ask('DELETE /api/v1/services/cart')).detail).toContain('checkout depends on it');
    expect(problemOf(await world.ask('DELETE /api/v1/services/checkout')).detail).toContain('monitors watch it');
  });

  it('a rollup and a channel are changed with their version and refused with the place of a mistake', async () => {
    const rollup = {
      name: 'mine',
      events: 'monitor.checked',
      groupBy: ['zone'],
      granularities: ['1m'],
      aggregates: ['count'],
    };
    expect((await world.ask('PUT /api/v1/rollups/mine', { body: rollup })).headers.etag).toBe('"1"');
    expect(
      (await world.ask('PUT /api/v1/rollups/mine', { body: { ...rollup, granularities: ['90ms'] } })).json(),
    ).toMatchObject({
      errors: [{ pointer: '/granularities/0' }],
    });
    expect(problemOf(await world.ask('DELETE /api/v1/rollups/monitors')).code).toBe('conflict');
    const channel = { name: 'mail', type: 'email', options: { to: ['nobody'] } };
    expect((await world.ask('PUT /api/v1/alert-channels/mail', { body: channel })).json()).toMatchObject({
      errors: [{ pointer: '/options/to/0' }],
    });
    const good = { ...channel, options: { to: ['ops@example.org'] } };
    expect((await world.ask('PUT /api/v1/alert-channels/mail', { body: good })).statusCode).toBe(200);
    const stale = await world.ask('PUT /api/v1/alert-channels/mail', { body: good, headers: { 'if-match': '"9"' } });
    expect(stale.statusCode).toBe(412);
    expect((await world.ask('POST /api/v1/alert-channels/mail/test', { body: {} })).json()).toMatchObject({
      delivered: true,
    });
    expect((await world.ask('DELETE /api/v1/alert-channels/mail')).statusCode).toBe(204);
  });
});

describe('The website mock', () => {
  const mock = (query: string) => world.ask(`GET /website_mock?${query}`, { key: undefined });

  it('answers as its address says', async () => {
    const response = await mock('status=418&size=40');
    expect([response.statusCode, response.body.length]).toEqual([418, 40]);
  });
  it('repeats a sequence by call', async () => {
    const statuses: number[] = [];
    for (let call = 0; call < 6; call++) statuses.push((await mock('sequence=200,200,503')).statusCode);
    expect(statuses).toEqual([200, 200, 503, 200, 200, 503]);
  });
  it('fails a share of calls, the same ones for the same seed', async () => {
    const series = async (query: string) => {
      const statuses: number[] = [];
      for (let call = 0; call < 40; call++) statuses.push((await mock(query)).statusCode);
      return statuses;
    };
    const [first, same] = [
      await series('failureRate=0.3&seed=a&size=1'),
      await series('failureRate=0.30&seed=a&size=1'),
    ];
    expect(first).toEqual(same);
    expect(first.filter((status) => status === 503).length).toBeGreaterThan(4);
    expect(await series('failureRate=0.3&seed=b&size=1')).not.toEqual(first);
  });
  it.each([
    'status=99',
    'delay=2m',
    'delay=fast',
    'size=-1',
    'failureRate=2',
    'sequence=200:0s,503:1s',
    'sequence=abc',
    'colour=red',
  ])('refuses %s', async (query) => expect((await mock(query)).statusCode).toBe(422));
});
