import type { AttributeValues, CatalogueName, CatalogueValue, Heatmap, Points, QueryResult } from '@watchkeeper/model';
import { bucketBounds } from '@watchkeeper/model';
import { noteSeenNames } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, openApiWorld, problemOf } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await openApiWorld();
});
afterAll(() => world.close());

async function write(lines: readonly string[], key = world.admin): Promise<void> {
  const answer = await world.app.inject({
    method: 'POST',
    url: '/write?db=watchkeeper&precision=ms',
    headers: { authorization: `Token ${key}` },
    payload: lines.join('\n'),
  });
  expect(answer.statusCode, answer.body).toBe(204);
}

async function read<T>(place: string, body?: unknown): Promise<T> {
  const answer = await world.ask(place, body === undefined ? {} : { body });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json() as T;
}

describe('The catalogue', () => {
  it('knows a name with its values, units and attributes as soon as the write is answered', async () => {
    await write([
      'order.placed,shop=north,tier=gold durationMs=12,size_bytes=300,items=3i 1700000000000',
      'order.placed,shop=south,tier=gold durationMs=14,size_bytes=310,items=1i 1700000001000',
      'order.placed,shop=south durationMs=14 1700000002000',
    ]);
    const found = await read<CatalogueName>('GET /api/v1/catalogue/order.placed');
    expect(found).toMatchObject({ name: 'order.placed', series: 3 });
    expect(found.values.map(({ name, unit }) => [name, unit])).toEqual([
      ['durationMs', 'ms'],
      ['items', null],
      ['size_bytes', 'bytes'],
    ]);
    expect(found.attributes).toContainEqual({
      ...{ name: 'shop', values: 2, isCapped: false, examples: ['north', 'south'] },
    });
    expect(found.attributes).toContainEqual({ name: 'tier', values: 1, isCapped: false, examples: ['gold'] });
    expect(found.attributes.every(({ name }) => name !== 'environment')).toBe(true);
  });

  it('says when a name was first and last seen', async () => {
    await write(['seen.twice value=1 1700000000000']);
    const before = await read<CatalogueName>('GET /api/v1/catalogue/seen.twice');
    const later = Date.parse(before.lastSeen) + 60_000;
    const note = (receivedMs: number) =>
      noteSeenNames(world.store.db, [{ tenant: 'default', name: 'seen.twice', receivedUs: receivedMs * 1000 }]);
    await note(later);
    await note(later - 30_000);
    const after = await read<CatalogueName>('GET /api/v1/catalogue/seen.twice');
    expect([after.firstSeen, Date.parse(after.lastSeen)]).toEqual([before.firstSeen, later]);
  });

  it('is searched and read page by page', async () => {
    await write(['page.c', 'page.a', 'page.b'].map((name) => `${name} value=1`));
    const first = await read<{ items: CatalogueName[]; next: string }>('GET /api/v1/catalogue?q=PAGE&limit=2');
    expect(first.items.map(({ name }) => name)).toEqual(['page.a', 'page.b']);
    const second = await read<{ items: CatalogueName[]; next: null }>(
      `GET /api/v1/catalogue?q=PAGE&limit=2&cursor=${first.next}`,
    );
    expect([second.items.map(({ name }) => name), second.next]).toEqual([['page.c'], null]);
  });

  it('offers the values of an attribute, searched and bounded', async () => {
    await write(Array.from({ length: 25 }, (_, index) => `rack.read,rack=R${String(index).padStart(2, '0')} value=1`));
    const place = 'GET /api/v1/catalogue/rack.read/attributes/rack';
    const first = await read<AttributeValues>(`${place}?q=r1&limit=6`);
    expect(first).toMatchObject({ items: ['R10', 'R11', 'R12', 'R13', 'R14', 'R15'] });
    const second = await read<AttributeValues>(`${place}?q=r1&limit=6&cursor=${first.next}`);
    expect([second.items, second.next]).toEqual([['R16', 'R17', 'R18', 'R19'], null]);
  });

  it('says what is not there and what there is instead', async () => {
    const absent = await world.ask('GET /api/v1/catalogue/never.came');
    expect([absent.statusCode, problemOf(absent).code]).toEqual([404, 'not_found']);
    await write(['has.rack,rack=a value=1']);
    const attribute = await world.ask('GET /api/v1/catalogue/has.rack/attributes/shelf');
    expect(problemOf(attribute).detail).toMatch(/no attribute "shelf".*rack/);
  });

  it('takes names of any characters, through the API too', async () => {
    await write(['disk\\ use/%,mount\\ point=/var used\\ %=40 1700000000000']);
    const name = encodeURIComponent('disk use/%');
    const found = await read<CatalogueName>(`GET /api/v1/catalogue/${name}`);
    expect(found.values.map((value) => value.name)).toEqual(['used %']);
    const rows = await read<QueryResult>('POST /api/v1/query', {
      ...{ events: 'disk use/%', aggregates: ['avg(used %)', 'p90(used %)'], groupBy: ['mount point'] },
      ...{ from: '2023-11-14T00:00:00Z', to: '2023-11-15T00:00:00Z' },
    });
    expect(rows.rows).toMatchObject([{ group: { 'mount point': '/var' }, values: { 'avg(used %)': 40 } }]);
  });

  it('keeps what people say of a value, and who said it', async () => {
    await write(['tank.level level=3']);
    const place = 'PUT /api/v1/catalogue/tank.level/values/level';
    const said = await read<CatalogueValue>(place, { unit: 'l', description: 'Water in the tank' });
    expect(said).toEqual({ name: 'level', unit: 'l', unitIsSet: true, description: 'Water in the tank' });
    const changes = await read<{ items: { action: string; object: string }[] }>('GET /api/v1/changes?limit=1');
    expect(changes.items).toMatchObject([{ action: 'value.changed', object: 'value "level" of events "tank.level"' }]);
    expect(await read<CatalogueValue>(place, {})).toMatchObject({ unit: null, unitIsSet: false, description: null });
    const absent = await world.ask('PUT /api/v1/catalogue/tank.level/values/depth', { body: { unit: 'm' } });
    expect(absent.statusCode).toBe(404);
    const viewer = (await world.makeKey('viewer')).text;
    expect((await world.ask(place, { key: viewer, body: { unit: 'l' } })).statusCode).toBe(403);
  });

  it('shows a tenant its own names only', async () => {
    const other = await world.makeKey('editor', { tenant: 'other' });
    await write(['only.ours value=1']);
    const answer = await world.ask('GET /api/v1/catalogue/only.ours', { key: other.text });
    expect(answer.statusCode).toBe(404);
  });

  it('counts values over a bounded number of series and says so', async () => {
    await sql`
      insert into series (id, tenant_id, environment, zone, host, guest, service, name, source, attributes, value_names, canonical)
      select 5000000 + n, 1, '', '', '', '', '', 'request.id', '', jsonb_build_object('id', 'r' || n), '{value}', 'c' || n
      from generate_series(1, 150) n`.execute(world.store.db);
    const one = await read<CatalogueName>('GET /api/v1/catalogue/request.id');
    expect(one.attributes).toMatchObject([{ name: 'id', values: 150, isCapped: false }]);
    const list = await read<{ items: CatalogueName[] }>('GET /api/v1/catalogue?q=request.id');
    expect(list.items[0]).toMatchObject({ series: 150, attributes: [{ name: 'id', values: 100, isCapped: true }] });
  });

  it('is not broken by texts that are too long for it', async () => {
    const long = 'x'.repeat(900);
    await write([`long.text,${'k'.repeat(200)}=${long},fine=yes value=2`]);
    const found = await read<CatalogueName>('GET /api/v1/catalogue/long.text');
    expect(found.attributes.map(({ name }) => name)).toEqual(['fine', 'k'.repeat(200)]);
  });
});

