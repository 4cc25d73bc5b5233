import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../../foundation/model/test/makers.ts';
import { type InfluxDb, startInfluxDb } from '../../../../scripts/servers/influxdb.ts';
import { aBatch, aContext, anOutgoing, someEvents } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import { aSink, openSinkWorld, until } from '../../test/sink-world.ts';
import influxdb from './influxdb.ts';

const isMissing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').includes('influxd');

describe.skipIf(isMissing)('With a real InfluxDB', () => {
  let influx: InfluxDb;
  beforeAll(async () => {
    influx = await startInfluxDb('wk');
  });
  afterAll(() => influx?.stop());

  /** A database of its own. */
  async function openTarget() {
    const database = `wk_${crypto.randomUUID().replaceAll('-', '')}`;
    await influx.query(`create database ${database}`);
    const values = async () => {
      const series = await influx.series('select durationMs from /.*/', database);
      return series.flatMap(({ values: rows }) => rows.map(([, value]) => value as number));
    };
    return {
      ...{ database, values, options: { url: influx.url, version: '1' as const, database } },
      goAway: influx.kill,
      comeBack: influx.restart,
      close: async () => void (await influx.query(`drop database ${database}`)),
    };
  }

  describeSinkContract(influxdb, { openTarget, sentTwice: 'once' });

  it('tells which points it does not take, and has the others', async () => {
    const target = await openTarget();
    const sink = influxdb.open(target.options, aContext());
    const signal = new AbortController().signal;
    const text = anOutgoing({ id: '0-2', detail: { state: 'up' } });
    const conflict = anOutgoing({ id: '0-9', values: [9], timeUs: anOutgoing().timeUs + 1, detail: { state: true } });
    await sink.write(aBatch([text]), signal);
    const written = await sink.write(aBatch([...someEvents(2), conflict, ...someEvents(1, 3)]), signal);
    expect(written).toEqual({
      ok: true,
      refused: [{ index: 2, reason: expect.stringMatching(/answered 400: .*field type conflict.*state/) }],
    });
    expect((await target.values()).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 12.5]);
    await target.close();
  });

  it('a database that is not there is for somebody to mend: nothing is lost for it', async () => {
    const sink = influxdb.open({ url: influx.url, version: '1', database: 'absent' }, aContext());
    expect(await sink.write(aBatch(someEvents(1)), new AbortController().signal)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/answered 404: .*database not found/),
    });
  });

  it('totals there are those of the store: two calls in one instant stay two, and an outage loses and doubles nothing', async () => {
    const target = await openTarget();
    const world = await openSinkWorld({ partitions: 3 });
    const baseUs = Date.now() * 1000 - 600_000_000;
    let sum = 0;
    let count = 0;
    const call = (place: number, zone: string) => {
      const value = (place % 97) + 0.25;
      sum += value;
      count += 1;
      return anEvent({
        series: aSeries({ name: 'openstack.api', zone, attributes: { status: place % 10 === 0 ? '500' : '200' } }),
        // Ten calls share each instant, in every partition and with nanoseconds of their own now and then.
        timeUs: baseUs + Math.floor(place / 10) * 1000,
        ...(place % 4 === 0 ? { timeNs: 7 } : {}),
        ...(place % 10 === 0 ? { outcome: 'failed' as const, reason: 'status' } : {}),
        values: [value],
      });
    };
    const append = async (from: number) => {
      for (const producer of ['a', 'b', 'c', 'd'])
        await world.append(
          Array.from({ length: 500 }, (_, place) => call(from + place, place % 2 === 0 ? 'fra' : 'ams')),
          producer,
        );
    };
    await append(0);
    await world.put(aSink({ type: 'influxdb', options: target.options, batchEvents: 170 }));
    const first = world.start();
    await until('some of it', async () => (await target.values()).length > 100);
    await influx.kill();
    await append(500);
    await until('a failure', async () => (await world.progress()).attempts >= 1);
    await first.drain();
    world.start();
    await influx.restart();
    await append(250);
    expect(await world.allForwarded()).toMatchObject({ forwarded: count, refused: 0 });
    const [series] = await influx.series(
      'select count(durationMs), sum(durationMs), sum(events) from "openstack.api"',
      target.database,
    );
    expect(series?.values[0]?.slice(1)).toEqual([count, sum, count]);
    const byStatus = await influx.series('select sum(events) from "openstack.api" group by status', target.database);
    expect(byStatus.map(({ tags, values }) => [tags?.status, values[0]?.[1]])).toEqual([
      ['200', count * 0.9],
      ['500', count * 0.1],
    ]);
    await world.close();
    await target.close();
  });
});
