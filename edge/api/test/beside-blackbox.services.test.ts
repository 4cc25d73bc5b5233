import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../../scripts/servers/free-ports.ts';
import { type ServerProcess, startProcess, until } from '../../../scripts/servers/server-process.ts';
import { type ApiWorld, openApiWorld, testProber } from './api-world.ts';

const isMissing = (process.env.WK_MISSING_PROGRAMS ?? '').includes('prometheus-blackbox-exporter');
const file = (name: string) =>
  readFileSync(new URL(`../../../foundation/guard/test/certificates/${name}`, import.meta.url));

/** Modules of ours that the peer has too, in its own words. */
const theirModules = `modules:
  http_2xx: { prober: http, http: { preferred_ip_protocol: ip4 } }
  http_post_2xx: { prober: http, http: { method: POST, preferred_ip_protocol: ip4 } }
  https_any: { prober: http, http: { preferred_ip_protocol: ip4, tls_config: { insecure_skip_verify: true } } }
  greeting: { prober: http, http: { preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: ["hello"] } }
  tcp_connect: { prober: tcp, tcp: { preferred_ip_protocol: ip4 } }
  tls: { prober: tcp, tcp: { preferred_ip_protocol: ip4, tls: true, tls_config: { insecure_skip_verify: true } } }
`;
const http = { type: 'http', timeout: '5s', assertions: ['status in 200..299'] };
const identity = { 'accept-encoding': 'identity' };
const ourModules = {
  https_any: { ...http, options: { headers: identity, tls: { verify: false, minVersion: 'TLSv1.2' } } },
  greeting: { ...http, assertions: [...http.assertions, 'body matches /hello/'], options: { headers: identity } },
  tls: { type: 'tls', timeout: '5s', assertions: [], options: { verify: false } },
};

