import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import { openEgress } from '../src/index.ts';

const within = (ms: number) => AbortSignal.timeout(ms);

it('Datagrams go to an allowed address, by name too', async () => {
  const server = createSocket('udp4');
  const taken = new Promise<string>((resolve) => server.once('message', (message) => resolve(message.toString())));
  await new Promise<void>((done) => server.bind(0, '127.0.0.1', done));
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  const egress = openEgress({ policy: { private: 'allow', allow: [], deny: [] }, resolve });
  const way = await egress.datagrams({ host: 'stats.example', port: server.address().port, signal: within(2000) });
  if (!way.ok) throw new Error(way.message);
  await way.send(Buffer.from('a:1|c'));
  expect([await taken, way.address]).toEqual(['a:1|c', '127.0.0.1']);
  way.close();
  way.close();
  await expect(way.send(Buffer.from('late'))).rejects.toThrow(/closed/);
  server.close();
});

it('Datagrams to an address that is not allowed, or to a name that leads to one, are refused', async () => {
  const resolve = async () => [{ address: '169.254.169.254', family: 4 }];
  const egress = openEgress({ policy: { private: 'deny', allow: [], deny: [] }, resolve });
  for (const host of ['169.254.169.254', '127.0.0.1', 'harmless.example'])
    expect(await egress.datagrams({ host, port: 8125, signal: within(2000) })).toMatchObject({
      ok: false,
      reason: 'egress_denied',
    });
});
