import { noProcessFigures, type ProcessList } from '@watchkeeper/model';
import { acquireLease, noteProcess, openReader, releaseLease } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent } from '../../../foundation/model/test/makers.ts';
import { type ApiWorld, openApiWorld } from './api-world.ts';

const { leases: _none, ...figures } = noProcessFigures;

describe('Processes', () => {
  let world: ApiWorld;
  let databaseBackMs: number | null = null;
  beforeAll(async () => {
    world = await openApiWorld({ databaseBackMs: () => databaseBackMs });
  });
  afterAll(() => world.close());

  const note = (host: string, over: Partial<typeof figures> = {}) =>
    noteProcess(world.store.db, {
      ...{ id: `${host}/7/00000000`, host, pid: 7, version: '0.1.0', roles: ['processor', 'health'], zones: ['fra'] },
      startedAt: new Date('2026-01-01T00:00:00Z'),
      figures: { ...figures, ...over },
    });
  const hold = (name: string, host: string, seconds = 60) =>
    acquireLease(world.store.db, { name, holder: `${host}/7/00000000`, seconds });
  /** The time of the database stands still in no test; what was written moves into the past instead. */
  const letPass = async (seconds: number, host: string) => {
    const ago = sql`${seconds} * interval '1 second'`;
    await sql`update processes set seen_at = seen_at - ${ago} where host = ${host}`.execute(world.store.db);
    await sql`update leases set expires_at = expires_at - ${ago} where holder = ${`${host}/7/00000000`}`.execute(
      world.store.db,
    );
  };
  const ask = async () => (await world.ask('GET /api/v1/processes')).json() as ProcessList;

  it('are listed with roles, figures and what they hold', async () => {
    await hold('processor/0', 'one');
    await hold('health/0', 'two');
    await hold('scheduler/fra', 'two');
    await note('one', { rssBytes: 1234, readers: [{ reader: 'processor', partitions: [0] }], cpuRatio: 0.25 });
    await note('two', { isRemote: true, lastError: { message: 'no luck', at: '2026-01-01T00:00:01Z' } });
    await openReader(world.store.db, 'processor', 0);
    const { items, leases, readers } = await ask();
    expect(items).toMatchObject([
      { id: 'one/7/00000000', state: 'running', leases: ['processor/0'], isRemote: false, figures: { cpuRatio: 0.25 } },
      { host: 'two', state: 'running', leases: ['health/0', 'scheduler/fra'], isRemote: true },
    ]);
    expect(items[1]?.figures.lastError?.message).toBe('no luck');
    expect(leases.map(({ name, holder }) => [name, holder])).toEqual([
      ['health/0', 'two/7/00000000'],
      ['processor/0', 'one/7/00000000'],
      ['scheduler/fra', 'two/7/00000000'],
    ]);
    expect(readers).toMatchObject([
      { reader: 'processor', partition: 0, holder: 'one/7/00000000', lagEvents: 0, lagMs: 0 },
    ]);
  });

  it('a reader’s lag is counted in events and in time', async () => {
    const { epoch } = await world.eventLog.openProducer('tester');
    await world.eventLog.append({ producer: 'tester', epoch, firstSeq: 1, events: [anEvent(), anEvent(), anEvent()] });
    await sql`update events set received_at = received_at - interval '40 seconds'`.execute(world.store.db);
    const [reader] = (await ask()).readers;
    expect(reader?.lagEvents).toBe(3);
    expect(reader?.lagMs).toBeGreaterThanOrEqual(40_000);
    expect(reader?.lagMs).toBeLessThan(60_000);
  });

  it('one that was killed is silent within 15 seconds, and what it held is read by nobody since its lease ran out', async () => {
    await letPass(13, 'one');
    await sql`update leases set expires_at = clock_timestamp() - interval '3 seconds' where name = 'processor/0'`.execute(
      world.store.db,
    );
    const { items, readers, at } = await ask();
    expect(items).toMatchObject([
      { host: 'two', state: 'running' },
      { host: 'one', state: 'silent', leases: [], replacedBy: [], abandoned: ['processor/0'] },
    ]);
    expect(readers[0]?.holder).toBeNull();
    const sinceMs = Date.parse(at) - Date.parse(readers[0]?.unheldSince ?? '');
    expect(sinceMs).toBeGreaterThan(2500);
    expect(sinceMs).toBeLessThan(20_000);
  });

  it('after the database was away nobody is silent until everybody could tell of itself again', async () => {
    databaseBackMs = 4000;
    const { items, backAt, at } = await ask();
    expect(items.map(({ host, state }) => [host, state])).toContainEqual(['one', 'running']);
    expect(Date.parse(at) - Date.parse(backAt ?? '')).toBe(4000);
    databaseBackMs = 11_001;
    expect(await ask()).toMatchObject({
      backAt: null,
      items: [{ state: 'running' }, { host: 'one', state: 'silent' }],
    });
    databaseBackMs = null;
  });

  it('then it says who does its work', async () => {
    const lease = await hold('processor/0', 'two');
    expect((await ask()).items).toMatchObject([
      { host: 'two', leases: ['health/0', 'processor/0', 'scheduler/fra'] },
      { host: 'one', replacedBy: [{ process: 'two/7/00000000', leases: ['processor/0'] }], abandoned: [] },
    ]);
    if (lease !== undefined) await releaseLease(world.store.db, lease);
  });

  it('after a day nobody speaks of it any more, nor of a zone that was given up; a partition stays', async () => {
    await letPass(86_400, 'one');
    await sql`update leases set expires_at = expires_at - interval '25 hours' where name in ('scheduler/fra', 'processor/0')`.execute(
      world.store.db,
    );
    const { items, leases } = await ask();
    expect(items.map(({ host }) => host)).toEqual(['two']);
    expect(leases.map(({ name }) => name)).toEqual(['health/0', 'processor/0']);
  });

  it('who takes part in sharing leases holds nothing by that', async () => {
    await sql`insert into leases (name, holder, serves, expires_at) values ('processor/member/two/7/00000000', 'two/7/00000000', '{0}', now() + interval '1 minute')`.execute(
      world.store.db,
    );
    const { items, leases } = await ask();
    expect(leases.map(({ name }) => name)).toEqual(['health/0', 'processor/0']);
    expect(items[0]?.leases).toEqual(['health/0']);
  });

  it('every viewer sees them, a stranger does not', async () => {
    const { text } = await world.makeKey('viewer', { tenant: 'other' });
    expect((await world.ask('GET /api/v1/processes', { key: text })).statusCode).toBe(200);
    const { text: ingest } = await world.makeKey('ingest');
    expect((await world.ask('GET /api/v1/processes', { key: ingest })).statusCode).toBe(403);
    expect((await world.ask('GET /api/v1/processes', { key: undefined })).statusCode).toBe(401);
  });
});
