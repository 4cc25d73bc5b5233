import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { RefusedInputCount } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAll } from '../../../flow/log/test/log-contract.ts';
import { type ApiWorld, openApiWorld } from './api-world.ts';

let world: ApiWorld;
let port = 0;
let key = '';
beforeAll(async () => {
  world = await openApiWorld();
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  port = (world.app.server.address() as AddressInfo).port;
  key = (await world.makeKey('ingest')).text;
});
afterAll(async () => {
  // Not one of these requests is a mistake of ours.
  expect(world.errors).toEqual([]);
  await world.close();
});

let names = 0;
const stored = async (name: string) =>
  (await readAll(world.eventLog)).filter(({ series }) => series.name === name).map(({ values }) => values[0]);

interface Door {
  readonly place: string;
  readonly type: string;
  /** A body with a good item before and after a bad one; the bad one as it stands in the body. */
  body(name: string, bad: string | Buffer): Buffer;
  /** A good item with another value, tag or time. */
  item(name: string, over?: { value?: string; time?: string; tags?: Readonly<Record<string, string>> }): string;
  /** How an answer names the bad item. */
  readonly names: RegExp;
}

const around = (first: string, bad: string | Buffer, last: string) =>
  Buffer.concat([Buffer.from(first), Buffer.from(bad), Buffer.from(last)]);

