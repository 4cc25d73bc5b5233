import StatsD from 'hot-shots';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ListenerWorld,
  openListenerWorld,
  plain,
  sendDatagrams,
  sendOverTcp,
  until,
} from '../../test/listener-world.ts';

let world: ListenerWorld;
beforeEach(async () => {
  world = await openListenerWorld();
});
afterEach(() => world.close());

const labels = { environment: 'production', zone: 'fra' };
/** Nothing is flushed before the end of a test asks for it. */
const late = { flushEvery: '1h' };

describe('What comes over StatsD', () => {
  it('is added up to one event per flush where it is a counter, a gauge or a set', async () => {
    const { portOf, stats, listeners } = await world.open('statsd', late);
    await sendDatagrams(portOf('udp'), [
      'hits:1|c\nhits:2|c|@0.1\nroom:20|g',
      'room:+2|g\nroom:-0.5|g\nusers:anna|s\nusers:ben|s\nusers:anna|s',
      'hits:1|c|#env:a,zone:ams\nhits:1|c|#env:b\nhits:-1|c|#env:a,zone:ams',
    ]);
    await until('all of them', () => stats().datagrams === 3);
    await listeners.drain();
    const events = (await world.events(5)).map(plain);
    expect(events).toEqual([
      { name: 'hits', labels, values: { count: 21, perSecond: expect.any(Number) } },
      { name: 'room', labels, values: { value: 21.5 } },
      { name: 'users', labels, values: { unique: 2 } },
      { name: 'hits', labels: { ...labels, zone: 'ams', env: 'a' }, values: { count: 0, perSecond: 0 } },
      { name: 'hits', labels: { ...labels, env: 'b' }, values: { count: 1, perSecond: expect.any(Number) } },
    ]);
  });

  it('is an event of its own where it is a time or another measured value', async () => {
    const { portOf } = await world.open('statsd', late);
    await sendDatagrams(portOf('udp'), ['load:320|ms\nload:5.5|ms|@0.5', 'size:17|h\nsize:1:2:3|d|#env:a']);
    const events = (await world.events(6)).map(plain);
    expect(events).toEqual([
      { name: 'load', labels, values: { durationMs: 320 } },
      { name: 'load', labels, values: { durationMs: 5.5, sampleRate: 0.5 } },
      { name: 'size', labels, values: { value: 17 } },
      ...[1, 2, 3].map((value) => ({ name: 'size', labels: { ...labels, env: 'a' }, values: { value } })),
    ]);
  });

  it('is flushed again and again: a gauge goes on from what it was, a counter from nothing', async () => {
    const { portOf } = await world.open('statsd', { flushEvery: '50ms' });
    await sendDatagrams(portOf('udp'), ['room:20|g\nhits:5|c']);
    await world.events(2);
    await sendDatagrams(portOf('udp'), ['room:+2|g\nhits:1|c']);
    const events = (await world.events(4)).map(plain);
    expect(events.map(({ values }) => values.value ?? values.count)).toEqual([20, 5, 22, 1]);
  });

  it('with a time of its own is not added up', async () => {
    const { portOf } = await world.open('statsd', late);
    await sendDatagrams(portOf('udp'), ['hits:3|c|T1656581400\nroom:7|g|T1656581401\nhits:1|c|T99999999999']);
    const events = await world.events(2);
    expect(events.map(plain)).toEqual([
      { name: 'hits', labels, values: { count: 3, perSecond: null } },
      { name: 'room', labels, values: { value: 7 } },
    ]);
    expect(events.map(({ timeUs }) => timeUs / 1e6)).toEqual([1_656_581_400, 1_656_581_401]);
  });

  it('of openstacksdk is an event per call, each call once', async () => {
    const { portOf, listeners, stats } = await world.open('statsd', late);
    const key = 'openstack.api.lab.ams.compute.GET.compute_servers_detail';
    await sendDatagrams(portOf('udp'), [
      `${key}.200:1.000000|ms\n${key}.200:1|c\n${key}.attempted:1|c`,
      `${key}.503:1200.000000|ms\n${key}.503:1|c\n${key}.over_1000:1|c\n${key}.attempted:1|c`,
      `openstack.api.network.GET.networks.failed:1|c\nopenstack.api.network.GET.networks.attempted:1|c`,
    ]);
    await until('all of them', () => stats().datagrams === 3);
    await listeners.drain();
    const call = { method: 'GET', operation: 'servers_detail' };
    const lab = { environment: 'lab', zone: 'ams', service: 'compute' };
    const events = (await world.events(3)).map(plain);
    expect(events.map(({ name }) => name)).toEqual(['openstack.api', 'openstack.api', 'openstack.api']);
    expect(events).toMatchObject([
      { labels: { ...lab, ...call, status: '200' }, values: { durationMs: 1 } },
      { labels: { ...lab, ...call, status: '503' }, values: { durationMs: 1200 }, outcome: 'failed', reason: 'status' },
      {
        labels: { ...labels, service: 'network', method: 'GET', operation: 'networks' },
        values: { durationMs: null },
        ...{ outcome: 'failed', reason: 'no_response' },
      },
    ]);
  });

  it('loses nothing but the lines that cannot be read', async () => {
    const { portOf, stats } = await world.open('statsd', late);
    const bad = ['what', 'a:|c', 'a:1|x', '_e{1,1}:a|b', '_sc|a|0', 'a:1|c|#__proto__:x', 'nul\0:1|ms'];
    await sendDatagrams(portOf('udp'), [
      ...bad.map((line, index) => `good:${index}|ms\n${line}\r\ngood:${index}|ms`),
      Buffer.concat([Buffer.from('good:7|ms\n'), Buffer.from([0xff, 0x3a]), Buffer.from('\ngood:7|ms')]),
      Buffer.alloc(0),
      Buffer.alloc(60_000, 'x'),
    ]);
    const events = await world.events(16);
    expect(events.map(({ values }) => values[0])).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
    await until('all of them', () => stats().datagrams === 10);
    expect(stats()).toMatchObject({ lines: 16, unreadable: bad.length + 2 });
    const figures = [{ door: 'statsd', key: '', reason: 'input_unreadable', count: bad.length + 2 }];
    expect(world.refusedInputs.figures()).toEqual(figures);
  });

  it('holds so many names in one flush, and counts what is beyond', async () => {
    const { portOf, stats, listeners } = await world.open('statsd', { ...late, names: 10 });
    await sendDatagrams(
      portOf('udp'),
      Array.from({ length: 30 }, (_, index) => `name.${index}:1|c\nname.0:1|c`),
    );
    await until('all of them', () => stats().datagrams === 30);
    expect(stats()).toMatchObject({ refusedNames: 20, lines: 40 });
    await listeners.drain();
    const events = (await world.events(10)).map(plain);
    expect(events.map(({ values }) => values.count)).toEqual([31, ...Array.from({ length: 9 }, () => 1)]);
  });

  it('has only so many members in sets of one flush', async () => {
    const { portOf, stats, listeners } = await world.open('statsd', { ...late, names: 10 });
    await sendDatagrams(
      portOf('udp'),
      Array.from({ length: 30 }, (_, index) => `users:${index}|s`),
    );
    await until('all of them', () => stats().datagrams === 30);
    await listeners.drain();
    expect((await world.events(1)).map(plain)).toEqual([{ name: 'users', labels, values: { unique: 10 } }]);
    expect(stats().refusedNames).toBe(20);
  });
});

