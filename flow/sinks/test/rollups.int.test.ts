import { systemClock } from '@watchkeeper/kit';
import { startProcessor } from '@watchkeeper/processor';
import { defaultTenantId, putRollup } from '@watchkeeper/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import type { PlainEvent } from '../src/plain-event.ts';
import { type HttpTarget, openHttpTarget } from './http-target.ts';
import { aSink, logger, openSinkWorld, type SinkWorld, until } from './sink-world.ts';

let world: SinkWorld;
let target: HttpTarget;
let processor: ReturnType<typeof startProcessor>;
/** Start of a minute some minutes ago, microseconds. */
const baseUs = Math.floor(Date.now() / 60_000) * 60_000_000 - 600_000_000;

beforeEach(async () => {
  world = await openSinkWorld();
  target = await openHttpTarget();
  await world.store.write((tx) =>
    putRollup(tx, defaultTenantId, {
      ...{ name: 'calls', events: 'openstack.api', groupBy: ['zone'], granularities: ['1m', '1h'] },
      aggregates: ['count', 'avg(durationMs)', 'max(durationMs)', 'p50(durationMs)', 'counter(status)'],
    }),
  );
  processor = startProcessor({
    ...{ store: world.store, eventLog: world.eventLog, messages: world.messages, clock: systemClock, logger },
    ...{ holder: 'p', writeEveryMs: 20, leaseSeconds: 1 },
  });
});
afterEach(async () => {
  await processor.drain();
  await world.close();
  await target.close();
});

const call = (minute: number, value: number, zone = 'fra', status = '200') =>
  anEvent({
    series: aSeries({ name: 'openstack.api', zone, source: '', attributes: { status } }),
    timeUs: baseUs + minute * 60_000_000,
    values: [value],
  });
const rollup = (over = {}) =>
  ({
    ...aSink({ type: 'webhook', options: { url: target.url, headers: {} }, ...over }),
    events: undefined,
    rollup: { name: 'calls', granularity: '1m', delay: '0s', correctFor: '1h' },
  }) as unknown as ReturnType<typeof aSink>;
const rows = () => target.taken.flatMap(({ body }) => (JSON.parse(body.toString()) as { events: PlainEvent[] }).events);
const minuteOf = ({ time }: PlainEvent) => (Date.parse(time) * 1000 - baseUs) / 60_000_000;

describe('A sink that takes a rollup', () => {
  it('forwards whole periods in order, a row per key, aggregates as values', async () => {
    await world.append([call(0, 10), call(0, 30), call(0, 5, 'ams', '500'), call(2, 7)]);
    await world.put(rollup({ mapping: { name: 'openstack.{zone}', keep: [], rename: { count: 'calls' } } }));
    world.start();
    await until('three rows', () => rows().length === 3);
    const first = rows()
      .slice(0, 2)
      .toSorted((a, b) => a.name.localeCompare(b.name));
    expect(first).toMatchObject([
      { name: 'openstack.ams', values: { calls: 1, durationMs_max: 5, status_500: 1 } },
      {
        ...{ name: 'openstack.fra', labels: { zone: 'fra' }, reason: null },
        values: { calls: 2, durationMs_avg: 20, durationMs_max: 30, status_200: 2 },
      },
    ]);
    expect(rows().map(minuteOf)).toEqual([0, 0, 2]);
    expect(await world.progress()).toMatchObject({ forwarded: 3, refused: 0, lagEvents: null });
  });

  it('passes over the years between an event whose clock began anew and the others', async () => {
    const long = call(0, 1);
    await world.append([{ ...long, timeUs: 60_000_000 }, call(0, 10), call(2, 20)]);
    await world.put(rollup());
    world.start();
    await until('three periods', () => rows().length === 3);
    expect(rows().map(({ time }) => time.slice(0, 4))).toEqual([
      '1970',
      ...Array(2).fill(String(new Date().getFullYear())),
    ]);
    await world.append([call(1, 30)]);
    await until('the period that was empty', () => rows().length === 4);
    expect(rows().slice(1).map(minuteOf)).toEqual([0, 2, 1]);
  });

  it('sends a period again when something that came late has changed it, and only that one', async () => {
    await world.append([call(0, 10), call(1, 20)]);
    await world.put(rollup());
    world.start();
    await until('both periods', () => rows().length === 2);
    await world.append([call(0, 50)], 'late');
    await until('the first once more', () => rows().length === 3);
    expect(rows().map((row) => [minuteOf(row), row.values.count, row.values.durationMs_max])).toEqual([
      [0, 1, 10],
      [1, 1, 20],
      [0, 2, 50],
    ]);
  });

  it('goes on where it was after an outage and a restart, with an identity per row', async () => {
    await world.append([call(0, 1), call(1, 2)]);
    await world.put(rollup());
    const first = world.start();
    await until('both periods', () => rows().length === 2);
    await target.goAway();
    await world.append([call(2, 3), call(3, 4)]);
    await until('a failure', async () => (await world.progress()).attempts >= 1);
    await first.drain();
    await target.comeBack();
    world.start();
    await until('the others', () => rows().length === 4);
    expect(rows().map(minuteOf)).toEqual([0, 1, 2, 3]);
    const bodies = target.taken.map(({ body }) => JSON.parse(body.toString()) as { firstSeq: number });
    expect(bodies.map(({ firstSeq }) => firstSeq)).toEqual([1, 2, 3, 4]);
  });

  it('says that its rollup is gone, and goes on once it is there again', async () => {
    await world.append([call(0, 1)]);
    const definition = rollup();
    await world.put({ ...definition, rollup: { ...definition.rollup, name: 'gone' } } as never);
    world.start();
    const failing = await until('a failure', async () => {
      const progress = await world.progress();
      return progress.attempts >= 1 && progress;
    });
    expect(failing.lastError).toMatch(/there is no rollup "gone"/);
    await world.put(definition);
    await until('the row', () => rows().length === 1);
  });
});
