import type { InputSender, Series } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../foundation/kit/test/manual-clock.ts';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { SeriesGuard } from './series-guard.ts';

const sender = (keyId: string | null = 'a', tenant = 'default'): InputSender => ({
  ...{ door: 'write', tenant, keyId, name: 'telegraf' },
});
const hosts = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => anEvent({ series: aSeries({ host: `h${from + at}` }) }));

/** A guard beside a log that has stored the series of these hosts. */
function aGuard(limits = { perRequest: 10, perKey: 20, perKeyAndMinute: 6 }, stored: readonly string[] = []) {
  const clock = new ManualClock();
  const asked: number[] = [];
  const newSeries = async (given: ReadonlySet<Series>) => {
    asked.push(given.size);
    return new Set([...given].filter(({ host }) => !stored.includes(host)));
  };
  const guard = new SeriesGuard({ clock, newSeries, limits });
  const refused = async (...[events, by = sender()]: [Parameters<SeriesGuard['check']>[0], InputSender?]) =>
    [...(await guard.check(events, by))].map(([index, code]) => `${index} ${code}`);
  return { clock, refused, asked };
}

it('Series that are stored pass, however many they are, and each is asked for once', async () => {
  const { refused, asked } = aGuard({ perRequest: 1, perKey: 1, perKeyAndMinute: 1 }, ['h0', 'h1', 'h2', 'h3']);
  const events = hosts(0, 4);
  expect(await refused([...events, ...events])).toEqual([]);
  expect(asked).toEqual([4]);
});

it('New series beyond those of one request are refused, with every event that they have; known ones beside them pass', async () => {
  const { refused } = aGuard(undefined, ['h99']);
  const last = hosts(10, 1);
  const events = [...hosts(0, 10), ...last, ...hosts(99, 1), ...hosts(10, 1)];
  expect(await refused(events)).toEqual(['10 series_request_limit', '12 series_request_limit']);
});

it('A key has an allowance that is refilled by the minute and never exceeds its beginning; others have their own', async () => {
  const { refused, clock } = aGuard();
  for (const from of [0, 10]) expect(await refused(hosts(from, 10))).toEqual([]);
  expect(await refused(hosts(20, 1))).toEqual(['0 series_key_limit']);
  expect(await refused(hosts(20, 1), sender('b'))).toEqual([]);
  expect(await refused(hosts(21, 1), sender('a', 'other'))).toEqual([]);
  clock.advance(30_000);
  expect(await refused(hosts(30, 4))).toEqual(['3 series_key_limit']);
  clock.advance(3_600_000);
  for (const from of [40, 50]) expect(await refused(hosts(from, 10))).toEqual([]);
  expect(await refused(hosts(60, 1))).toEqual(['0 series_key_limit']);
});

it('What was let in and is not stored yet is not counted again, also for another key', async () => {
  const { refused } = aGuard({ perRequest: 10, perKey: 2, perKeyAndMinute: 1 });
  for (let n = 0; n < 5; n++) expect(await refused(hosts(0, 2))).toEqual([]);
  expect(await refused(hosts(0, 2), sender('b'))).toEqual([]);
  expect(await refused(hosts(0, 3))).toEqual(['2 series_key_limit']);
});

it('Doors without keys have one allowance each', async () => {
  const { refused } = aGuard({ perRequest: 10, perKey: 1, perKeyAndMinute: 1 });
  const peer = (door: string, name: string): InputSender => ({ door, tenant: 'default', keyId: null, name });
  expect(await refused(hosts(0, 1), peer('statsd', '10.0.0.1'))).toEqual([]);
  expect(await refused(hosts(1, 1), peer('statsd', '10.0.0.2'))).toEqual(['0 series_key_limit']);
  expect(await refused(hosts(1, 1), peer('graphite', '10.0.0.2'))).toEqual([]);
});
