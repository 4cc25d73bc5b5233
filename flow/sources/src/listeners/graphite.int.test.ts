import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ListenerWorld,
  openConnection,
  openListenerWorld,
  plain,
  sendOverTcp,
  until,
} from '../../test/listener-world.ts';

let world: ListenerWorld;
beforeEach(async () => {
  world = await openListenerWorld();
});
afterEach(() => world.close());

describe('What comes as plain text of Graphite', () => {
  it('is an event per line, tags as dimensions and attributes', async () => {
    const { portOf } = await world.open('graphite');
    const seconds = Math.floor(Date.now() / 1000) - 60;
    await sendOverTcp(
      portOf('tcp'),
      `disk.used 42 ${seconds}\r\ndisk.used;host=web-1;mount=/var;zone=ams 43.5 ${seconds}.25\n\nnow.known 1\n`,
    );
    const events = await world.events(3);
    expect(events.map(plain)).toEqual([
      { name: 'disk.used', labels: { environment: 'production', zone: 'fra' }, values: { value: 42 } },
      {
        name: 'disk.used',
        labels: { environment: 'production', zone: 'ams', host: 'web-1', mount: '/var' },
        values: { value: 43.5 },
      },
      { name: 'now.known', labels: { environment: 'production', zone: 'fra' }, values: { value: 1 } },
    ]);
    expect(events.slice(0, 2).map(({ timeUs }) => timeUs)).toEqual([seconds * 1e6, seconds * 1e6 + 250_000]);
    expect(Math.abs((events[2]?.timeUs ?? 0) / 1000 - Date.now())).toBeLessThan(60_000);
  });

  it('loses nothing but the lines that cannot be read', async () => {
    const { portOf, stats } = await world.open('graphite');
    const bad = ['no-value', 'a b c d', 'a nan -1', `a;x 1`, `${'p'.repeat(201)} 1`, 'nul\0 1', 'a 1 99999999999'];
    const lines = bad.flatMap((line, index) => [`good.${index} ${index}`, line]);
    await sendOverTcp(
      portOf('tcp'),
      Buffer.concat([
        Buffer.from(`${lines.join('\n')}\n`),
        Buffer.from([0xff, 0x20, 0x31, 0x0a]),
        Buffer.from('end 1\n'),
      ]),
    );
    const events = await world.events(bad.length + 1);
    expect(events.map(({ series }) => series.name)).toEqual([...bad.map((_, index) => `good.${index}`), 'end']);
    expect(stats()).toMatchObject({ lines: bad.length + 1, unreadable: bad.length + 1 });
  });

  it('may come in pieces of any size; half a line at the end is no value', async () => {
    const { portOf, stats } = await world.open('graphite');
    const socket = await openConnection(portOf('tcp'));
    for (const byte of 'whole.line 12345\nhalf.line 12') {
      socket.write(byte);
      await new Promise((done) => setImmediate(done));
    }
    socket.end();
    await once(socket, 'close');
    await until('the rest to be counted', () => stats().unreadable === 1);
    expect((await world.events(1)).map(plain)).toMatchObject([{ name: 'whole.line', values: { value: 12345 } }]);
  });

  it('is skipped where a line is too long, and the next one is read', async () => {
    const { portOf, stats } = await world.open('graphite', { lineBytes: 100 });
    const socket = await openConnection(portOf('tcp'));
    for (let piece = 0; piece < 100; piece++) {
      socket.write('x'.repeat(1000));
      await new Promise((done) => setImmediate(done));
    }
    socket.end(' 1\ngood 7\n');
    expect((await world.events(1)).map(plain)).toMatchObject([{ name: 'good', values: { value: 7 } }]);
    expect(stats()).toMatchObject({ unreadable: 1, lines: 1 });
  });

  it('is closed when nothing comes, and turned away when too many are open', async () => {
    const { portOf, stats } = await world.open('graphite', { connections: 2, idleAfter: '300ms' });
    const two = [await openConnection(portOf('tcp')), await openConnection(portOf('tcp'))];
    const closed = two.map((socket) => once(socket, 'close'));
    await until('both to be open', () => stats().connections === 2);
    const third = await openConnection(portOf('tcp'));
    await Promise.race([once(third, 'close'), once(third, 'error')]);
    await until('the third to be counted', () => stats().refusedConnections === 1);
    await Promise.all(closed);
    await until('none to be open', () => stats().connections === 0);
    expect(stats()).toMatchObject({ idleConnections: 2, refusedConnections: 1 });
  });

  it('waits at its sender while the log has more to do than there is room for, so that nothing is lost', async () => {
    const { portOf, stats } = await world.open('graphite', {}, { bufferEvents: 20_000 });
    const [count, connections] = [150_000, 30];
    const lines = Array.from({ length: count / connections }, (_, index) => `wait.for 1 ${1_600_000_000 + index}\n`);
    await Promise.all(Array.from({ length: connections }, () => sendOverTcp(portOf('tcp'), lines.join(''))));
    await until('all of them to be stored', () => stats().stored === count);
    expect(stats()).toMatchObject({ dropped: 0, waiting: 0, lines: count });
  });
});

describe('A port of a listener', () => {
  it('that another program has is taken over when that one ends, and the start does not fail', async () => {
    const first = await world.open('graphite', {}, { holder: 'first' });
    const port = first.portOf('tcp');
    const second = await world.open('graphite', { port }, { holder: 'second' });
    expect(second.stats().places).toEqual([]);
    await first.listeners.drain();
    await until('the port', () => second.stats().places.length === 1);
    await sendOverTcp(port, 'taken.over 1\n');
    expect((await world.events(1)).map(plain)).toMatchObject([{ name: 'taken.over' }]);
  });

  it('that no machine has fails the start and says what to change', async () => {
    await expect(world.open('graphite', { host: '192.0.2.1' })).rejects.toThrow(
      /Cannot listen on tcp 192\.0\.2\.1:0 \(EADDRNOTAVAIL\)\. Set listeners\.graphite\.host/,
    );
  });
});
