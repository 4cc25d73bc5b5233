import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { createSecureContext, createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { certificateFacts, httpRequest, openEgress } from '../src/index.ts';

const file = (name: string) => readFileSync(new URL(`./certificates/${name}`, import.meta.url));
const trusting = createSecureContext({ ca: file('ca.pem') });
const open = { private: 'allow', allow: [], deny: [] } as const;

const servers: Server[] = [];
const closers: (() => void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => closers.push(() => socket.destroy()));
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

const tlsServer = (name: string) =>
  listening(
    createTlsServer({ cert: file(`${name}.pem`), key: file(`${name}.key`) }, (socket) =>
      socket.on('error', () => undefined),
    ),
  );
const within = (ms: number) => AbortSignal.timeout(ms);

describe('Connections to the outside', () => {
  it('tell how long finding the name and connecting took, and where they went', async () => {
    const port = await listening(createServer());
    const connected = await openEgress({
      policy: open,
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    }).connect({
      host: 'shop.example',
      port,
      signal: within(2000),
    });
    expect(connected).toMatchObject({ ok: true, address: '127.0.0.1' });
    if (connected.ok) {
      expect(connected.dnsMs + connected.connectMs).toBeGreaterThan(0);
      connected.socket.destroy();
    }
  });

  it('that are refused, unknown by name, or not accepted in time say so', async () => {
    const egress = openEgress({ policy: open });
    const port = await listening(createServer());
    await new Promise((done) => servers.pop()?.close(done));
    expect(await egress.connect({ host: '127.0.0.1', port, signal: within(2000) })).toMatchObject({
      ok: false,
      reason: 'connect_refused',
    });
    expect(await egress.connect({ host: 'no-such-host.invalid', port: 80, signal: within(2000) })).toMatchObject({
      ok: false,
      reason: 'dns',
    });
    const never = openEgress({ policy: open, resolve: () => new Promise(() => undefined) });
    expect(await never.connect({ host: 'slow.example', port: 80, signal: within(20) })).toMatchObject({
      ok: false,
      reason: 'timeout',
    });
    const aborted = AbortSignal.abort();
    expect(await egress.connect({ host: '127.0.0.1', port: 9, signal: aborted })).toMatchObject({
      ok: false,
      reason: 'connect_timeout',
    });
  });

  it('go nowhere when one of all addresses of a name is not allowed', async () => {
    const egress = openEgress({
      policy: { ...open, private: 'deny', allow: ['198.51.100.0/24'] },
      resolve: async () => [
        { address: '198.51.100.7', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ],
    });
    expect(await egress.connect({ host: 'rebind.example', port: 80, signal: within(1000) })).toMatchObject({
      ok: false,
      reason: 'egress_denied',
      address: '10.0.0.1',
    });
  });

  it('go to the address that was judged, whatever the name means a moment later', async () => {
    let asked = 0;
    const port = await listening(createServer());
    const egress = openEgress({
      policy: { private: 'deny', allow: ['127.0.0.1/32'], deny: [] },
      resolve: async () => [{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254', family: 4 }],
    });
    const connected = await egress.connect({ host: 'flip.example', port, signal: within(1000) });
    expect([connected.ok, asked]).toEqual([true, 1]);
    if (connected.ok) {
      expect(connected.socket.remoteAddress).toBe('127.0.0.1');
      connected.socket.destroy();
    }
  });
});

describe('Certificates', () => {
  const secure = async (
    name: string,
    options: { servername?: string; context?: typeof trusting; verify?: boolean } = {},
  ) => {
    const egress = openEgress({ policy: open });
    const connected = await egress.connect({ host: '127.0.0.1', port: await tlsServer(name), signal: within(2000) });
    if (!connected.ok) throw new Error(connected.message);
    const { servername = 'localhost', context = trusting, verify = true } = options;
    const secured = await egress.secure(connected.socket, { servername, context, verify, signal: within(2000) });
    if (secured.ok) closers.push(() => secured.socket.destroy());
    return secured;
  };

  it.each([
    ['good', {}, 'ok'],
    ['expired', {}, 'tls_expired'],
    ['future', {}, 'tls_not_yet_valid'],
    ['elsewhere', {}, 'tls_wrong_host'],
    ['good', { servername: 'other.example' }, 'tls_wrong_host'],
    ['good', { context: createSecureContext() }, 'tls_untrusted'],
    ['expired', { verify: false }, 'ok'],
  ] as const)('of a server with the certificate "%s" and %o are judged %s', async (name, options, verdict) => {
    const secured = await secure(name, options);
    expect(secured.ok ? 'ok' : secured.reason).toBe(verdict);
  });

  it('tell their facts, also when they are no longer valid', async () => {
    const secured = await secure('expired', { verify: false });
    const facts = secured.ok ? certificateFacts(secured.socket, Date.parse('2021-01-11T00:00:00Z')) : undefined;
    expect(facts).toMatchObject({
      subject: 'expired',
      issuer: 'Watchkeeper test authority',
      daysLeft: -10,
      validTo: '2021-01-01T00:00:00.000Z',
    });
  });

  it('a server that speaks no TLS, and one that hangs up, fail the handshake', async () => {
    const egress = openEgress({ policy: open });
    const plain = await listening(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const connected = await egress.connect({ host: '127.0.0.1', port: plain, signal: within(2000) });
    if (!connected.ok) throw new Error(connected.message);
    const secured = await egress.secure(connected.socket, {
      servername: 'localhost',
      context: trusting,
      verify: true,
      signal: within(2000),
    });
    expect(secured).toMatchObject({ ok: false, reason: 'tls_handshake' });
  });
});

describe('A request of ours', () => {
  it('is sent with its body, and an answer that is too large or never comes is a result', async () => {
    const port = await listening(
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (head) => {
          if (head.includes('/silent')) return;
          const body = head.includes('/large') ? 'x'.repeat(100_000) : 'taken';
          socket.end(`HTTP/1.1 202 Accepted\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        });
      }),
    );
    const egress = openEgress({ policy: open });
    const ask = (path: string) =>
      httpRequest(egress, { method: 'POST', url: `http://127.0.0.1:${port}${path}`, body: '{}', timeoutMs: 300 });
    expect(await ask('/')).toMatchObject({ ok: true, status: 202, body: 'taken' });
    expect(await ask('/large')).toMatchObject({ ok: false, reason: 'body_too_large' });
    expect(await ask('/silent')).toMatchObject({ ok: false, reason: 'timeout' });
    expect(await httpRequest(egress, { method: 'GET', url: 'file:///etc/passwd', timeoutMs: 300 })).toMatchObject({
      ok: false,
      reason: 'egress_denied',
    });
  });
});
