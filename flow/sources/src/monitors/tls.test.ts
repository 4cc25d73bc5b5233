import { readFileSync } from 'node:fs';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { checkOnce } from '../../test/check-world.ts';
import tls from './tls.ts';

const file = (name: string) =>
  readFileSync(new URL(`../../../../foundation/guard/test/certificates/${name}`, import.meta.url));
const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => sockets.add(socket));
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}
const showing = (name: string) =>
  listening(
    createTlsServer({ cert: file(`${name}.pem`), key: file(`${name}.key`) }, (socket) =>
      socket.on('error', () => undefined),
    ),
  );

describe('A tls monitor', () => {
  it('measures the handshake and tells how long the certificate lasts', async () => {
    const seen = await checkOnce(tls, { host: '127.0.0.1', port: await showing('good'), verify: false });
    expect(seen).toMatchObject({ outcome: 'ok', attributes: { address: '127.0.0.1', tlsVersion: 'TLSv1.3' } });
    expect(seen.values.tlsMs).toBeGreaterThan(0);
    expect(seen.values.durationMs).toBeGreaterThanOrEqual((seen.values.tlsMs ?? 0) + (seen.values.connectMs ?? 0));
    expect(seen.values.certificateDaysLeft).toBeGreaterThan(1000);
  });

  it('fails with the reason that the certificate or the handshake gives', async () => {
    const check = async (port: number) => (await checkOnce(tls, { host: '127.0.0.1', port })).reason;
    expect(await check(await showing('good'))).toBe('tls_untrusted');
    expect(await check(await showing('expired'))).toMatch(/^tls_(expired|untrusted)$/);
    expect(await check(await listening(createTcpServer((socket) => socket.end('no TLS here'))))).toBe('tls_handshake');
    const port = await listening(createTcpServer());
    await new Promise((done) => servers.pop()?.close(done));
    expect(await check(port)).toBe('connect_refused');
  });

  it('is in time also when nobody answers the handshake', async () => {
    const port = await listening(createTcpServer((socket) => socket.on('error', () => undefined)));
    const seen = await checkOnce(tls, { host: '127.0.0.1', port }, { timeoutMs: 100 });
    expect(seen).toMatchObject({ outcome: 'failed', reason: 'timeout' });
  });

  it('degrades by its conditions before the certificate ends', async () => {
    const options = { host: '127.0.0.1', port: await showing('good'), verify: false };
    const seen = await checkOnce(tls, options, { assertions: ['warn certificate.daysLeft > 1000000'] });
    expect(seen).toMatchObject({ outcome: 'degraded', detail: { certificate: { subject: 'good' } } });
  });
});