describe('Any name that arrived', () => {
  const atMs = 1_700_000_000_000;
  const day = { from: new Date(atMs).toISOString(), to: new Date(atMs + 10_000).toISOString() };
  beforeAll(() =>
    write([
      `press.done,line=a ms=10 ${atMs + 100}`,
      `press.done,line=b ms=10 ${atMs + 200}`,
      `press.done,line=a ms=80 ${atMs + 300}`,
      `press.done,line=a ms=-1 ${atMs + 2500}`,
      `press.done,line=a other=1 ${atMs + 3500}`,
    ]),
  );

  it('is a heat map in packed columns', async () => {
    const map = await read<Heatmap>('POST /api/v1/query/heatmap', {
      ...{ events: 'press.done', value: 'ms', step: '1s', ...day },
    });
    expect(map).toMatchObject({ startMs: atMs, stepMs: 1000 });
    expect(map.sources).toEqual([2, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(map.ends).toEqual([2, 2, 3, 3, 3, 3, 3, 3, 3, 3]);
    expect(map.counts).toEqual([2, 1, 1]);
    const [ten, eighty, negative] = map.buckets.map((bucket) => bucketBounds(bucket));
    expect(ten?.lower).toBeLessThanOrEqual(10);
    expect(ten?.upper).toBeGreaterThan(10);
    expect(eighty?.lower).toBe(80);
    expect(negative).toEqual({ lower: 0, upper: 0 });
  });

  it('is shown as points, split by an attribute', async () => {
    const points = await read<Points>('POST /api/v1/query/points', {
      ...{ events: 'press.done', value: 'ms', groupBy: ['line'], ...day },
    });
    expect(points).toMatchObject({ total: 4, thinned: false, values: [10, 10, 80, -1], outcomes: [0, 0, 0, 0] });
    expect(points.timesMs).toEqual([100, 200, 300, 2500].map((offset) => atMs + offset));
    expect(points.group.map((place) => points.groups[place]?.line)).toEqual(['a', 'b', 'a', 'a']);
  });

  it('is thinned to as many points as were asked for', async () => {
    const points = await read<Points>('POST /api/v1/query/points', {
      ...{ events: 'press.done', value: 'ms', limit: 2, ...day },
    });
    expect([points.values.length, points.total, points.thinned]).toEqual([2, 4, true]);
  });

  it('is refused where it names what no such event has', async () => {
    for (const kind of ['heatmap', 'points']) {
      const body = { events: 'press.done', value: 'absent', where: { shelf: ['1'] }, ...day };
      const answer = await world.ask(`POST /api/v1/query/${kind}`, {
        body: kind === 'heatmap' ? { ...body, step: '1s' } : body,
      });
      expect(answer.statusCode).toBe(422);
      expect(problemOf(answer).errors?.map(({ pointer }) => pointer)).toEqual(['/value', '/where/shelf']);
    }
  });
});
