import { type EventBatch, type EventMessage, encodeEventMessage, type ZoneSchedule } from '@watchkeeper/model';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { type ApiWorld, aMonitor, openApiWorld, problemOf } from './api-world.ts';

let world: ApiWorld;
let agent = '';
let agentId = '';
beforeAll(async () => {
  world = await openApiWorld();
  const key = await world.makeKey('agent');
  agent = key.text;
  agentId = key.id;
});
afterAll(async () => {
  expect(world.errors).toEqual([]);
  await world.close();
});

const ask = (place: string, body?: unknown, headers: Record<string, string> = {}, key = agent) =>
  world.ask(place, { key, headers, ...(body === undefined ? {} : { body }) });

describe('The schedule of a remote zone', () => {
  it('has the monitors of the zone and the tenant, and answers 304 until one changes', async () => {
    const make = async (name: string, over: Record<string, unknown> = {}, key = world.admin) =>
      (await world.ask('POST /api/v1/monitors', { key, body: aMonitor({ name, zones: ['fra'], ...over }) })).json() as {
        id: string;
      };
    const ours = await make('ours');
    await make('elsewhere', { zones: ['local'] });
    await make('paused', { paused: true });
    await make('of another tenant', {}, (await world.makeKey('editor', { tenant: 'other' })).text);

    const first = await ask('GET /api/v1/zones/fra/schedule');
    expect(first.statusCode, first.body).toBe(200);
    expect((first.json() as ZoneSchedule).items.map(({ id }) => id)).toEqual([ours.id]);
    expect(first.json()).toMatchObject({ items: [{ tenant: 'default', intervalMs: 30_000, version: 1 }], next: null });
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^"[A-Za-z0-9_-]{43}"$/);

    const same = await ask('GET /api/v1/zones/fra/schedule', undefined, { 'if-none-match': etag });
    expect([same.statusCode, same.body, same.headers.etag]).toEqual([304, '', etag]);
    await make('another');
    const changed = await ask('GET /api/v1/zones/fra/schedule', undefined, { 'if-none-match': etag });
    expect([changed.statusCode, (changed.json() as ZoneSchedule).items.length]).toEqual([200, 2]);
  });

  it('comes in pages that together have every monitor once', async () => {
    const names: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page = await ask(`GET /api/v1/zones/fra/schedule?limit=1${after === '' ? '' : `&after=${after}`}`);
      const { items, next } = page.json() as ZoneSchedule;
      expect(items.length).toBe(1);
      names.push(...items.map(({ name }) => name));
      after = next;
    }
    expect(names.sort()).toEqual(['another', 'ours']);
  });

  it('of a zone that is not there names those that are', async () => {
    const answer = await ask('GET /api/v1/zones/frankfort/schedule');
    expect([answer.statusCode, problemOf(answer).code]).toEqual([404, 'not_found']);
    expect(problemOf(answer).detail).toContain('fra, local');
  });

  it('is all that a key of a remote scheduler reads', async () => {
    for (const place of ['monitors', 'events', 'keys', 'overview', 'zones']) {
      expect([place, (await ask(`GET /api/v1/${place}`)).statusCode]).toEqual([place, 403]);
    }
  });
});

