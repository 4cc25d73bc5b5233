import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiWorld, openApiWorld, testProber } from './api-world.ts';

let world: ApiWorld;
const servers: Server[] = [];
const sockets = new Set<Socket>();
beforeEach(async () => {
  world = await openApiWorld();
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
  expect(world.errors).toEqual([]);
  await world.close();
});

function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}
const serving = async (answer: RequestListener) => `127.0.0.1:${await listening(createServer(answer))}`;
/** Accepts and never says anything. */
const silent = async () => `127.0.0.1:${await listening(createTcpServer(() => undefined) as Server)}`;

const ask = (query: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}, in_ = world) =>
  in_.ask(`GET /probe?${new URLSearchParams(query)}`, { headers });

/** Name with labels → value. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

async function probed(
  query: Readonly<Record<string, string>>,
  headers?: Readonly<Record<string, string>>,
  in_ = world,
) {
  const response = await ask(query, headers, in_);
  expect(response.statusCode, response.body).toBe(200);
  expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  return samplesOf(response.body);
}

describe('A probe', () => {
  it('tells in the names of blackbox_exporter what a check saw', async () => {
    const target = await serving((request, response) => {
      if (request.url === '/there') return response.writeHead(302, { location: '/' }).end();
      response.setHeader('last-modified', 'Tue, 15 Nov 1994 12:45:26 GMT');
      return response.end(`hello, ${request.method} ${request.headers['accept-encoding']}`);
    });
    const seen = await probed({ target: `http://${target}/there`, module: 'http_2xx' });
    const length = 'hello, GET identity'.length;
    expect(Object.fromEntries(seen)).toMatchObject({
      ...{ probe_success: 1, probe_http_status_code: 200, probe_http_redirects: 1, probe_http_ssl: 0 },
      ...{ probe_http_version: 1.1, probe_http_uncompressed_body_length: length, probe_ip_protocol: 4 },
      ...{ probe_http_content_length: length, probe_failed_due_to_regex: 0, probe_ip_addr_hash: 3668918509 },
      ...{ probe_http_last_modified_timestamp_seconds: 784903526, probe_dns_lookup_time_seconds: 0 },
    });
    const phases = ['resolve', 'connect', 'tls', 'processing', 'transfer'];
    const sum = phases
      .map((phase) => seen.get(`probe_http_duration_seconds{phase="${phase}"}`) as number)
      .reduce((a, b) => a + b);
    expect(sum).toBeGreaterThan(0);
    expect(seen.get('probe_duration_seconds')).toBeGreaterThanOrEqual(sum);
  });

  it('takes http_2xx and an address without http:// when nothing else is said', async () => {
    const target = await serving((_request, response) => response.end('hello'));
    expect((await probed({ target })).get('probe_http_status_code')).toBe(200);
    const posted = await serving((request, response) =>
      response.writeHead(request.method === 'POST' ? 201 : 405).end(),
    );
    expect((await probed({ target: posted, module: 'http_post_2xx' })).get('probe_success')).toBe(1);
    expect((await probed({ target: posted })).get('probe_success')).toBe(0);
  });

  it('that fails answers 200 all the same, with the reason', async () => {
    const refusing = await serving((_request, response) => response.writeHead(503).end());
    const seen = await probed({ target: refusing });
    expect([seen.get('probe_success'), seen.get('probe_http_status_code')]).toEqual([0, 503]);
    expect(seen.get('watchkeeper_probe_reason_info{outcome="failed",reason="status"}')).toBe(1);
    const gone = await probed({ target: '127.0.0.1:1', module: 'tcp_connect' });
    expect(gone.get('probe_success')).toBe(0);
    expect(gone.get('watchkeeper_probe_reason_info{outcome="failed",reason="connect_refused"}')).toBe(1);
    const unknown = await probed({ target: 'http://no-such-host.invalid/' });
    expect([unknown.get('probe_ip_protocol'), unknown.get('probe_ip_addr_hash')]).toEqual([0, 0]);
    expect(unknown.get('watchkeeper_probe_reason_info{outcome="failed",reason="dns"}')).toBe(1);
  });

  it('asks under another host name', async () => {
    const target = await serving((request, response) =>
      response.writeHead(request.headers.host === 'a.example' ? 200 : 404).end(),
    );
    expect((await probed({ target, hostname: 'a.example' })).get('probe_success')).toBe(1);
    expect((await probed({ target })).get('probe_success')).toBe(0);
  });

  it('is done half a second before the scraper stops waiting', async () => {
    const seen = await probed({ target: await silent() }, { 'x-prometheus-scrape-timeout-seconds': '0.8' });
    expect(seen.get('probe_success')).toBe(0);
    expect(seen.get('probe_duration_seconds')).toBeLessThan(0.7);
    expect(seen.get('watchkeeper_probe_reason_info{outcome="failed",reason="timeout"}')).toBe(1);
  });

  it('tells in words what happened, when asked to', async () => {
    const response = await ask({ target: '127.0.0.1:1', module: 'tcp_connect', debug: 'true' });
    expect(response.body).toContain('127.0.0.1:1 is failed: 127.0.0.1:1 could not be reached (ECONNREFUSED)');
    expect(response.body).toContain('\nprobe_success 0\n');
  });

  it('is 400 with a sentence for a module or a target that is none', async () => {
    for (const [query, sentence] of [
      [{ module: 'http_2xx' }, 'Target parameter is missing\n'],
      [{ target: 'localhost:80', module: 'nosuch' }, 'Unknown module "nosuch"\n'],
      [
        { target: 'localhost', module: 'tcp_connect' },
        'Invalid target: "localhost" is no target for a module of type tcp\n',
      ],
      [{ target: 'localhost:99999', module: 'tls' }, 'Invalid target: /port must be <= 65535\n'],
      [{ target: 'ht tp://x' }, /^Invalid target: \/url must match pattern/],
      [{ target: 'http://user:secret@localhost/' }, /^Invalid target: \/url must match pattern/],
    ] as const) {
      const response = await ask(query as Record<string, string>);
      expect([response.statusCode, response.headers['content-type']]).toEqual([400, 'text/plain; charset=utf-8']);
      if (typeof sentence === 'string') expect(response.body).toBe(sentence);
      else expect(response.body).toMatch(sentence);
    }
    const nonsense = await ask({ target: 'localhost' }, { 'x-prometheus-scrape-timeout-seconds': 'soon' });
    expect(nonsense.statusCode).toBe(400);
  });

  it('goes nowhere that egress does not allow', async () => {
    const { openEgress } = await import('@watchkeeper/guard');
    const egress = openEgress({ policy: { private: 'deny', allow: [], deny: [] } });
    const closed = await openApiWorld({ probe: { prober: await testProber({ egress }), openOnLoopback: false } });
    const seen = await probed({ target: await serving((_request, response) => response.end()) }, {}, closed);
    expect(seen.get('watchkeeper_probe_reason_info{outcome="failed",reason="egress_denied"}')).toBe(1);
    await closed.close();
  });

  it('has a bound on how many are under way, and leaves room when scrapers go', async () => {
    const busy = await openApiWorld({ probe: { prober: await testProber({ atOnce: 1 }), openOnLoopback: false } });
    await busy.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = busy.app.server.address() as { port: number };
    const at = (target: string) => `http://127.0.0.1:${port}/probe?target=${target}`;
    const headers = { authorization: `Bearer ${busy.admin}` };
    const patient = new AbortController();
    const hanging = await silent();
    const waiting = fetch(at(hanging), { headers, signal: patient.signal }).catch(() => 'gone');
    const target = await serving((_request, response) => response.end());
    const statusOf = async () => (await fetch(at(target), { headers })).status;
    const until = async (wanted: number) => {
      for (const deadlineMs = performance.now() + 5000; (await statusOf()) !== wanted; )
        if (performance.now() > deadlineMs) throw new Error(`no answer ${wanted} within 5 s`);
    };
    await until(503);
    const refused = await fetch(at(target), { headers });
    expect(await refused.text()).toMatch(/^More than 1 probes are under way/);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    patient.abort();
    expect(await waiting).toBe('gone');
    await until(200);
    await busy.close();
  });
});

describe('Own modules', () => {
  it('say what is asked and what must be true of the answer', async () => {
    const modules = {
      greeting: {
        ...{ type: 'http', timeout: '5s', assertions: ['status == 200', 'body matches /hello/'] },
        options: { method: 'PUT', headers: { 'x-from': 'probe' } },
      },
    };
    const own = await openApiWorld({ probe: { prober: await testProber({ modules }), openOnLoopback: false } });
    const target = await serving((request, response) =>
      response.end(
        request.method === 'PUT' && request.headers['x-from'] === 'probe' && request.url === '/a' ? 'hello' : 'bye',
      ),
    );
    const good = await probed({ target: `${target}/a`, module: 'greeting' }, {}, own);
    expect([good.get('probe_success'), good.get('probe_failed_due_to_regex')]).toEqual([1, 0]);
    const bad = await probed({ target, module: 'greeting' }, {}, own);
    expect([bad.get('probe_success'), bad.get('probe_failed_due_to_regex')]).toEqual([0, 1]);
    await own.close();
  });

  it('that cannot work are refused at the start, by name', async () => {
    const module = { type: 'http', options: {}, assertions: [], timeout: '5s' };
    for (const [over, message] of [
      [{ type: 'htp' }, 'probe.modules.mine.type: there is no monitor type "htp". Did you mean "http"?'],
      [{ options: { methd: 'GET' } }, 'probe.modules.mine.options: /methd is unknown'],
      [{ assertions: ['status is 200'] }, /^probe\.modules\.mine\.assertions: "status is 200" cannot be read/],
    ] as const)
      await expect(testProber({ modules: { mine: { ...module, ...over } } })).rejects.toMatchObject({
        ...{ code: 'settings_invalid' },
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      });
  });
});

describe('Who may probe', () => {
  it('shows a key of an editor, as a token or as a password', async () => {
    const target = await serving((_request, response) => response.end());
    const url = `/probe?target=${target}`;
    const statusOf = async (authorization?: string) =>
      (await world.app.inject({ url, headers: authorization === undefined ? {} : { authorization } })).statusCode;
    const editor = (await world.makeKey('editor')).text;
    expect(await statusOf(`Bearer ${editor}`)).toBe(200);
    expect(await statusOf(`Basic ${Buffer.from(`prometheus:${editor}`).toString('base64')}`)).toBe(200);
    expect(await statusOf(`Bearer ${(await world.makeKey('viewer')).text}`)).toBe(403);
    expect(await statusOf(`Bearer ${editor}x`)).toBe(401);
    const none = await world.app.inject({ url });
    expect([none.statusCode, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="watchkeeper"']);
    expect(none.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it('is a program on the same machine without a key, where that is set; nobody by way of it', async () => {
    const open = await openApiWorld({ probe: { prober: await testProber(), openOnLoopback: true } });
    const target = await serving((_request, response) => response.end());
    const url = `/probe?target=${target}`;
    const statusOf = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
      (await open.app.inject({ url, remoteAddress, headers: { host: '127.0.0.1:7300', ...headers } })).statusCode;
    expect(await statusOf({})).toBe(200);
    expect(await statusOf({ host: 'localhost:7300' })).toBe(200);
    expect(await statusOf({}, '10.0.0.7')).toBe(401);
    // Behind a proxy on the same machine everybody seems to be there.
    expect(await statusOf({ 'x-forwarded-for': '203.0.113.7' })).toBe(401);
    // A page in a browser on this machine, also under a name that leads here for a moment.
    expect(await statusOf({ 'sec-fetch-site': 'cross-site' })).toBe(401);
    expect(await statusOf({ host: 'evil.example' })).toBe(401);
    await open.close();
  });
});
