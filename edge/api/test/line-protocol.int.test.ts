import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { LoggedEvent } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAll } from '../../../flow/log/test/log-contract.ts';
import { type ApiWorld, openApiWorld } from './api-world.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let world: ApiWorld;
let port = 0;
let key = '';
beforeAll(async () => {
  world = await openApiWorld();
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  port = (world.app.server.address() as AddressInfo).port;
  key = (await world.makeKey('ingest')).text;
});
afterAll(() => world.close());

/** A request as it goes over the wire. */
function send(
  place: string,
  { body, headers = {}, chunks }: { body?: string | Buffer; headers?: Record<string, string>; chunks?: Buffer[] } = {},
): Promise<Answer> {
  const [method, path] = place.split(' ');
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    for (const chunk of chunks ?? []) request.write(chunk);
    request.end(body);
  });
}

const write = (body: string | Buffer, { query = 'db=watchkeeper', ...headers }: Record<string, string> = {}) =>
  send(`POST /write?${query}`, { body, headers: { authorization: `Token ${key}`, ...headers } });
const writeV2 = (
  body: string | Buffer,
  { query = 'org=&bucket=watchkeeper', ...headers }: Record<string, string> = {},
) => send(`POST /api/v2/write?${query}`, { body, headers: { authorization: `Token ${key}`, ...headers } });

let names = 0;
const aName = () => `measured_${++names}`;
async function eventsOf(name: string): Promise<LoggedEvent[]> {
  return (await readAll(world.eventLog)).filter(({ series }) => series.name === name);
}