describe('Events of a remote zone', () => {
  const aBatch = (over: Partial<EventBatch> = {}): EventBatch => ({
    producer: 'p/live',
    epoch: 5,
    firstSeq: 1,
    events: [1, 2, 3].map((n) => anEvent({ series: aSeries({ zone: 'fra' }), values: [n] })),
    ...over,
  });
  const send = (message: EventMessage, key = agent) => ask('POST /api/v1/events', message, {}, key);
  const stored = async () =>
    (
      await sql<{ producer: string; epoch: number; seq: number; value: number; tenant: string }>`
        select p.name as producer, e.epoch, e.seq, e.values[1] as value, t.name as tenant
        from events e join producers p on p.id = e.producer_id join tenants t on t.id = e.tenant_id
        order by 1, 2, 3`.execute(world.store.db)
    ).rows;

  it('are stored once, however often they are sent, under the name and the tenant of the key', async () => {
    const message = encodeEventMessage(
      aBatch({ events: aBatch().events.map((event) => ({ ...event, series: aSeries({ tenant: 'other' }) })) }),
    );
    const first = await send(message);
    expect([first.statusCode, first.json()]).toEqual([200, { stored: 3, alreadyStored: 0, refused: [] }]);
    expect((await send(message)).json()).toEqual({ stored: 0, alreadyStored: 3, refused: [] });
    expect(await stored()).toEqual(
      [1, 2, 3].map((n) => ({
        ...{ producer: `key/default/${agentId}/p/live`, epoch: 5, seq: n, value: n },
        tenant: 'default',
      })),
    );
  });

  it('that are bad are refused by their place, and the others are stored under their own numbers', async () => {
    const message = encodeEventMessage(aBatch({ producer: 'bad', firstSeq: 11 }));
    Object.assign(message.events[1] as object, { outcome: 'fine' });
    const answer = await send(message);
    expect(answer.json()).toMatchObject({
      stored: 2,
      alreadyStored: 0,
      refused: [{ index: 1, code: 'validation_failed' }],
    });
    const seqs = (await stored()).filter(({ producer }) => producer.endsWith('/bad')).map(({ seq }) => seq);
    expect(seqs).toEqual([11, 13]);
  });

  it('with text that the database cannot hold are stored with a replacement for it', async () => {
    const event = anEvent({ reason: 'a\0b', outcome: 'failed', detail: { message: 'half \ud800 a pair' } });
    const answer = await send(encodeEventMessage(aBatch({ producer: 'text', events: [event] })));
    expect(answer.json()).toEqual({ stored: 1, alreadyStored: 0, refused: [] });
  });

  it('of a slot that is stored are not stored again by another producer', async () => {
    const series = aSeries({ zone: 'fra' });
    const slot = { monitorId: series.source, zone: 'fra', slotMs: 1_700_000_000_000, attempt: 1 };
    const events = [anEvent({ series, slot })];
    expect((await send(encodeEventMessage(aBatch({ producer: 'one', events })))).json()).toMatchObject({ stored: 1 });
    const again = await send(encodeEventMessage(aBatch({ producer: 'two', events })));
    expect(again.json()).toEqual({ stored: 0, alreadyStored: 1, refused: [] });
  });

  it('of an older start are fenced, and nobody fences the producer of another key', async () => {
    const other = (await world.makeKey('ingest')).text;
    const older = encodeEventMessage(aBatch({ epoch: 4, firstSeq: 90 }));
    const fenced = await send(older);
    expect([fenced.statusCode, problemOf(fenced).code]).toEqual([409, 'epoch_fenced']);
    expect((await send(encodeEventMessage(aBatch({ epoch: 99 })), other)).json()).toMatchObject({ stored: 3 });
    expect((await send(encodeEventMessage(aBatch({ firstSeq: 4 })))).json()).toMatchObject({ stored: 3 });
  });

  it.each([
    ['another version', { version: 2 }, '/version'],
    ['no epoch', { epoch: 0 }, '/epoch'],
    ['more than 5,000 events', { events: new Array(5001).fill({}) }, '/events'],
  ])('are refused together for %s', async (_title, over, pointer) => {
    const answer = await ask('POST /api/v1/events', { ...encodeEventMessage(aBatch()), ...over });
    expect(answer.statusCode).toBe(422);
    expect(problemOf(answer).errors?.map((problem) => problem.pointer)).toEqual([pointer]);
  });
});

