import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ListenerWorld, openListenerWorld, plain, sendDatagrams, until } from '../../test/listener-world.ts';

let world: ListenerWorld;
beforeEach(async () => {
  world = await openListenerWorld();
});
afterEach(() => world.close());

describe('Line protocol over UDP', () => {
  it('is an event per line, with the time of the line or that of receipt', async () => {
    const { portOf } = await world.open('line-protocol-udp', { precision: 's' });
    await sendDatagrams(portOf('udp'), [
      'door,zone=hall,kind=front open_ms=850,locked=true 1600000000\ndoor open_ms=1',
      'openstack_api.compute,method=GET,name=servers_detail,status_code=200 200=1i,attempted=1i,duration=12i\n',
    ]);
    const events = await world.events(3);
    expect(events.map(plain)).toEqual([
      {
        name: 'door',
        labels: { environment: 'production', zone: 'hall', kind: 'front' },
        values: { open_ms: 850 },
      },
      { name: 'door', labels: { environment: 'production', zone: 'fra' }, values: { open_ms: 1 } },
      {
        name: 'openstack.api',
        labels: {
          ...{ environment: 'production', zone: 'fra', service: 'compute' },
          ...{ method: 'GET', operation: 'servers_detail', status: '200' },
        },
        values: { durationMs: 12 },
      },
    ]);
    expect(events[0]).toMatchObject({ timeUs: 1_600_000_000_000_000, detail: { locked: true } });
  });

  it('loses nothing but what cannot be read', async () => {
    const { portOf, stats } = await world.open('line-protocol-udp');
    await sendDatagrams(portOf('udp'), [
      'good a=1\nbad a=\ngood a=2',
      Buffer.from([0xff, 0xfe, 0x0a]),
      'an a="unfinished text',
      '',
      '# a comment',
      'good a=3',
    ]);
    const events = await world.events(3);
    expect(events.map(({ values }) => values)).toEqual([[1], [2], [3]]);
    await until('all of them to be counted', () => stats().datagrams === 6);
    expect(stats()).toMatchObject({ lines: 3, lostDatagrams: 0 });
    expect(stats().unreadable).toBeGreaterThanOrEqual(3);
  });
});
