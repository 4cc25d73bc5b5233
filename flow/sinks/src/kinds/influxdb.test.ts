import { LineParser } from '@watchkeeper/formats';
import type { NewEvent } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { openHttpTarget } from '../../test/http-target.ts';
import { aBatch, aContext, anOutgoing, someEvents } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import influxdb from './influxdb.ts';

const never = new AbortController().signal;

/** Keeps points as InfluxDB does: the last one of a series and an instant. The real one is asked in the services test. */
async function openTarget() {
  const target = await openHttpTarget();
  const points = () => {
    const kept = new Map<string, NewEvent>();
    for (const { body } of target.taken) {
      const options = {
        context: { tenant: 'default', attributes: {} },
        precision: 'ns',
        receivedUs: Date.now() * 1000,
      } as const;
      const reading = new LineParser(1000).open(body, options);
      while (reading.read(1000));
      expect(reading.badLines).toEqual([]);
      for (const event of reading.events) {
        const { valueNames: _, ...series } = event.series;
        kept.set(JSON.stringify([series, event.timeUs, event.timeNs]), event);
      }
    }
    return [...kept.values()];
  };
  return {
    ...{ ...target, points, options: { url: target.url, version: '1' as const, database: 'wk' } },
    values: () =>
      points().flatMap(({ series, values }) => {
        const value = values[series.valueNames.indexOf('durationMs')];
        return typeof value === 'number' ? [value] : [];
      }),
  };
}

describeSinkContract(influxdb, { openTarget, sentTwice: 'once' });

it('Events of one instant stay apart: in the nanoseconds, or by a tag where the event has its own', async () => {
  const target = await openTarget();
  const sink = influxdb.open(target.options, aContext());
  const timeUs = 1_700_000_000_000_000;
  const events = [
    anOutgoing({ timeUs, values: [1] }),
    anOutgoing({ timeUs, values: [2], repeats: 1 }),
    anOutgoing({ timeUs, timeNs: 5, values: [3] }),
    anOutgoing({ timeUs, timeNs: 5, values: [4], repeats: 1 }),
    anOutgoing({ timeUs, values: [5], repeats: 16 }),
  ];
  await sink.write(aBatch(events), never);
  await sink.write(aBatch(events.slice(0, 4), { partition: 3 }), never);
  await sink.write(aBatch(events), never);
  expect(target.points().map(({ timeUs: us, timeNs = 0 }) => (us - timeUs) * 1000 + timeNs)).toEqual([
    ...[0, 64, 5, 5, 0],
    ...[3, 67, 5, 5],
  ]);
  expect(target.points().map(({ series }) => series.attributes.event)).toEqual([
    ...[undefined, undefined, '0', '0.1', '0.16'],
    ...[undefined, undefined, '3', '3.1'],
  ]);
  expect(target.taken[0]?.body.toString().split('\n')[1]).toBe(
    'monitor.checked,environment=production,service=shop,status=200,outcome=ok durationMs=2,events=1i 1700000000000000064',
  );
  await target.close();
});

it.each([
  [
    { version: '1' as const, database: 'a b', retentionPolicy: 'short' },
    '/write?db=a+b&precision=ns&rp=short',
    'Basic dTpw',
  ],
  [{ version: '2' as const, org: 'o', bucket: 'b' }, '/api/v2/write?org=o&bucket=b&precision=ns', 'Token secret'],
])(
  'Writes to the address of its version, with what that version signs in by: %o',
  async (options, url, authorization) => {
    const target = await openTarget();
    const credential = () => (options.version === '1' ? { username: 'u', password: 'p' } : { token: 'secret' });
    const sink = influxdb.open({ url: `${target.url}/`, ...options, credential: 'c' }, aContext({ credential }));
    expect(await sink.write(aBatch(someEvents(1)), never)).toEqual({ ok: true, refused: [] });
    expect([target.taken[0]?.url, target.taken[0]?.headers.authorization]).toEqual([url, authorization]);
    await target.close();
  },
);

it('Options that do not go with the version are said, and nothing is lost', async () => {
  const sink = influxdb.open({ url: 'http://127.0.0.1:9', version: '2', org: 'o' }, aContext());
  expect(await sink.write(aBatch(someEvents(1)), never)).toEqual({
    ok: false,
    error: 'version 2 needs org and bucket',
  });
});
