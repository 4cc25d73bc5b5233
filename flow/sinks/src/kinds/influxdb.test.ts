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
    const kept = new Map<string, string>();
    for (const line of target.taken.flatMap(({ body }) => body.toString().split(/\n(?=monitor)/))) {
      const [, series = '', fields = '', time = ''] =
        /^((?:\\.|[^\\ ])+) ((?:"(?:\\.|[^"\\])*"|[^" ])+) (\d+)$/s.exec(line) ?? [];
      kept.set(`${series} ${time}`, fields);
    }
    return kept;
  };
  return {
    ...{ ...target, points, options: { url: target.url, version: '1' as const, database: 'wk' } },
    values: () =>
      [...points().values()].flatMap((fields) => {
        const found = /(?:^|,)durationMs=([0-9.]+)/.exec(fields)?.[1];
        return found === undefined ? [] : [Number(found)];
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
  expect(target.points().size).toBe(9);
  const lines = [...target.points()].map(([series, fields]) => `${/\d+$/.exec(series)?.[0]} ${fields}`);
  expect(lines.slice(0, 5)).toEqual([
    '1700000000000000000 durationMs=1,events=1i',
    '1700000000000000064 durationMs=2,events=1i',
    '1700000000000000005 durationMs=3,events=1i',
    '1700000000000000005 durationMs=4,events=1i',
    '1700000000000000000 durationMs=5,events=1i',
  ]);
  expect([...target.points().keys()].map((key) => /,event=([\d.]+)/.exec(key)?.[1])).toEqual([
    ...[undefined, undefined, '0', '0.1', '0.16'],
    ...[undefined, undefined, '3', '3.1'],
  ]);
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