describe.skipIf(isMissing)('Beside the real blackbox_exporter', () => {
  let world: ApiWorld;
  let peer: ServerProcess;
  let peerUrl = '';
  let folder = '';
  const servers: Server[] = [];
  const ports = { http: 0, https: 0, none: 0 };

  const answer: RequestListener = (request, response) => {
    if (request.url === '/there') return response.writeHead(302, { location: '/' }).end();
    if (request.url === '/moved') return response.writeHead(301).end('nowhere');
    if (request.url === '/broken') return response.writeHead(503).end('broken');
    if (request.url === '/other') return response.end('other words');
    if (request.url === '/late') return undefined;
    if (request.url === '/chunked') {
      response.write('hello ');
      return response.end('again');
    }
    if (request.url === '/dated') response.setHeader('last-modified', 'Tue, 15 Nov 1994 12:45:26 GMT');
    const text = `hello by ${request.method}`;
    return response.setHeader('content-length', text.length).end(text);
  };
  const listening = (server: Server) => {
    servers.push(server);
    return new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wk-blackbox-'));
    const [port = 0, none = 0] = await freePorts(2);
    ports.none = none;
    ports.http = await listening(createHttpServer(answer));
    ports.https = await listening(
      createHttpsServer({ cert: file('good.pem'), key: file('good.key') }, answer) as unknown as Server,
    );
    writeFileSync(join(folder, 'blackbox.yml'), theirModules);
    peerUrl = `http://127.0.0.1:${port}`;
    const started = startProcess('prometheus-blackbox-exporter', [
      `--config.file=${join(folder, 'blackbox.yml')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ]);
    peer = started;
    const isThere = () =>
      fetch(`${peerUrl}/-/healthy`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until('blackbox_exporter', isThere, { server: started });
    world = await openApiWorld({ probe: { prober: await testProber({ modules: ourModules }), openOnLoopback: false } });
  });
  afterAll(async () => {
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    await world?.close();
    await peer?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const headers = { 'x-prometheus-scrape-timeout-seconds': '1.5' };
  const theirs = async (path: string) => {
    const response = await fetch(`${peerUrl}${path}`, { headers });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  const ours = async (path: string) => {
    const response = await world.ask(`GET ${path}`, { headers });
    return { status: response.statusCode, type: response.headers['content-type'], text: response.body };
  };
  /** Series → value, and what HELP and TYPE say of its name. */
  const read = (text: string) => {
    const lines = text.split('\n').filter(Boolean);
    const samples = lines
      .filter((line) => !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at))] as const;
      });
    const types = lines.filter((line) => line.startsWith('# TYPE '));
    return { samples: new Map(samples), types: new Set(types) };
  };
  /** Times differ from probe to probe; the chain of an unknown authority ends at the year 1 in Go. */
  const isComparable = (series: string) => !/_seconds(\{|$)/.test(series) || /last_modified/.test(series);

  const cases: readonly (readonly [what: string, module: string, target: () => string])[] = [
    ['a page', 'http_2xx', () => `http://127.0.0.1:${ports.http}/`],
    ['an address without http://', 'http_2xx', () => `localhost:${ports.http}/dated`],
    ['a redirect', 'http_2xx', () => `http://127.0.0.1:${ports.http}/there`],
    ['a redirect to nowhere', 'http_2xx', () => `http://127.0.0.1:${ports.http}/moved`],
    ['an error', 'http_2xx', () => `http://127.0.0.1:${ports.http}/broken`],
    ['a body without a length', 'http_2xx', () => `http://127.0.0.1:${ports.http}/chunked`],
    ['a page that is posted to', 'http_post_2xx', () => `http://127.0.0.1:${ports.http}/`],
    ['a page over TLS', 'https_any', () => `https://localhost:${ports.https}/`],
    ['a page with the right words', 'greeting', () => `http://127.0.0.1:${ports.http}/`],
    ['a page without the right words', 'greeting', () => `http://127.0.0.1:${ports.http}/other`],
    ['an error without the right words', 'greeting', () => `http://127.0.0.1:${ports.http}/broken`],
    ['a certificate that is not trusted', 'http_2xx', () => `https://localhost:${ports.https}/`],
    ['a server that is not there', 'http_2xx', () => `http://127.0.0.1:${ports.none}/`],
    ['a name that is not there', 'http_2xx', () => 'http://no-such-host.invalid/'],
    ['a server that does not answer', 'http_2xx', () => `http://127.0.0.1:${ports.http}/late`],
    ['an open port', 'tcp_connect', () => `127.0.0.1:${ports.http}`],
    ['a closed port', 'tcp_connect', () => `localhost:${ports.none}`],
    ['a handshake', 'tls', () => `localhost:${ports.https}`],
    ['a port that speaks no TLS', 'tls', () => `localhost:${ports.http}`],
  ];

  it.each(cases)('%s has every series that it has there, with the same values', async (_what, module, target) => {
    const path = `/probe?${new URLSearchParams({ module, target: target() })}`;
    const [there, here] = [await theirs(path), await ours(path)];
    expect([here.status, here.type]).toEqual([there.status, there.type]);
    const [peerSays, weSay] = [read(there.text), read(here.text)];
    for (const series of peerSays.samples.keys()) expect([...weSay.samples.keys()]).toContain(series);
    for (const type of peerSays.types) expect([...weSay.types]).toContain(type);
    const comparable = [...peerSays.samples].filter(([series]) => isComparable(series));
    expect(comparable.length).toBeGreaterThan(2);
    expect(Object.fromEntries(comparable.map(([series]) => [series, weSay.samples.get(series)]))).toEqual(
      Object.fromEntries(comparable),
    );
  });

  it('questions that make no sense are refused alike', async () => {
    for (const path of ['/probe?module=http_2xx', '/probe?target=localhost&module=nosuch']) {
      const [there, here] = [await theirs(path), await ours(path)];
      expect([here.status, here.text]).toEqual([there.status, there.text]);
    }
  });
});