describe('Writes of InfluxDB', () => {
  it.each([
    ['version 1', write],
    ['version 2', writeV2],
  ])('of %s are answered by 204 and nothing else, and stored', async (_title, door) => {
    const name = aName();
    const answer = await door(`${name},host=a value=1.5,text="x" 1700000000000000001\n${name},host=b value=2i\n`);
    expect([answer.status, answer.body, answer.headers['content-type']]).toEqual([204, '', undefined]);
    const [first, second] = await eventsOf(name);
    expect(first).toMatchObject({
      ...{ timeUs: 1_700_000_000_000_000, timeNs: 1, outcome: 'ok', values: [1.5], detail: { text: 'x' } },
      series: { tenant: 'default', host: 'a', attributes: {}, valueNames: ['value'] },
    });
    expect(Math.abs((second?.timeUs ?? 0) - Date.now() * 1000)).toBeLessThan(60_000_000);
  });

  it('of another database have an attribute that says so; a retention policy behind a bucket does not count', async () => {
    const name = aName();
    await write(`${name} v=1`, { query: 'db=telegraf&rp=autogen&consistency=any' });
    await writeV2(`${name} v=1`, { query: 'org=o&bucket=telegraf/autogen' });
    await writeV2(`${name} v=1`, { query: 'org=o&bucket=watchkeeper/autogen' });
    const attributes = (await eventsOf(name)).map(({ series }) => series.attributes);
    expect(attributes).toEqual(expect.arrayContaining([{ database: 'telegraf' }, { database: 'telegraf' }, {}]));
  });

  it.each([
    ['Basic', (text: string) => ({ authorization: `Basic ${Buffer.from(`telegraf:${text}`).toString('base64')}` })],
    ['Token user:password', (text: string) => ({ authorization: `Token telegraf:${text}` })],
    ['Token', (text: string) => ({ authorization: `Token ${text}` })],
    ['Bearer', (text: string) => ({ authorization: `Bearer ${text}` })],
  ])('show their key as %s', async (_title, headersOf) => {
    for (const door of [write, writeV2]) expect((await door(`${aName()} v=1`, headersOf(key))).status).toBe(204);
  });

  it('show their key in the address', async () => {
    const answer = await send(`POST /write?db=watchkeeper&u=telegraf&p=${key}`, { body: `${aName()} v=1` });
    expect(answer.status).toBe(204);
  });

  it('without a right key are answered by 401 and how to show one, without the right role by 403', async () => {
    const wrong = `wk_000000000000_${'x'.repeat(43)}`;
    for (const headers of [{}, { authorization: `Token ${wrong}` }, { authorization: 'Basic cm9vdDpyb290' }]) {
      const first = await send('POST /write?db=x', { body: 'a v=1', headers });
      expect([first.status, first.headers['www-authenticate']]).toEqual([401, 'Basic realm="watchkeeper"']);
      expect(JSON.parse(first.body)).toEqual({ error: expect.stringContaining('key') });
    }
    const second = await send('POST /api/v2/write?bucket=x', { body: 'a v=1' });
    expect([second.status, second.headers['www-authenticate']]).toEqual([401, 'Token realm="watchkeeper"']);
    expect(JSON.parse(second.body)).toMatchObject({ code: 'unauthorized', message: expect.any(String) });
    const viewer = (await world.makeKey('viewer')).text;
    expect((await write('a v=1', { authorization: `Token ${viewer}` })).status).toBe(403);
    expect(JSON.parse((await writeV2('a v=1', { authorization: `Token ${viewer}` })).body).code).toBe('forbidden');
  });

  it('with bad lines store the good ones and are told each bad one and why', async () => {
    const name = aName();
    const body = `${name} v=1 1\nbad\n${name} v=\n${name} v=2 2\n`;
    const first = await write(body);
    expect(first.status).toBe(400);
    expect(JSON.parse(first.body)).toEqual({
      error: `partial write: unable to parse 'bad' (line 2): missing fields; unable to parse '${name} v=' (line 3): missing field value dropped=2`,
    });
    const second = await writeV2(body.replaceAll(' v=', ' w='));
    expect([second.status, JSON.parse(second.body).code]).toEqual([400, 'invalid']);
    expect(JSON.parse(second.body).message).toMatch(/^partial write: .*dropped=2$/);
    expect((await eventsOf(name)).map(({ values }) => values[0]).sort()).toEqual([1, 1, 2, 2]);

    const none = await write('bad\n'.repeat(30));
    expect(JSON.parse(none.body).error).toMatch(
      /^unable to parse 'bad' \(line 1\).*; 20 more lines cannot be parsed dropped=30$/,
    );
  });

  it('beyond the series that a tenant may have are told so, and the rest is stored', async () => {
    const tight = (await world.makeKey('ingest', { tenant: 'tight' })).text;
    const name = aName();
    const lines = Array.from({ length: 1010 }, (_, at) => `${name},n=${at} v=1\n`).join('');
    const answer = await write(lines, { authorization: `Token ${tight}` });
    expect([answer.status, answer.body]).toEqual([
      400,
      '{"error":"partial write: too many new series (10 lines) dropped=10"}',
    ]);
    expect(await eventsOf(name)).toHaveLength(1000);
  });

  it('may be empty, and may be of any type, in chunks and inflated', async () => {
    for (const door of [write, writeV2]) {
      expect((await door('')).status).toBe(204);
      expect((await door('\n# nothing\n')).status).toBe(204);
      for (const type of ['text/plain; charset=utf-8', 'application/octet-stream', 'application/json', 'x'])
        expect((await door(`${aName()} v=1`, { 'content-type': type })).status).toBe(204);
      const name = aName();
      expect((await door(gzipSync(`${name} v=1`), { 'content-encoding': 'gzip' })).status).toBe(204);
      expect(await eventsOf(name)).toHaveLength(1);
    }
    const name = aName();
    const chunks = [Buffer.from(`${name} v=1\n${name.slice(0, 4)}`), Buffer.from(`${name.slice(4)} v=2\n`)];
    const headers = { authorization: `Token ${key}`, 'transfer-encoding': 'chunked' };
    expect((await send('POST /write?db=x', { chunks, headers })).status).toBe(204);
    expect(await eventsOf(name)).toHaveLength(2);
  });

  it('that cannot be inflated, or are packed otherwise, are refused', async () => {
    expect((await write('no gzip', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await write(gzipSync('a v=1').subarray(0, 15), { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await write('a v=1', { 'content-encoding': 'zstd' })).status).toBe(415);
  });

  it('that are too large are refused by 413, by what they are inflated too', async () => {
    const large = Buffer.alloc(1024 * 1024 + 1, 'a');
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(200_000);
    for (const door of [write, writeV2]) {
      expect((await door(large)).status).toBe(413);
      expect((await door(bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
    }
    const chunks = [large.subarray(0, 600_000), large.subarray(600_000)];
    const headers = { authorization: `Token ${key}`, 'transfer-encoding': 'chunked' };
    expect((await send('POST /write?db=x', { chunks, headers })).status).toBe(413);
  });

  it('count as memory until they are answered, packed or not, and no longer', async () => {
    const large = `#${'a'.repeat(1024 * 1024 - 10)}\na v=1\n`;
    for (let n = 0; n < 6; n++) expect((await write(gzipSync(large), { 'content-encoding': 'gzip' })).status).toBe(204);
    let store: (() => void) | undefined;
    const stored = new Promise<void>((resolve) => {
      store = resolve;
    });
    const take = () => stored.then(() => ({ stored: 1, alreadyStored: 0, refused: [] }));
    const waiting = await openApiWorld({
      receipt: { take, takeNumbered: take, countUnreadable: () => undefined, stats: () => world.receipt.stats() },
    });
    try {
      const headers = { authorization: `Token ${(await waiting.makeKey('ingest')).text}` };
      const body = { method: 'POST', url: '/write?db=x', headers, payload: large } as const;
      const answers = Array.from({ length: 5 }, () => waiting.app.inject(body).then(({ statusCode }) => statusCode));
      expect(await Promise.race(answers)).toBe(503);
      store?.();
      expect((await Promise.all(answers)).sort()).toEqual([204, 204, 204, 204, 503]);
      expect((await waiting.app.inject(body)).statusCode).toBe(204);
    } finally {
      store?.();
      await waiting.close();
    }
  });

  it('name a database or bucket, and a precision that is known; version 1 takes others for nanoseconds', async () => {
    expect(await write('a v=1', { query: '' })).toMatchObject({
      status: 400,
      body: '{"error":"database is required"}',
    });
    expect(JSON.parse((await writeV2('a v=1', { query: '' })).body)).toEqual({
      code: 'invalid',
      message: 'bucket is required',
    });
    const name = aName();
    expect((await write(`${name} v=1 5000`, { query: 'db=watchkeeper&precision=eons' })).status).toBe(204);
    expect((await write(`${name} v=2 5`, { query: 'db=watchkeeper&precision=h' })).status).toBe(204);
    expect((await writeV2(`${name} v=3 5`, { query: 'bucket=watchkeeper&precision=s' })).status).toBe(204);
    const times = Object.fromEntries((await eventsOf(name)).map(({ values, timeUs }) => [values[0], timeUs]));
    expect(times).toEqual({ 1: 5, 2: 18_000_000_000, 3: 5_000_000 });
    expect((await writeV2(`${name} v=4 5`, { query: 'bucket=watchkeeper&precision=eons' })).status).toBe(400);
    expect((await write('a v=1', { query: `db=${'x'.repeat(201)}` })).status).toBe(422);
  });

  it('know no other method', async () => {
    const answer = await send('GET /write');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
  });
});

describe('The same body again', () => {
  it('is one delivery where each line has its time, through whichever process; equal lines in it stay two', async () => {
    const name = aName();
    const body = `${name} v=1 5\n${name} v=1 5\n`;
    const answers = await Promise.all([write(body), write(body), write(body)]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
    expect(await eventsOf(name)).toHaveLength(2);
    expect((await write(gzipSync(body), { 'content-encoding': 'gzip' })).status).toBe(204);
    expect(await eventsOf(name)).toHaveLength(2);
    expect(world.receipt.stats().repeated).toBeGreaterThanOrEqual(6);
  });

  it('is another observation where a line has no time, and from another key, database or door', async () => {
    const name = aName();
    for (let n = 0; n < 2; n++) await write(`${name} v=1 5\n${name} v=2\n`);
    expect(await eventsOf(name)).toHaveLength(4);
    const other = (await world.makeKey('ingest')).text;
    const body = `${name} v=3 5\n`;
    await write(body);
    await write(body, { authorization: `Token ${other}` });
    await write(body, { query: 'db=other' });
    await writeV2(body);
    expect(await eventsOf(name)).toHaveLength(8);
  });
});

describe('Whoever must wait', () => {
  it('is told so by 503 and when to come again, never by 429', async () => {
    const small = await openApiWorld({ requestsPerMinute: 3 });
    try {
      const headers = { authorization: `Token ${(await small.makeKey('ingest')).text}` };
      for (const url of ['/write?db=x', '/api/v2/write?bucket=x']) {
        const answers = [];
        for (let n = 0; n < 5; n++)
          answers.push(await small.app.inject({ method: 'POST', url, headers, payload: 'a v=1' }));
        const last = answers.at(-1);
        expect(answers.map(({ statusCode }) => statusCode)).not.toContain(429);
        expect([last?.statusCode, Number(last?.headers['retry-after'])]).toEqual([503, expect.any(Number)]);
        expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
      }
    } finally {
      await small.close();
    }
  });

  it('and whose events the log does not take now, keeps them', async () => {
    const { WatchkeeperError } = await import('@watchkeeper/model');
    const full = () => Promise.reject(new WatchkeeperError('log_overloaded', 'full'));
    const small = await openApiWorld({
      receipt: {
        ...{ take: full, takeNumbered: full, countUnreadable: () => undefined },
        stats: () => world.receipt.stats(),
      },
    });
    try {
      const headers = { authorization: `Token ${(await small.makeKey('ingest')).text}` };
      const first = await small.app.inject({ method: 'POST', url: '/write?db=x', headers, payload: 'a v=1\nbad' });
      expect([first.statusCode, first.headers['retry-after'], first.json()]).toEqual([503, '2', { error: 'full' }]);
      const second = await small.app.inject({
        method: 'POST',
        url: '/api/v2/write?bucket=x',
        headers,
        payload: 'a v=1',
      });
      expect([second.statusCode, second.json()]).toEqual([503, { code: 'unavailable', message: 'full' }]);
    } finally {
      await small.close();
    }
  });
});

describe('What clients ask besides', () => {
  it('is answered as by InfluxDB', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await send(`${method} /ping`);
      expect([answer.status, answer.body, answer.headers['x-influxdb-version']]).toEqual([
        204,
        '',
        '1.8.10-watchkeeper',
      ]);
    }
    const answer = await send('GET /health');
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([200, { status: 'pass', checks: [] }]);
  });

  it.each([
    ['CREATE DATABASE "telegraf"', 200, { results: [{ statement_id: 0 }] }],
    ['create database my_db with duration 30d;', 200, { results: [{ statement_id: 0 }] }],
    [
      'SHOW DATABASES',
      200,
      { results: [{ statement_id: 0, series: [{ name: 'databases', columns: ['name'], values: [['watchkeeper']] }] }] },
    ],
    ['SELECT * FROM cpu', 400, { error: expect.stringContaining('/api/v1/query') }],
    ['DROP DATABASE "telegraf"', 400, { error: expect.any(String) }],
    ['', 400, { error: 'missing required parameter "q"' }],
  ])('%s', async (q, status, answer) => {
    const headers = { authorization: `Token ${key}` };
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
    for (const given of [
      await send(`GET /query?q=${encodeURIComponent(q)}`, { headers }),
      await send(`POST /query?q=${encodeURIComponent(q)}`, { headers }),
      await send('POST /query', { headers: form, body: `q=${encodeURIComponent(q)}` }),
    ])
      expect([given.status, JSON.parse(given.body)]).toEqual([status, answer]);
    expect((await send('GET /query?q=x')).status).toBe(401);
  });
});

it('Nothing of all this was a mistake of ours', () => expect(world.errors).toEqual([]));
