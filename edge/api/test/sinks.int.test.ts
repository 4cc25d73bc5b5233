import type { Sink, SinkRefusal } from '@watchkeeper/model';
import { advanceSink, findSink, openReader, type SinkRow, sinkReader } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../../../foundation/model/test/makers.ts';
import { type ApiWorld, openApiWorld, problemOf } from './api-world.ts';

const aSink = (over: Readonly<Record<string, unknown>> = {}) => ({
  ...{ name: 'out', type: 'webhook', options: { url: 'http://127.0.0.1:9/' } },
  ...over,
});

describe('Sinks', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  const put = (body: ReturnType<typeof aSink>, headers = {}) =>
    world.ask(`PUT /api/v1/sinks/${body.name}`, { body, headers });
  const get = async (name: string) => (await world.ask(`GET /api/v1/sinks/${name}`)).json() as Sink;
  const rowOf = async (name: string) => (await findSink(world.store.db, 1, name)) as SinkRow;

  it('are made with everything filled in, listed, changed by version, and deleted with their positions', async () => {
    const made = await put(aSink());
    expect(made.statusCode, made.body).toBe(200);
    expect(made.json()).toMatchObject({
      ...{ tenant: 'default', type: 'webhook', options: { url: 'http://127.0.0.1:9/', headers: {} }, version: 1 },
      ...{ events: { names: [], where: {} }, rollup: null, mapping: { name: '{name}', keep: [], rename: {} } },
      ...{ begin: 'now', batchEvents: 1000, batchWait: '1s', paused: false },
      status: { state: 'waiting', forwarded: 0, refused: 0, skipped: 0, lagEvents: 0, lastError: null },
    });
    expect((await put(aSink())).json()).toMatchObject({ version: 1 });
    expect((await put(aSink({ paused: true }), { 'if-match': '"7"' })).statusCode).toBe(412);
    const paused = await put(aSink({ paused: true }), { 'if-match': '"1"' });
    expect(paused.json()).toMatchObject({ version: 2, status: { state: 'paused' } });
    const list = (await world.ask('GET /api/v1/sinks')).json() as { items: Sink[] };
    expect(list.items.map(({ name }) => name)).toEqual(['out']);
    const changes = (await world.ask('GET /api/v1/changes')).json() as { items: { action: string; object: string }[] };
    expect(changes.items.map(({ action, object }) => `${action} ${object}`)).toEqual([
      'sink.changed sink "out"',
      'sink.created sink "out"',
    ]);
    const positions = () =>
      sql`select from reader_positions where starts_with(reader, 'sink/')`.execute(world.store.db);
    expect((await positions()).rows.length).toBe(1);
    expect((await world.ask('DELETE /api/v1/sinks/out')).statusCode).toBe(204);
    expect((await positions()).rows.length).toBe(0);
    expect((await world.ask('GET /api/v1/sinks/out')).statusCode).toBe(404);
    expect((await world.ask('DELETE /api/v1/sinks/out')).statusCode).toBe(404);
  });

  it.each([
    [{ type: 'webhok' }, '/type', /did you mean "webhook"/],
    [{ options: {} }, '/options/url', /./],
    [{ options: { url: 'ftp://x' } }, '/options/url', /./],
    [{ options: { url: 'http://x/', colour: 'red' } }, '/options/colour', /./],
    [{ events: {}, rollup: { name: 'monitors', granularity: '1m' } }, '/rollup', /leave one of them out/],
    [{ rollup: { name: 'absent', granularity: '1m' } }, '/rollup/name', /no rollup "absent"/],
    [{ rollup: { name: 'monitors', granularity: '7m' } }, '/rollup/granularity', /1m, 1h, 1d/],
    [{ rollup: { name: 'monitors', granularity: '1m', correctFor: '2d' } }, '/rollup/correctFor', /at most 1d/],
    [{ batchWait: '11m' }, '/batchWait', /0s to 10m/],
    [{ retryFirst: '1ms' }, '/retryFirst', /100ms to 1h/],
    [{ batchEvents: 0 }, '/batchEvents', /./],
    [{ events: { names: ['a b'] } }, '/events/names/0', /./],
    [{ name: 'Out' }, 'path:name', /./],
  ])('that are not right are refused with the place: %o', async (over, pointer, message) => {
    const answer = await put(aSink(over));
    expect(answer.statusCode, answer.body).toBe(422);
    const problem = problemOf(answer).errors?.find((one) => one.pointer === pointer);
    expect(problem?.message, answer.body).toMatch(message);
  });

  it('are kept as code: applied, exported as they were, and told apart from what they were', async () => {
    const objects = [
      { kind: 'Sink', ...aSink({ name: 'coded', events: { names: ['monitor.*'] }, rollup: undefined }) },
      { kind: 'Sink', ...aSink({ name: 'sums', rollup: { name: 'monitors', granularity: '1m' } }) },
    ];
    const applied = await world.ask('POST /api/v1/apply', { body: { objects } });
    expect(applied.json(), applied.body).toMatchObject({ created: 2 });
    const exported = (await world.ask('GET /api/v1/export?kind=Sink')).json() as { objects: Record<string, unknown>[] };
    expect(exported.objects).toMatchObject([
      { kind: 'Sink', name: 'coded', events: { names: ['monitor.*'], where: {} } },
      { kind: 'Sink', name: 'sums', rollup: { name: 'monitors', granularity: '1m', delay: '10s', correctFor: '10m' } },
    ]);
    const again = await world.ask('POST /api/v1/apply', { body: exported });
    expect(again.json()).toMatchObject({ created: 0, updated: 0, unchanged: 2 });
  });

  it('show how far they are and what was refused, page by page, each tenant its own', async () => {
    await put(aSink({ name: 'busy', begin: 'oldest' }));
    const { epoch } = await world.eventLog.openProducer('p');
    await world.eventLog.append({ producer: 'p', epoch, firstSeq: 1, events: [anEvent(), anEvent(), anEvent()] });
    expect((await get('busy')).status).toMatchObject({ state: 'waiting', lagEvents: 3 });
    const sink = await rowOf('busy');
    const position = await openReader(world.store.db, sinkReader(sink), 0);
    const { events } = await world.eventLog.read(0, position, 10);
    const refused = ['0-1', '0-2'].map((event) => ({ event, reason: 'too old', body: '{}' }));
    const to = { offset: 3, receivedUs: events.at(-1)?.receivedUs ?? 0 };
    await world.store.write((tx) => advanceSink(tx, { sink, partition: 0, chosen: 3, refused }, position, to));
    expect((await get('busy')).status).toMatchObject({
      ...{ state: 'forwarding', forwarded: 1, refused: 2, lagEvents: 0, lagMs: 0, lastError: null },
      forwardedAt: expect.stringMatching(/Z$/),
    });
    const first = (await world.ask('GET /api/v1/sinks/busy/refusals?limit=1')).json() as {
      items: SinkRefusal[];
      next: string;
    };
    const second = await world.ask(`GET /api/v1/sinks/busy/refusals?limit=1&cursor=${first.next}`);
    expect([...first.items, ...(second.json() as { items: SinkRefusal[] }).items]).toMatchObject([
      { event: '0-2', reason: 'too old', body: '{}' },
      { event: '0-1' },
    ]);
    expect(second.json()).toMatchObject({ next: null });
    const { text: stranger } = await world.makeKey('viewer', { tenant: 'other' });
    expect((await world.ask('GET /api/v1/sinks', { key: stranger })).json()).toEqual({ items: [] });
    expect((await world.ask('GET /api/v1/sinks/busy', { key: stranger })).statusCode).toBe(404);
    const { text: viewer } = await world.makeKey('viewer');
    expect((await world.ask('GET /api/v1/sinks/busy/refusals', { key: viewer })).statusCode).toBe(403);
  });

  it('that are paused are nobody’s to read on the page of processes', async () => {
    await put(aSink({ name: 'still', paused: true }));
    const list = (await world.ask('GET /api/v1/processes')).json() as { readers: { reader: string }[] };
    const readers = new Set(list.readers.map(({ reader }) => reader));
    expect([readers.has('sink/default/busy'), readers.has('sink/default/still')]).toEqual([true, false]);
  });

  it('have types that are described by their schema', async () => {
    const { items } = (await world.ask('GET /api/v1/sink-types')).json() as {
      items: { name: string; options: object }[];
    };
    expect(items.map(({ name }) => name)).toEqual([
      ...[
        'file',
        'graphite',
        'influxdb',
        'kafka',
        'object-store',
        'otlp',
        'prometheus-remote-write',
        'statsd',
        'webhook',
      ],
    ]);
    for (const { options } of items) expect(options).toMatchObject({ type: 'object', properties: expect.anything() });
    expect(world.errors).toEqual([]);
  });
});
