import { systemClock } from '@watchkeeper/kit';
import type { QueryResult, Rollup } from '@watchkeeper/model';
import { startProcessor } from '@watchkeeper/processor';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, openApiWorld } from './api-world.ts';

describe("Users' own metrics", () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  async function read<T>(place: string, body?: unknown): Promise<T> {
    const answer = await world.ask(place, body === undefined ? {} : { body });
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.json() as T;
  }

  it('are rolled up by whatever names they have, and asked for by them', async () => {
    const name = 'oven-temperatures';
    const rollup = await read<Rollup>(`PUT /api/v1/rollups/${name}`, {
      ...{ name, events: 'oven temp/°C', groupBy: ['bakery hall', 'oven'], granularities: ['1s', '1m'] },
      aggregates: ['count', 'avg(core temp)', 'max(core temp)', 'p50(core temp)', 'counter(outcome)'],
    });
    expect(rollup.version).toBe(1);
    const atMs = 1_700_000_040_000;
    const lines = [200, 210, 220].flatMap((temperature, index) => [
      `oven\\ temp/°C,bakery\\ hall=west\\ 1,oven=A core\\ temp=${temperature} ${atMs + index * 1000}`,
      `oven\\ temp/°C,bakery\\ hall=west\\ 1,oven=B core\\ temp=${temperature + 5} ${atMs + index * 1000}`,
    ]);
    const written = await world.app.inject({
      ...{ method: 'POST', url: '/write?db=watchkeeper&precision=ms', payload: lines.join('\n') },
      headers: { authorization: `Token ${world.admin}` },
    });
    expect(written.statusCode, written.body).toBe(204);
    const parts = {
      store: world.store,
      eventLog: world.eventLog,
      clock: systemClock,
      holder: 'test',
      writeEveryMs: 10,
    };
    const processor = startProcessor({ ...parts, messages: world.messages, logger: world.logger });
    const deadlineMs = performance.now() + 10_000;
    for (let isAddedUp = false; !isAddedUp; ) {
      if (performance.now() > deadlineMs) throw new Error('the events were not added up within ten seconds');
      const { rows } =
        await sql`select from reader_positions where reader = 'processor' and log_offset = ${lines.length}`.execute(
          world.store.db,
        );
      isAddedUp = rows.length === 1;
      await systemClock.pause(10);
    }
    await processor.drain();

    const range = { from: new Date(atMs).toISOString(), to: new Date(atMs + 60_000).toISOString() };
    const question = {
      ...{ groupBy: ['oven'], aggregates: ['count', 'avg(core temp)', 'max(core temp)', 'p50(core temp)'] },
      ...{ where: { 'bakery hall': ['west 1'] }, ...range },
    };
    const fromRollup = await read<QueryResult>('POST /api/v1/query', { rollup: name, step: '1m', ...question });
    expect(
      fromRollup.rows.map(({ group, values }) => [
        group.oven,
        values.count,
        values['avg(core temp)'],
        values['max(core temp)'],
      ]),
    ).toEqual([
      ['A', 3, 210, 220],
      ['B', 3, 215, 225],
    ]);
    // Within the width of a bucket of a distribution.
    const median = fromRollup.rows[0]?.values['p50(core temp)'] as number;
    expect(Math.abs(median - 210) / 210).toBeLessThan(0.05);
    const fromEvents = await read<QueryResult>('POST /api/v1/query', {
      events: 'oven temp/°C',
      step: '1m',
      ...question,
    });
    expect(
      fromEvents.rows.map(({ values }) => [values.count, values['avg(core temp)'], values['p50(core temp)']]),
    ).toEqual([
      [3, 210, 210],
      [3, 215, 215],
    ]);
    const perSecond = await read<QueryResult>('POST /api/v1/query', {
      ...{ rollup: name, step: '1s', ...question, groupBy: [], where: {} },
      to: new Date(atMs + 4000).toISOString(),
    });
    // Nothing was measured in the fourth second, which is not zero.
    expect(perSecond.rows.map(({ values }) => values['max(core temp)'])).toEqual([205, 215, 225, null]);
  });
});
