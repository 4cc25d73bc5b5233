import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import { startStatsd } from '../../../../scripts/servers/statsd.ts';
import { aBatch, aContext, anOutgoing } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import { until } from '../../test/sink-world.ts';
import statsd from './statsd.ts';

const never = new AbortController().signal;

/** The StatsD server of npm. */
async function openTarget(protocol: 'udp' | 'tcp') {
  const server = await startStatsd();
  return {
    options: { host: '127.0.0.1', port: server.port, protocol, prefix: '', tags: false, datagramBytes: 1432 },
    server,
    values: () => server.flushes().flatMap(({ timers }) => timers['monitor.checked.durationMs'] ?? []),
    // Over UDP nobody can notice.
    ...(protocol === 'udp' ? {} : { goAway: server.kill, comeBack: server.start }),
    close: server.stop,
  };
}

describeSinkContract(statsd, { openTarget: () => openTarget('udp'), sentTwice: 'twice' });
describeSinkContract(statsd, { openTarget: () => openTarget('tcp'), sentTwice: 'twice' });

it('StatsD counts events, and gets values that are no times as gauges, negative ones too', async () => {
  const { server, options, close } = await openTarget('tcp');
  const series = { ...anOutgoing().series, name: 'disk', valueNames: ['freeBytes', 'changeRatio'] };
  const events = [anOutgoing({ series, values: [1e21, -0.5] }), anOutgoing({ series, values: [5e-7, -0.25] })];
  await statsd.open({ ...options, prefix: 'wk.' }, aContext()).write(aBatch(events), never);
  const last = await until('the gauges', () => server.flushes().find(({ gauges }) => 'wk.disk.changeRatio' in gauges));
  expect(last.gauges).toMatchObject({ 'wk.disk.changeRatio': -0.25, 'wk.disk.freeBytes': 5e-7 });
  const counted = server.flushes().reduce((sum, { counters }) => sum + (counters['wk.disk.events'] ?? 0), 0);
  expect(counted).toBe(2);
  await close();
});

it('Several metrics go in one datagram, labels as tags where they are wanted', async () => {
  const socket = createSocket('udp4');
  const taken: string[] = [];
  socket.on('message', (message) => taken.push(message.toString()));
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  const options = { host: '127.0.0.1', port: socket.address().port, protocol: 'udp' as const, prefix: '', tags: true };
  const sink = statsd.open({ ...options, datagramBytes: 300 }, aContext());
  await sink.write(aBatch([anOutgoing(), anOutgoing(), anOutgoing()]), never);
  await until('all of them', () => taken.join('\n').split('\n').length === 6);
  const end = '|#environment:production,service:shop,status:200,outcome:ok';
  expect(taken.map((text) => text.split('\n').length)).toEqual([3, 3]);
  expect(taken[0]?.split('\n')[1]).toBe(`monitor.checked.durationMs:12.5|ms${end}`);
  await new Promise<void>((done) => socket.close(() => done()));
});
