import { systemClock } from '@watchkeeper/kit';
import { startProcessor } from '@watchkeeper/processor';
import { readerLags } from '@watchkeeper/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { type ApiWorld, openApiWorld, problemOf } from './api-world.ts';

describe('The newest whole period of a rollup', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
    const rollup = { name: 'calls', events: 'openstack.api', groupBy: ['zone', 'quoted'], granularities: ['1d', '2d'] };
    const aggregates = ['count', 'max(durationMs)', 'counter(status)'];
    const made = await world.ask('PUT /api/v1/rollups/calls', { body: { ...rollup, aggregates } });
    expect(made.statusCode, made.body).toBe(200);
    const yesterdayUs = (Math.floor(Date.now() / 86_400_000) - 1) * 86_400_000_000;
    const call = (value: number | null, attributes: Record<string, string>, zone: string, beforeUs = 0) =>
      anEvent({
        series: aSeries({ name: 'openstack.api', zone, attributes }),
        ...{ timeUs: yesterdayUs - beforeUs, values: [value] },
      });
    const { epoch } = await world.eventLog.openProducer('p');
    const events = [
      call(5, { status: '200', quoted: 'a "b"\\\n' }, 'fra'),
      call(7, { status: '500', quoted: 'a "b"\\\n' }, 'fra'),
      call(null, { status: '200' }, 'ams'),
      call(99, { status: '200' }, 'ams', 86_400_000_000),
    ];
    await world.eventLog.append({ producer: 'p', epoch, firstSeq: 1, events });
    const { store, eventLog } = world;
    const parts = { store, eventLog, clock: systemClock, holder: 'p', writeEveryMs: 10 };
    const processor = startProcessor({ ...parts, messages: world.messages, logger: world.logger });
    const deadlineMs = performance.now() + 15_000;
    const isCounted = async () =>
      (await readerLags(store.db)).some(({ reader, lag }) => reader === 'processor' && lag === 0);
    while (!(await isCounted()) && performance.now() < deadlineMs) await systemClock.pause(20);
    await processor.drain();
  });
  afterAll(() => world.close());

  it('is told to Prometheus as gauges with the key as labels, nothing for what was not measured', async () => {
    const answer = await world.ask('GET /api/v1/rollups/calls/metrics?delay=0s');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    const lines = answer.body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const quoted = 'quoted="a \\"b\\"\\\\\\n"';
    expect(lines.toSorted()).toEqual(
      [
        `calls_count{zone="fra",${quoted}} 2`,
        'calls_count{zone="ams"} 1',
        `calls_durationMs_max{zone="fra",${quoted}} 7`,
        `calls_status{zone="fra",${quoted},status="200"} 1`,
        `calls_status{zone="fra",${quoted},status="500"} 1`,
        'calls_status{zone="ams",status="200"} 1',
      ].toSorted(),
    );
    expect(answer.body).toContain('# TYPE calls_count gauge');
  });

  it('is asked for by granularity, of a rollup that there is, with a key', async () => {
    expect((await world.ask('GET /api/v1/rollups/calls/metrics?granularity=2d')).statusCode).toBe(200);
    const wrong = await world.ask('GET /api/v1/rollups/calls/metrics?granularity=7m');
    expect([wrong.statusCode, problemOf(wrong).errors?.[0]?.pointer]).toEqual([422, 'query:granularity']);
    expect((await world.ask('GET /api/v1/rollups/absent/metrics')).statusCode).toBe(404);
    expect((await world.ask('GET /api/v1/rollups/calls/metrics', { key: undefined })).statusCode).toBe(401);
  });
});
