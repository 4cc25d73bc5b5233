import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type CheckOptions, checkOnce } from '../../test/check-world.ts';
import http from './http.ts';

const certificate = (name: string) =>
  readFileSync(new URL(`../../../../foundation/guard/test/certificates/${name}`, import.meta.url));

const servers: (Server | TcpServer)[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

function listening(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

const serving = async (answer: RequestListener) => `http://127.0.0.1:${await listening(createHttpServer(answer))}`;
/** A server that says exactly these bytes to everybody, after having read something. */
const saying = async (bytes: string, isHangingUp = true) =>
  `http://127.0.0.1:${await listening(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => (isHangingUp ? socket.end(bytes) : socket.write(bytes)));
    }),
  )}`;
const check = (url: string, options: Record<string, unknown> = {}, how: CheckOptions = {}) =>
  checkOnce(http, { url, ...options }, how);

describe('An http monitor', () => {
  it('measures every phase, and what was answered', async () => {
    const origin = await serving((_request, response) => setTimeout(() => response.end('hello'), 20));
    const seen = await check(`${origin}/`);
    expect(seen).toMatchObject({
      outcome: 'ok',
      attributes: { status: '200', protocol: 'HTTP/1.1', address: '127.0.0.1' },
    });
    const { durationMs = 0, connectMs = 0, firstByteMs = 0, transferMs = 0, sizeBytes, redirects } = seen.values;
    expect([sizeBytes, redirects]).toEqual([5, 0]);
    expect(firstByteMs).toBeGreaterThanOrEqual(18);
    expect(connectMs + firstByteMs + transferMs).toBeLessThanOrEqual(durationMs + 0.5);
    expect(connectMs + firstByteMs + transferMs).toBeGreaterThan(durationMs * 0.8);
  });

  it('sends what it is told to', async () => {
    const origin = await serving((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => response.end(JSON.stringify({ method: request.method, headers: request.headers, body })));
    });
    const options = { method: 'POST', headers: { 'X-Own': 'yes' }, body: '{"a":1}', credential: 'shop' };
    const assertions = [
      'body.json.method == "POST"',
      'body.json.headers["x-own"] == "yes"',
      'body.json.body contains "a"',
      'body.json.headers.authorization == "Basic dTpw"',
    ];
    const seen = await check(origin, options, { assertions, credential: () => ({ username: 'u', password: 'p' }) });
    expect(seen).toMatchObject({ outcome: 'ok' });
    expect(JSON.stringify(seen)).not.toContain('dTpw');
    const none = await check(origin, { credential: 'nobody' });
    expect(none).toMatchObject({ outcome: 'failed', reason: 'internal' });
  });

  it.each([
    [404, [], 'failed', 'status'],
    [302, [], 'ok', undefined],
    [500, ['status == 500'], 'ok', undefined],
    [200, ['durationMs < 0'], 'failed', 'slow'],
    [200, ['warn durationMs < 0'], 'degraded', 'slow'],
    [200, ['body contains "absent"'], 'failed', 'assertion'],
    [200, ['header["x-y"] matches /^a+$/'], 'ok', undefined],
  ])('with a status of %s and the conditions %o is %s (%s)', async (status, assertions, outcome, reason) => {
    const origin = await serving((_request, response) => response.writeHead(status, { 'x-y': 'aaa' }).end('present'));
    const seen = await check(origin, {}, assertions.length === 0 ? {} : { assertions });
    expect([seen.outcome, seen.reason]).toEqual([outcome, reason]);
  });

  it('follows redirects, adds up their phases, and keeps own headers and credentials from other hosts', async () => {
    const seenThere: Record<string, unknown>[] = [];
    const other = await serving((request, response) => {
      seenThere.push({
        method: request.method,
        own: request.headers['x-own'],
        authorization: request.headers.authorization,
      });
      response.end('there');
    });
    const origin = await serving((request, response) =>
      request.url === '/'
        ? response.writeHead(303, { location: '/second' }).end()
        : response.writeHead(302, { location: `${other}/` }).end(),
    );
    const seen = await check(
      `${origin}/`,
      { method: 'POST', body: 'x', headers: { 'X-Own': 'yes' }, credential: 'c' },
      { credential: () => ({ token: 't' }) },
    );
    expect(seen).toMatchObject({ outcome: 'ok', values: { redirects: 2 } });
    expect(seen.detail?.hops).toHaveLength(3);
    expect(seenThere).toEqual([{ method: 'GET', own: undefined, authorization: undefined }]);
  });

  it.each([
    ['too many redirects', '/', 'too_many_redirects', { maxRedirects: 3 }],
    ['a redirect to another scheme', 'file:///etc/passwd', 'redirect_invalid', {}],
    ['a redirect with a password', 'http://user:pw@127.0.0.1/', 'redirect_invalid', {}],
    ['a redirect to an address that may not be contacted', 'http://169.254.169.254/latest/', 'egress_denied', {}],
    ['a redirect to a number that hides such an address', 'http://2852039166/', 'egress_denied', {}],
  ])('stops at %s', async (_title, location, reason, options) => {
    const origin = await serving((_request, response) => response.writeHead(302, { location }).end());
    expect(await check(`${origin}/`, options)).toMatchObject({ outcome: 'failed', reason });
  });

  it.each([
    ['nothing', '', 'empty_response'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'protocol'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-', 'protocol'],
    ['a body that is cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', 'body_truncated'],
    ['a chunk that is cut short', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort', 'body_truncated'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(20_000)}\r\n`, 'headers_too_large'],
    [
      'a body that is too large',
      `HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n${'x'.repeat(2000)}`,
      'body_too_large',
    ],
    [
      'a body that does not unpack',
      'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello',
      'decode',
    ],
  ])('names what is wrong when a server says %s', async (_title, bytes, reason) => {
    const seen = await check(await saying(bytes), { maxBodyBytes: 1000 });
    expect([seen.outcome, seen.reason]).toEqual(['failed', reason]);
  });

  it('does not let a small body unpack into a large one', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const origin = await serving((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(await check(origin, { maxBodyBytes: 100_000 })).toMatchObject({
      outcome: 'failed',
      reason: 'body_too_large',
    });
  });

  it('reads packed bodies and chunks', async () => {
    const origin = await serving((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const packed = gzipSync('{"items":[{"id":7}]}');
      response.write(packed.subarray(0, 10));
      response.end(packed.subarray(10));
    });
    expect(await check(origin, {}, { assertions: ['body.json.items[0].id == 7'] })).toMatchObject({ outcome: 'ok' });
  });

  it('ends in time when the server never answers, or never ends', async () => {
    const silent = await saying('', false);
    expect(await check(silent, {}, { timeoutMs: 60 })).toMatchObject({ outcome: 'failed', reason: 'timeout' });
    const endless = await saying('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx', false);
    const seen = await check(endless, {}, { timeoutMs: 60 });
    expect(seen).toMatchObject({ outcome: 'failed', reason: 'timeout', attributes: { status: '200' } });
  });

  it('is reset when the server resets', async () => {
    const port = await listening(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await check(`http://127.0.0.1:${port}/`)).toMatchObject({ outcome: 'failed', reason: 'reset' });
  });

  it('tells about certificates, and refuses those that it cannot trust', async () => {
    const server = createHttpsServer(
      { cert: certificate('good.pem'), key: certificate('good.key') },
      (_request, response) => response.end('safe'),
    );
    const url = `https://127.0.0.1:${await listening(server as unknown as Server)}/`;
    expect(await check(url)).toMatchObject({ outcome: 'failed', reason: 'tls_untrusted' });
    const seen = await check(
      url,
      { tls: { verify: false } },
      { assertions: ['status == 200', 'certificate.daysLeft > 14'] },
    );
    expect(seen).toMatchObject({ outcome: 'ok', attributes: { tlsVersion: 'TLSv1.3' } });
    expect(seen.values.certificateDaysLeft).toBeGreaterThan(30_000);
    expect(seen.values.tlsMs).toBeGreaterThan(0);
    const soon = await check(url, { tls: { verify: false } }, { assertions: ['certificate.daysLeft > 99999'] });
    expect(soon).toMatchObject({
      outcome: 'failed',
      detail: { certificate: { issuer: 'Watchkeeper test authority' } },
    });
  });
});