describe('A remote zone', () => {
  const lease = (holder: string, key = agent, zone = 'fra') =>
    ask(`POST /api/v1/zones/${zone}/lease`, { holder, seconds: 9 }, {}, key);

  it('is watched by one scheduler at a time, until that gives it back', async () => {
    const mine = (await lease('first')).json() as { held: boolean; epoch: number };
    expect(mine.held).toBe(true);
    expect((await lease('first')).json()).toEqual(mine);
    expect((await lease('second')).json()).toEqual({ held: false, epoch: null });
    expect((await world.ask('GET /api/v1/zones')).json()).toMatchObject({
      items: [{ name: 'fra', watched: true }, { name: 'fra', watched: true }, { watched: false }, { watched: false }],
    });
    const away = await ask(`DELETE /api/v1/zones/fra/lease?holder=first&epoch=${mine.epoch}`);
    expect(away.statusCode).toBe(204);
    expect((await lease('second')).json()).toEqual({ held: true, epoch: mine.epoch + 1 });
  });

  it('is not taken from a tenant by the key of another one', async () => {
    const other = (await world.makeKey('agent', { tenant: 'other' })).text;
    expect((await lease('theirs', other)).json()).toMatchObject({ held: true });
    expect((await lease('second')).json()).toMatchObject({ held: true });
  });

  it('answers checks that somebody asked for, of its own tenant, as soon as they are asked for', async () => {
    const claim = (key = agent, waitMs = 0) =>
      ask('POST /api/v1/zones/fra/check-runs/claim', { limit: 10, waitMs }, {}, key);
    expect((await claim()).json()).toEqual({ items: [], monitorsChanged: false });

    const waiting = claim(agent, 20_000);
    const asked = await world.ask('POST /api/v1/check-runs', { body: aMonitor({ zones: ['fra'] }) });
    const { id } = asked.json() as { id: string };
    const claimed = (await waiting).json() as { items: { runId: string }[] };
    expect(claimed.items.map(({ runId }) => runId)).toEqual([id]);
    expect((await claim()).json()).toMatchObject({ items: [] });

    const result = {
      outcome: 'ok',
      reason: null,
      message: null,
      values: { durationMs: 3 },
      attributes: {},
      detail: null,
    };
    const other = (await world.makeKey('agent', { tenant: 'other' })).text;
    const finish = (key = agent) => ask(`PUT /api/v1/zones/fra/check-runs/${id}`, result, {}, key);
    expect((await finish(other)).statusCode).toBe(404);
    expect((await finish()).statusCode).toBe(204);
    expect((await finish()).statusCode).toBe(404);
    const run = (await world.ask(`GET /api/v1/check-runs/${id}`)).json();
    expect(run).toMatchObject({ finished: true, zones: [{ zone: 'fra', outcome: 'ok', values: { durationMs: 3 } }] });
  });

  it('is told at once that a monitor has changed', async () => {
    const waiting = ask('POST /api/v1/zones/fra/check-runs/claim', { limit: 10, waitMs: 20_000 });
    let isAnswered = false;
    const answered = waiting.finally(() => {
      isAnswered = true;
    });
    // Again and again: the first change may come before the request waits.
    for (let count = 0; !isAnswered; count++) {
      await world.ask('POST /api/v1/monitors', { body: aMonitor({ name: `new ${count}`, zones: ['fra'] }) });
    }
    expect((await answered).json()).toEqual({ items: [], monitorsChanged: true });
  });

  it.each([
    '0000-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '9999-12-31T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-13-45T00:00:00Z',
  ])('is not taken for one that has started at %s', async (startedAt) => {
    const body = { host: 'h', pid: 7, version: '0', zones: ['fra'], startedAt, figures: {} };
    const answer = await ask('PUT /api/v1/processes/odd.7', body);
    expect([answer.statusCode, problemOf(answer).errors?.[0]?.pointer]).toEqual([422, '/startedAt']);
  });

  it('gives no zone back under a number that no lease has', async () => {
    const answer = await ask('DELETE /api/v1/zones/fra/lease?holder=x&epoch=99999999999999999999');
    expect([answer.statusCode, problemOf(answer).errors?.[0]?.pointer]).toEqual([422, 'query:epoch']);
    expect((await ask(`DELETE /api/v1/zones/fra/lease?holder=x&epoch=${Number.MAX_SAFE_INTEGER}`)).statusCode).toBe(
      204,
    );
  });

  it('says that it is there under a name that is its own, and when it ends', async () => {
    const body = {
      ...{ host: 'edge-1', pid: 7, version: '0.1.0', zones: ['fra'], startedAt: '2026-01-01T00:00:00Z' },
      figures: {
        ...{ checks: 7, latenessP99Ms: 1.5, dropped: 0, waitingEvents: 3, rssBytes: 1, loopDelayP99Ms: null },
        ...{ cpuRatio: 0.1, lastError: null },
        buffer: { backlog: 2, bytes: 100, refused: 0, quarantined: 0, diskError: null },
      },
    };
    expect((await ask('PUT /api/v1/processes/edge-1.7', body)).statusCode).toBe(204);
    const rows = () => world.store.db.selectFrom('processes').selectAll().execute();
    expect(await rows()).toMatchObject([
      { id: `default/${agentId}/edge-1.7`, roles: ['scheduler'], figures: { waitingEvents: 3, isRemote: true } },
    ]);
    expect((await ask('DELETE /api/v1/processes/edge-1.7')).statusCode).toBe(204);
    expect(await rows()).toEqual([]);
  });
});
