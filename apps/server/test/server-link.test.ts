import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { openEgress } from '@watchkeeper/guard';
import { createLogger } from '@watchkeeper/kit';
import { isWatchkeeperError } from '@watchkeeper/model';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../foundation/kit/test/manual-clock.ts';
import { ServerLink } from '../src/remote/server-link.ts';

const certificate = (name: string) =>
  readFileSync(new URL(`../../../foundation/guard/test/certificates/${name}`, import.meta.url), 'utf8');
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as { port: number }).port;
}

function aLink(server: string, over: { readonly ca?: string } = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream;
  const logger = createLogger({ level: 'info', format: 'json', destination });
  const clock = new ManualClock();
  const egress = openEgress({ policy: { private: 'allow', allow: [], deny: [] } });
  const link = new ServerLink({ server, key: 'k', egress, clock, logger, ...over });
  const ask = () =>
    link.call('claimZoneLease', { params: { zone: 'fra' }, body: { holder: 'a', seconds: 9 } }).then(
      (answer) => answer.held,
      (error: unknown) => (isWatchkeeperError(error) ? error.code : error),
    );
  return { link, clock, ask, said: () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg) };
}

const held: RequestListener = (_request, response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"held":true,"epoch":1}');
const problem =
  (status: number, code: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(
      JSON.stringify({
        type: '/docs/errors',
        title: '',
        status,
        detail: `It is ${code}.`,
        code,
        requestId: '',
        retryable: false,
      }),
    );

describe('The way to the server', () => {
  it('is taken only when the certificate is one of those that the operator trusts', async () => {
    const tls = (name: string) =>
      listening(createTlsServer({ cert: certificate(`${name}.pem`), key: certificate(`${name}.key`) }, held) as Server);
    const good = `https://127.0.0.1:${await tls('good')}`;
    const ca = certificate('ca.pem');
    expect(await aLink(good, { ca }).ask()).toBe(true);
    const untrusted = aLink(good);
    expect(await untrusted.ask()).toBe('server_unreachable');
    expect(untrusted.said().join()).toContain('not trusted');
    const elsewhere = aLink(`https://127.0.0.1:${await tls('elsewhere')}`, { ca });
    expect(await elsewhere.ask()).toBe('server_unreachable');
    expect(elsewhere.said().join()).toContain('the certificate is not for');
  });

  it('says once that the server is away, and when it answers again', async () => {
    let answer: RequestListener = problem(503, 'database_unavailable');
    const { ask, said } = aLink(`http://127.0.0.1:${await listening(createServer((q, a) => answer(q, a)))}`);
    expect([await ask(), await ask()]).toEqual(['database_unavailable', 'database_unavailable']);
    answer = held;
    expect([await ask(), await ask()]).toEqual([true, true]);
    expect(said()).toEqual(['It is database_unavailable. It is tried again.', 'the server answers again']);
  });

  it('does not knock again and again with a key that is refused', async () => {
    let asked = 0;
    let answer: RequestListener = problem(401, 'unauthenticated');
    const port = await listening(
      createServer((request, response) => {
        asked += 1;
        answer(request, response);
      }),
    );
    const { ask, clock } = aLink(`http://127.0.0.1:${port}`);
    const all = await Promise.all(Array.from({ length: 5 }, ask)).then(() =>
      Promise.all(Array.from({ length: 20 }, ask)),
    );
    expect(new Set(all)).toEqual(new Set(['unauthenticated']));
    expect(asked).toBe(5);
    clock.advance(31_000);
    await Promise.all(Array.from({ length: 20 }, ask));
    expect(asked).toBe(6);
    answer = held;
    expect(await ask()).toBe('unauthenticated');
    clock.advance(31_000);
    expect([await ask(), await ask()]).toEqual([true, true]);
  });

  it('takes the answer of a proxy for what it is', async () => {
    const proxy: RequestListener = (_request, response) => response.writeHead(502).end('<h1>Bad gateway</h1>');
    const { ask, said } = aLink(`http://127.0.0.1:${await listening(createServer(proxy))}`);
    expect(await ask()).toBe('server_unreachable');
    expect(said().join()).toContain('502');
  });
});