describe('The client hot-shots', () => {
  it.each(['udp', 'tcp'] as const)('talks to it over %s', async (protocol) => {
    const { portOf, stats, listeners } = await world.open('statsd', late);
    const client = new StatsD({
      ...{ host: '127.0.0.1', port: portOf(protocol), protocol, prefix: 'shop.', maxBufferSize: 500 },
      globalTags: { host: 'web-1' },
    });
    client.increment('orders');
    client.increment('orders', 4, { country: 'SE' });
    client.decrement('orders');
    client.timing('checkout', 12.5);
    client.histogram('basket', 3);
    client.distribution('basket', 4, ['kind:gift', 'urgent']);
    client.gauge('stock', 100);
    client.gaugeDelta('stock', -3);
    client.unique('buyers', 'anna');
    client.unique('buyers', 'ben');
    await until('what it sent', () => stats().lines === 10);
    await new Promise<void>((done) => client.close(() => done()));
    await listeners.drain();
    const events = (await world.events(7)).map(plain);
    const host = { ...labels, host: 'web-1' };
    const rate = expect.any(Number);
    expect(events).toEqual([
      { name: 'shop.checkout', labels: host, values: { durationMs: 12.5 } },
      { name: 'shop.basket', labels: host, values: { value: 3 } },
      { name: 'shop.basket', labels: { ...host, kind: 'gift', urgent: 'true' }, values: { value: 4 } },
      { name: 'shop.orders', labels: host, values: { count: 0, perSecond: rate } },
      { name: 'shop.orders', labels: { ...host, country: 'SE' }, values: { count: 4, perSecond: rate } },
      { name: 'shop.stock', labels: host, values: { value: 97 } },
      { name: 'shop.buyers', labels: host, values: { unique: 2 } },
    ]);
  });
});

describe('A flood', () => {
  it('is counted and not fatal: what was sent was taken, or the system says that it was lost', async () => {
    const { portOf, stats, listeners } = await world.open('statsd', { ...late, receiveBufferBytes: 65_536 });
    const sent = 60_000;
    const burst = 2000;
    for (let at = 0; at < sent; at += burst)
      await sendDatagrams(
        portOf('udp'),
        Array.from({ length: burst }, () => 'flood:1|c'),
      );
    await until('every datagram', () => stats().datagrams + (stats().lostDatagrams ?? 0) === sent);
    // It still takes what comes.
    await sendOverTcp(portOf('tcp'), 'after:1|ms\n');
    await world.events(1);
    const { datagrams } = stats();
    await listeners.drain();
    const events = (await world.events(2)).map(plain);
    expect(events.find(({ name }) => name === 'flood')?.values.count).toBe(datagrams);
    expect(datagrams).toBeGreaterThan(0);
  });

  it('of values keeps only so many events, and counts the others', async () => {
    const { portOf, stats, listeners } = await world.open('statsd', late, { bufferEvents: 1000 });
    const lines = Array.from({ length: 50 }, (_, index) => `flood:${index}|ms`).join('\n');
    await sendDatagrams(
      portOf('udp'),
      Array.from({ length: 2000 }, () => lines),
    );
    await until('every datagram', () => stats().datagrams + (stats().lostDatagrams ?? 0) === 2000);
    await listeners.drain();
    const { stored, dropped, datagrams } = stats();
    expect(stored + dropped).toBe(50 * datagrams);
    expect((await world.events(stored)).length).toBe(stored);
  });
});
