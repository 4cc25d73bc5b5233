import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkOnce } from '../../test/check-world.ts';
import tcp from './tcp.ts';

let server: Server | undefined;
afterEach(() => new Promise<void>((done) => (server === undefined ? done() : server.close(() => done()))));

const listening = (): Promise<number> => {
  const opened = createServer((socket) => socket.on('error', () => undefined));
  server = opened;
  return new Promise((resolve) =>
    opened.listen(0, '127.0.0.1', () => resolve((opened.address() as { port: number }).port)),
  );
};

describe('A tcp monitor', () => {
  it('is OK when the port accepts the connection, and says how long it took', async () => {
    const seen = await checkOnce(tcp, { host: '127.0.0.1', port: await listening() });
    expect(seen).toMatchObject({ outcome: 'ok', attributes: { address: '127.0.0.1' } });
    expect(seen.values.connectMs).toBeGreaterThan(0);
    expect(seen.values.durationMs).toBeGreaterThanOrEqual(seen.values.connectMs as number);
  });
  it('fails with the reason when nobody listens', async () => {
    const port = await listening();
    await new Promise((done) => server?.close(done));
    server = undefined;
    expect(await checkOnce(tcp, { host: '127.0.0.1', port })).toMatchObject({
      outcome: 'failed',
      reason: 'connect_refused',
    });
  });
  it('degrades or fails by its conditions', async () => {
    const port = await listening();
    expect(await checkOnce(tcp, { host: '127.0.0.1', port }, { assertions: ['warn connectMs < 0'] })).toMatchObject({
      outcome: 'degraded',
      reason: 'slow',
    });
    expect(await checkOnce(tcp, { host: '127.0.0.1', port }, { assertions: ['connectMs < 0'] })).toMatchObject({
      outcome: 'failed',
    });
  });
  it('does not connect where it may not', async () => {
    const policy = { private: 'deny', allow: [], deny: [] } as const;
    const seen = await checkOnce(tcp, { host: '127.0.0.1', port: await listening() }, { policy });
    expect(seen).toMatchObject({ outcome: 'failed', reason: 'egress_denied' });
    expect(seen.values.connectMs).toBeUndefined();
  });
});
