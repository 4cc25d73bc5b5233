import type { Heatmap, Points, QueryResult } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { type ApiWorld, openApiWorld, problemOf } from './api-world.ts';

describe('Conditions of a question', () => {
  let world: ApiWorld;
  const atMs = Math.floor(Date.now() / 1000 - 60) * 1000;
  const range = { from: new Date(atMs).toISOString(), to: new Date(atMs + 10_000).toISOString() };

  beforeAll(async () => {
    world = await openApiWorld();
    const { epoch } = await world.eventLog.openProducer('p');
    const read = (host: string, value: number | null, failed = false, disk?: string) =>
      anEvent({
        series: aSeries({
          ...{ name: 'disk_read', host, valueNames: ['durationMs'] },
          attributes: disk === undefined ? {} : { disk },
        }),
        timeUs: atMs * 1000 + 1_500_000,
        values: [value],
        ...(failed ? { outcome: 'failed' as const, reason: 'timeout' } : {}),
      });
    const events = [
      read('a', 1, false, 'sda'),
      read('a', 16, false, 'loop0'),
      read('b', 17, true),
      read('b', 40, false, 'sda'),
      read('c', null, false, 'sda'),
    ];
    await world.eventLog.append({ producer: 'p', epoch, firstSeq: 1, events });
  });
  afterAll(() => world.close());

  async function ask<T>(path: string, body: object): Promise<T> {
    const answer = await world.ask(`POST /api/v1/${path}`, { body: { events: 'disk_read', ...range, ...body } });
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.json() as T;
  }
  const hosts = async (body: object) => {
    const { rows } = await ask<QueryResult>('query', { groupBy: ['host'], aggregates: ['count'], ...body });
    return Object.fromEntries(rows.map(({ group, values }) => [group.host, values.count]));
  };

  it('leave out what has a value; saying nothing of it counts', async () => {
    expect(await hosts({})).toEqual({ a: 2, b: 2, c: 1 });
    expect(await hosts({ whereNot: { host: ['a', 'c'] } })).toEqual({ b: 2 });
    expect(await hosts({ whereNot: { disk: ['sda'] } })).toEqual({ a: 1, b: 1 });
    expect(await hosts({ whereNot: { outcome: ['failed'] }, where: { host: ['b'] } })).toEqual({ b: 1 });
  });
  it('hold a value within a range, its lower end included; what was not measured lies in none', async () => {
    expect(await hosts({ between: { durationMs: { from: 16, below: 40 } } })).toEqual({ a: 1, b: 1 });
    expect(await hosts({ between: { durationMs: { below: 16 } } })).toEqual({ a: 1 });
    expect(await hosts({ between: { durationMs: {} } })).toEqual({ a: 2, b: 2, c: 1 });
  });
  it('mean the same for heat maps and points', async () => {
    const conditions = { value: 'durationMs', whereNot: { disk: ['loop0'] }, between: { durationMs: { from: 2 } } };
    const heat = await ask<Heatmap>('query/heatmap', { ...conditions, step: '1s' });
    expect([heat.sources[1], heat.counts]).toEqual([2, [1, 1]]);
    const points = await ask<Points>('query/points', conditions);
    expect(points.values).toEqual([17, 40]);
  });
  it('count a series once in a column of a heat map, however many of its buckets are hit', async () => {
    const heat = await ask<Heatmap>('query/heatmap', { value: 'durationMs', step: '10s', where: { disk: ['sda'] } });
    expect(heat.sources.reduce((sum, sources) => sum + sources, 0)).toBe(2);
  });
  it('name what nobody has heard of, with its place', async () => {
    const body = { events: 'disk_read', ...range, aggregates: ['count'] };
    const wrong = await world.ask('POST /api/v1/query', {
      body: { ...body, whereNot: { rack: ['1'], outcome: ['good'] }, between: { sizeBytes: { from: 1 } } },
    });
    expect(wrong.statusCode).toBe(422);
    expect(problemOf(wrong).errors?.map(({ pointer }) => pointer)).toEqual(['/whereNot/outcome/0']);
    const unknown = await world.ask('POST /api/v1/query', {
      body: { ...body, whereNot: { rack: ['1'] }, between: { sizeBytes: { from: 1 } } },
    });
    expect(problemOf(unknown).errors?.map(({ pointer }) => pointer)).toEqual(['/between/sizeBytes', '/whereNot/rack']);
  });
});