const linesOf = (place: string): Door => ({
  ...{ place, type: 'text/plain', names: /\(line 2\)/ },
  item: (name, { value = '5', time = '', tags = {} } = {}) =>
    `${[name, ...Object.entries(tags).map(([tag, text]) => `${tag}=${text}`)].join(',')} v=${value} ${time}`.trim(),
  body(name, bad) {
    return around(`${this.item(name, { value: '1' })}\n`, bad, `\n${this.item(name, { value: '2' })}\n`);
  },
});
const otlp: Door = {
  ...{ place: 'POST /v1/metrics', type: 'application/json', names: /metrics\[1\]/ },
  item: (name, { value = '5', time = '0', tags = {} } = {}) => {
    const attributes = Object.entries(tags).map(([tag, stringValue]) => ({ key: tag, value: { stringValue } }));
    const point = `{"asDouble":${value},"timeUnixNano":"${time}","attributes":${JSON.stringify(attributes)}}`;
    return `{"name":"${name}","gauge":{"dataPoints":[${point}]}}`;
  },
  body(name, bad) {
    const [first, last] = ['1', '2'].map((value) => this.item(name, { value }));
    return around(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${first},`, bad, `,${last}]}]}]}`);
  },
};
const head = (name: string) => `"version":1,"producer":"${name}","epoch":1,"firstSeq":1`;
const event = (series: string, { value = '5', time = '5000000000' } = {}) =>
  `{"series":${series},"timeUs":${time.replace(/000$/, '')},"outcome":"ok","values":[${value}]}`;
const series = (name: string, tags: Readonly<Record<string, string>> = {}) =>
  JSON.stringify({ name, valueNames: ['v'], attributes: tags });
const ndjson: Door = {
  ...{ place: 'POST /api/v1/events', type: 'application/x-ndjson', names: /line 3: / },
  item: (name, { tags, ...over } = {}) => event(series(name, tags), over),
  body(name, bad) {
    const [first, last] = ['1', '2'].map((value) => this.item(name, { value }));
    return around(`{${head(name)}}\n${first}\n`, bad, `\n${last}\n`);
  },
};
const batch: Door = {
  ...{ place: 'POST /api/v1/events', type: 'application/json', names: /"index":1/ },
  item: (_name, { tags, ...over } = {}) => event(tags === undefined ? '0' : '1', over),
  body(name, bad) {
    const [first, last] = ['1', '2'].map((value) => this.item(name, { value }));
    const huge = series(name, Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`t${n}`, 'x'])));
    return around(`{${head(name)},"series":[${series(name)},${huge}],"events":[${first},`, bad, `,${last}]}`);
  },
};

const doors: readonly (readonly [string, Door])[] = [
  ['line protocol, version 1', linesOf('POST /write?db=watchkeeper')],
  ['line protocol, version 2', linesOf('POST /api/v2/write?bucket=watchkeeper')],
  ['OTLP', otlp],
  ['events in JSON', batch],
  ['events line by line', ndjson],
];

async function send({ place, type }: Door, body: string | Buffer, headers: Record<string, string> = {}) {
  const [method = '', path = ''] = place.split(' ');
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    ...{ method, body: body as string },
    headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
  });
  return { status: answer.status, text: await answer.text() };
}

describe.each(doors)('Bad input to %s', (title, door) => {
  const isLines = title.startsWith('line protocol');
  const isJson = title === 'events in JSON' || title === 'OTLP';
  const future = `${(Date.now() + 3 * 86_400_000) * 1_000_000}`;
  const manyTags = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`t${n}`, 'x']));
  const bad: readonly (readonly [string, (name: string) => string | Buffer])[] = [
    ['a malformed item', () => (isJson ? '{"none":true}' : isLines ? 'cpu' : '{"series"')],
    ['no number', (name) => door.item(name, { value: isLines ? 'x' : '"x"' })],
    ['the number 1e400', (name) => door.item(name, { value: '1e400' })],
    ['a time before 1970', (name) => door.item(name, { time: '-5000' })],
    ['a time in the far future', (name) => door.item(name, { time: future })],
    ['a huge set of tags', (name) => door.item(name, { tags: manyTags })],
    [
      'a tag without end',
      (name) => door.item(name, { tags: title === 'events in JSON' ? manyTags : { t: 'x'.repeat(70_000) } }),
    ],
  ];

  it.each(bad)('%s is refused by its place, and the good ones of the batch are stored', async (_what, make) => {
    const name = `bad_input_${++names}`;
    const { status, text } = await send(door, door.body(name, make(name)));
    expect([200, 400], text).toContain(status);
    expect(text).toMatch(door.names);
    expect(await stored(name)).toEqual([1, 2]);
  });

  it('bytes that are not UTF-8, and NUL, are refused, or cost only what they stand in', async () => {
    for (const bytes of [Buffer.from([0xff, 0xfe]), Buffer.from([0])]) {
      const name = `bad_input_${++names}`;
      const { status, text } = await send(door, door.body(name, bytes));
      expect([200, 400], text).toContain(status);
      expect(text.length).toBeGreaterThan(2);
      // JSON that is broken in its middle cannot be read at all; lines are lines.
      expect(await stored(name)).toEqual(isJson ? [] : [1, 2]);
    }
  });

  it('JSON that is nested 10,000 deep ends in an answer', async () => {
    const name = `bad_input_${++names}`;
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const deepObject = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    for (const item of [deep, deepObject, `{"series":${deepObject}}`, `{"detail":${deepObject}}`]) {
      const { status } = await send(door, door.body(name, item));
      expect([200, 400, 422]).toContain(status);
    }
    expect(new Set(await stored(name))).toEqual(new Set([1, 2]));
  });

  it('duplicated keys never store both, nor anything of another tenant', async () => {
    const name = `bad_input_${++names}`;
    const item = isLines
      ? `${name},a=1,a=2 v=7`
      : door.item(name, { value: '7' }).replace(/^\{/, '{"tenant":"other","tenant":"x",');
    expect([200, 204, 400]).toContain((await send(door, door.body(name, item))).status);
    const events = (await readAll(world.eventLog)).filter((one) => one.series.name === name);
    expect(events.length).toBeLessThanOrEqual(3);
    expect(new Set(events.map((one) => one.series.tenant))).toEqual(new Set(['default']));
  });

  it('an encoding that is not known, gzip that is cut off, no gzip, and a gzip bomb are refused as a whole', async () => {
    const name = `bad_input_${++names}`;
    const good = door.body(name, door.item(name));
    const cut = gzipSync(good).subarray(0, 20);
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, door.type.includes('json') ? ' ' : '\n'));
    for (const [encoding, body, wanted] of [
      ['br', good, 415],
      ['gzip, gzip', good, 415],
      ['gzip', cut, 400],
      ['gzip', good, 400],
      ['gzip', bomb, 413],
    ] as const) {
      const { status, text } = await send(door, body, { 'content-encoding': encoding });
      expect([encoding, status]).toEqual([encoding, wanted]);
      expect(text).toMatch(/encoding|inflate|larger/);
    }
    expect(await stored(name)).toEqual([]);
    expect((await send(door, gzipSync(good), { 'content-encoding': 'gzip' })).status).toBeLessThan(300);
  });

  it('an empty body and a wrong type of content end in an answer', async () => {
    expect([200, 204, 400, 422]).toContain((await send(door, '')).status);
    const { status } = await send(door, door.body('bad_input_type', 'x'), { 'content-type': 'image/png' });
    expect([400, 415]).toContain(status);
    expect([400, 415]).toContain((await send(door, 'x', { 'content-type': 'no type' })).status);
  });

  it('headers that are none, and lengths that lie, end in an answer or in the end of the connection', async () => {
    const [method, path] = door.place.split(' ');
    const start = `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: ${door.type}\r\n`;
    const requests = [
      `${start}content-length: -5\r\n\r\nx`,
      `${start}content-length: 5\r\ncontent-length: 6\r\n\r\nxxxxxx`,
      `${start}transfer-encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n`,
      `${start}x\u0000y: z\r\n\r\n`,
      `${start}x-long: ${'x'.repeat(100_000)}\r\n\r\n`,
      `${start}content-length: 999999999999\r\n\r\n`,
    ];
    for (const request of requests) expect(await raw(request)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('leaves a server that takes good input as before', async () => {
    const name = `bad_input_${++names}`;
    expect((await send(door, door.body(name, door.item(name, { value: '1.5' })))).status).toBeLessThan(300);
    expect(await stored(name)).toEqual([1, 1.5, 2]);
  });
});

/** What is answered to bytes as they are, until the connection ends or the head of the answer has come. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\r\n\r\n')) done();
    });
    socket.on('error', () => (answer === '' ? reject(new Error('cut off without an answer')) : done()));
    socket.on('end', done);
  });
}

it('What was refused is counted by door, key and reason, and seen by those of the tenant only', async () => {
  const list = async (of: string) => {
    const answer = await world.ask('GET /api/v1/refused-inputs', { key: of });
    expect(answer.statusCode, answer.body).toBe(200);
    return (answer.json() as { items: RefusedInputCount[] }).items;
  };
  const viewer = (await world.makeKey('viewer')).text;
  const seen = async () => new Set((await list(viewer)).map(({ door }) => door));
  await expect.poll(seen, { timeout: 5000 }).toEqual(new Set(['write', 'api/v2/write', 'v1/metrics', 'api/v1/events']));
  const unreadable = (await list(viewer)).find(({ door, reason }) => door === 'write' && reason === 'input_unreadable');
  expect(unreadable).toMatchObject({
    tenant: 'default',
    key: 'ingest of default',
    message: expect.stringMatching(/^line \d+: /),
  });
  expect(unreadable?.count).toBeGreaterThan(5);
  expect(await list((await world.makeKey('viewer', { tenant: 'other' })).text)).toEqual([]);
  const letters = await world.ask('GET /api/v1/dead-letters?of=doors&reason=body_too_large');
  expect(letters.json()).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ door: 'v1/metrics' })]),
  });
  expect((await world.ask('GET /api/v1/dead-letters?of=messages')).json()).toEqual({ items: [], next: null });
});
