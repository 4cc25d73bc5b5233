import { expect, it } from 'vitest';
import { aBatch, aContext, anOutgoing } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import { until } from '../../test/sink-world.ts';
import { openTcpTarget } from '../../test/tcp-target.ts';
import graphite from './graphite.ts';

async function openTarget() {
  const target = await openTcpTarget();
  return {
    ...{ goAway: target.goAway, comeBack: target.comeBack, close: target.close, lines: target.lines },
    options: { host: '127.0.0.1', port: target.port, prefix: 'wk.', tags: true },
    values: () => target.lines.map((line) => Number(line.split(' ')[1])),
  };
}

describeSinkContract(graphite, { openTarget, sentTwice: 'twice' });

it('Graphite gets path, value and whole seconds; labels as tags where they are wanted', async () => {
  const target = await openTarget();
  const event = anOutgoing({ timeUs: 1_700_000_000_900_000 });
  const signal = new AbortController().signal;
  await graphite.open(target.options, aContext()).write(aBatch([event]), signal);
  await graphite.open({ ...target.options, tags: false }, aContext()).write(aBatch([event]), signal);
  await until('both lines', () => target.lines.length === 2);
  expect(target.lines).toEqual([
    'wk.monitor.checked.durationMs;environment=production;service=shop;status=200;outcome=ok 12.5 1700000000',
    'wk.monitor.checked.durationMs 12.5 1700000000',
  ]);
  await target.close();
});

it('A target that closes the connection before it was closed here has taken nothing', async () => {
  const { createServer } = await import('node:net');
  const rude = createServer({ pauseOnConnect: true }, (socket) => socket.destroy());
  await new Promise<void>((done) => rude.listen(0, '127.0.0.1', done));
  const { port } = rude.address() as { port: number };
  const sink = graphite.open({ host: '127.0.0.1', port, prefix: '', tags: false }, aContext());
  for (let attempt = 0; attempt < 20; attempt++)
    expect(await sink.write(aBatch([anOutgoing()]), new AbortController().signal)).toMatchObject({ ok: false });
  await new Promise((done) => rude.close(done));
});

it('A target that breaks the connection in the middle has taken nothing', async () => {
  const target = await openTarget();
  const { createServer } = await import('node:net');
  const rude = createServer((socket) => socket.resetAndDestroy());
  await new Promise<void>((done) => rude.listen(0, '127.0.0.1', done));
  const { port } = rude.address() as { port: number };
  const sink = graphite.open({ ...target.options, port }, aContext());
  expect(await sink.write(aBatch([anOutgoing()]), new AbortController().signal)).toMatchObject({ ok: false });
  await new Promise((done) => rude.close(done));
  await target.close();
});
