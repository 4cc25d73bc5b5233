import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type EventFrameAnswer, encodeEventMessage, type NewEvent } from '@watchkeeper/model';
import { readDeadLetters, revokeKey } from '@watchkeeper/store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { readAll } from '../../../flow/log/test/log-contract.ts';
import { ManualClock } from '../../../foundation/kit/test/manual-clock.ts';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { type ApiWorld, openApiWorld, problemOf } from './api-world.ts';

let world: ApiWorld;
let key = '';
let address = '';
beforeAll(async () => {
  world = await openApiWorld({ newSeries: { perRequest: 3, perKey: 1000, perKeyAndMinute: 1 } });
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  address = `127.0.0.1:${(world.app.server.address() as AddressInfo).port}`;
  key = (await world.makeKey('ingest')).text;
});
afterAll(async () => {
  expect(world.errors).toEqual([]);
  await world.close();
});

let names = 0;
const aName = () => `batch.sent.${++names}`;
const valuesOf = async (name: string) =>
  (await readAll(world.eventLog)).filter(({ series }) => series.name === name).map(({ values }) => values[0]);
const aBatch = (name: string, values: readonly number[], { firstSeq = 1, producer = name } = {}) =>
  encodeEventMessage({
    ...{ producer, epoch: 1, firstSeq },
    events: values.map(
      (value): NewEvent => anEvent({ series: aSeries({ name, valueNames: ['value'] }), values: [value] }),
    ),
  });

const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
  world.app.inject({
    ...{ method: 'POST', url: '/api/v1/events', payload: body },
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
  });
const lines = { 'content-type': 'application/x-ndjson; charset=utf-8' };

describe('Batches line by line', () => {
  const head = (name: string, more: object = {}) =>
    JSON.stringify({ version: 1, producer: name, epoch: 1, firstSeq: 1, ...more });
  const line = (name: string, value: unknown, more: object = {}) =>
    JSON.stringify({ series: { name, valueNames: ['value'] }, timeUs: 5, outcome: 'ok', values: [value], ...more });

  it('are stored once, also packed, and every bad line is named while the good ones are stored', async () => {
    const name = aName();
    const body = Buffer.concat([
      Buffer.from(`${head(name)}\n${line(name, 1)}\n\n{"series":\n${line(name, 'x')}\r\n`),
      Buffer.from([0xff, 0x0a]),
      Buffer.from(`${line(name, 2)}`),
    ]);
    const first = await post(gzipSync(body), { ...lines, 'content-encoding': 'gzip' });
    expect([first.statusCode, first.json()]).toEqual([
      200,
      {
        ...{ stored: 2, alreadyStored: 0 },
        refused: [
          { index: 1, code: 'validation_failed', message: expect.stringMatching(/^line 4: is no JSON/) },
          { index: 2, code: 'validation_failed', message: expect.stringMatching(/^line 5: value 0 must be/) },
          { index: 3, code: 'validation_failed', message: 'line 6: is not UTF-8' },
        ],
      },
    ]);
    expect((await post(body, lines)).json()).toMatchObject({ stored: 0, alreadyStored: 2 });
    expect(await valuesOf(name)).toEqual([1, 2]);
    const kept = async () =>
      (await readDeadLetters(world.store.db, { limit: 20 })).filter(({ message }) => message.startsWith('line 4'));
    await expect
      .poll(kept, { timeout: 5000 })
      .toMatchObject([{ origin: expect.stringContaining('api/v1/events, key'), body: '{"series":' }, {}]);
  });

  it('may name their series once in the first line', async () => {
    const name = aName();
    const series = [{ name, valueNames: ['value'], host: 'a' }];
    const body = `${head(name, { series })}\n${line(name, 1, { series: 0 })}\n${line(name, 2, { series: 7 })}\n`;
    expect((await post(body, lines)).json()).toMatchObject({
      ...{ stored: 1 },
      refused: [{ index: 1, message: 'line 3: series must be a place in the list of series' }],
    });
  });

  it('without a first line that says who sends are refused', async () => {
    for (const body of ['', '[]', '{}', '5\n{}', line('x', 1)]) {
      const answer = await post(body, lines);
      expect([answer.statusCode, problemOf(answer).code]).toEqual([422, 'validation_failed']);
    }
  });
});

it('New series beyond what one request may bring are refused by their place, and the others keep their numbers', async () => {
  const name = aName();
  const events = [1, 2, 3, 4, 5, 1].map((host, at) =>
    anEvent({ series: aSeries({ name, host: `h${host}`, valueNames: ['value'] }), values: [at] }),
  );
  const message = JSON.stringify(encodeEventMessage({ producer: name, epoch: 1, firstSeq: 1, events }));
  const title = 'Too many new series in one request';
  expect((await post(message)).json()).toEqual({
    ...{ stored: 4, alreadyStored: 0 },
    refused: [3, 4].map((index) => ({ index, code: 'series_request_limit', message: title })),
  });
  expect(await valuesOf(name)).toEqual([0, 1, 2, 5]);
  // What was refused is let in by the next request, under its own numbers; nothing is stored twice.
  expect((await post(message)).json()).toMatchObject({ stored: 2, alreadyStored: 4, refused: [] });
});

describe('The event socket', () => {
  const sockets: WebSocket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.terminate();
  });

  /** Resolves with the socket, or with the status of the answer that refused it. */
  function connect(options: ClientOptions = { headers: { authorization: `Bearer ${key}` } }, to = address) {
    const socket = new WebSocket(`ws://${to}/api/v1/events/socket`, options);
    sockets.push(socket);
    const answers: EventFrameAnswer[] = [];
    socket.on('message', (data) => answers.push(JSON.parse(String(data))));
    const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
    const opened = new Promise<number>((resolve, reject) => {
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.on('error', reject);
    });
    const until = (count: number) => expect.poll(() => answers.length, { timeout: 10_000 }).toBe(count);
    return { socket, answers, opened, closed, until };
  }

  it('takes a batch per frame and answers each in order: stored, stored already, refused and why', async () => {
    const name = aName();
    const { socket, answers, opened, until } = connect();
    expect(await opened).toBe(101);
    const message = aBatch(name, [1, 2]);
    socket.send(JSON.stringify(message));
    socket.send(Buffer.from(JSON.stringify(message)));
    socket.send('{"version"');
    socket.send('{}');
    const bad = aBatch(name, [3, 4], { firstSeq: 3 });
    socket.send(
      JSON.stringify({ ...bad, events: bad.events.map((event, at) => (at === 0 ? { ...event, timeUs: -1 } : event)) }),
    );
    await until(5);
    expect(answers).toEqual([
      { frame: 1, stored: 2, alreadyStored: 0, refused: [] },
      { frame: 2, stored: 0, alreadyStored: 2, refused: [] },
      { frame: 3, error: { code: 'body_malformed', message: expect.any(String), retryable: false } },
      {
        frame: 4,
        error: { code: 'validation_failed', message: expect.stringContaining('/version'), retryable: false },
      },
      {
        frame: 5,
        stored: 1,
        alreadyStored: 0,
        refused: [expect.objectContaining({ index: 0, code: 'validation_failed' })],
      },
    ]);
    expect(await valuesOf(name)).toEqual([1, 2, 4]);
    const kept = async () =>
      (await readDeadLetters(world.store.db, { limit: 50 })).filter(({ origin }) =>
        origin.startsWith('api/v1/events/socket'),
      );
    await expect.poll(async () => (await kept()).length, { timeout: 5000 }).toBe(3);
  });

  it('is let in by its key at the upgrade only, and other requests find that it is a WebSocket', async () => {
    expect(await connect({}).opened).toBe(401);
    expect(await connect({ headers: { authorization: 'Bearer wrong' } }).opened).toBe(401);
    const viewer = (await world.makeKey('viewer')).text;
    expect(await connect({ headers: { authorization: `Bearer ${viewer}` } }).opened).toBe(403);
    const answer = await world.ask('GET /api/v1/events/socket');
    expect([answer.statusCode, problemOf(answer).code]).toEqual([426, 'upgrade_required']);
    expect((await world.ask('POST /api/v1/events/socket')).statusCode).toBe(405);
    // A request that asks for an upgrade nobody knows is answered as if it had not.
    const [host, port] = address.split(':');
    const asked = httpRequest({ host, port, path: '/health/live', headers: { connection: 'Upgrade', upgrade: 'h2c' } });
    asked.end();
    const [other] = (await once(asked, 'response')) as [IncomingMessage];
    other.resume();
    expect(other.statusCode).toBe(200);
  });

  it('is one request like any other at /metrics, with the status 101, and is no longer under way', async () => {
    expect(await connect().opened).toBe(101);
    const { body } = await world.app.inject({ method: 'GET', url: '/metrics', remoteAddress: '127.0.0.1' });
    expect(body).toMatch(/^http_requests_total\{method="GET",route="\/api\/v1\/events\/socket",status="101"\} [1-9]/m);
    expect(body).toMatch(/^http_requests_in_flight 1$/m);
  });

  it('closes a connection with a frame that is too large by 1009, and with one that is no frame or no UTF-8', async () => {
    const large = connect();
    await large.opened;
    large.socket.send('x'.repeat(4 * 1024 * 1024 + 1));
    expect(await large.closed).toBe(1009);
    const broken = connect();
    await broken.opened;
    // A text frame whose text is not UTF-8, masked with zeros.
    const raw = (broken.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
    raw.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]));
    expect(await broken.closed).toBe(1007);
  });

  it('reads no more than it can answer: a client that sends without end fills its own buffers and loses nothing', async () => {
    const name = aName();
    const { socket, answers, opened, until } = connect();
    await opened;
    const frames = 400;
    for (let n = 0; n < frames; n++) socket.send(JSON.stringify(aBatch(name, [n], { firstSeq: n + 1 })));
    await until(frames);
    expect(answers.map(({ frame, stored }) => [frame, stored])).toEqual(
      Array.from({ length: frames }, (_, n) => [n + 1, 1]),
    );
    expect(await valuesOf(name)).toEqual(Array.from({ length: frames }, (_, n) => n));
  });

  it('stops to read while frames are under way, and goes on when they are answered', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let taken = 0;
    const slow = await openApiWorld({
      eventSocket: { framesUnderWay: 4 },
      receipt: {
        take: () => Promise.reject(new Error('not asked for')),
        takeNumbered: async ({ events }) => {
          taken += 1;
          await held;
          return { stored: events.length, alreadyStored: 0, refused: [] };
        },
        ...{ countUnreadable: () => undefined, stats: () => world.receipt.stats() },
      },
    });
    try {
      await slow.app.listen({ host: '127.0.0.1', port: 0 });
      const to = `127.0.0.1:${(slow.app.server.address() as AddressInfo).port}`;
      const authorization = `Bearer ${(await slow.makeKey('ingest')).text}`;
      const { socket, opened, until, answers } = connect({ headers: { authorization } }, to);
      await opened;
      // Large frames: what is not read waits in the network, and then with the client.
      const text = JSON.stringify({ ...aBatch('x', [1]), padding: 'x'.repeat(2_000_000) });
      for (let n = 0; n < 20; n++) socket.send(text);
      await expect.poll(() => taken, { timeout: 5000 }).toBe(1);
      await expect.poll(() => socket.bufferedAmount, { timeout: 5000 }).toBeGreaterThan(10_000_000);
      expect(answers).toEqual([]);
      release();
      await until(20);
      expect(taken).toBe(20);
    } finally {
      await slow.close();
    }
  });

  it('is closed when the key is revoked, when nothing is sent for long, and when a client has gone', async () => {
    const clock = new ManualClock(Date.now());
    const own = await openApiWorld({ clock });
    try {
      await own.app.listen({ host: '127.0.0.1', port: 0 });
      const to = `127.0.0.1:${(own.app.server.address() as AddressInfo).port}`;
      const first = await own.makeKey('ingest');
      const second = await own.makeKey('ingest');
      const revoked = connect({ headers: { authorization: `Bearer ${first.text}` } }, to);
      const idle = connect({ headers: { authorization: `Bearer ${second.text}` } }, to);
      const deaf = connect({ headers: { authorization: `Bearer ${second.text}` }, autoPong: false }, to);
      await Promise.all([revoked.opened, idle.opened, deaf.opened]);
      await own.store.write((tx) => revokeKey(tx, first.id, -1));
      const pinged = once(idle.socket, 'ping');
      clock.advance(30_000);
      expect(await revoked.closed).toBe(1008);
      await pinged;
      const later = ({ socket }: typeof idle) => {
        clock.advance(30_000);
        return socket.readyState;
      };
      await expect.poll(() => later(deaf), { timeout: 5000, interval: 200 }).toBe(WebSocket.CLOSED);
      expect(await deaf.closed).toBe(1006);
      await expect.poll(() => later(idle), { timeout: 10_000, interval: 100 }).toBe(WebSocket.CLOSED);
      expect(await idle.closed).toBe(1000);
    } finally {
      await own.close();
    }
  });

  it('answers what is under way when the server stops, and closes by 1001', async () => {
    const own = await openApiWorld();
    await own.app.listen({ host: '127.0.0.1', port: 0 });
    const to = `127.0.0.1:${(own.app.server.address() as AddressInfo).port}`;
    const authorization = `Bearer ${(await own.makeKey('ingest')).text}`;
    const { socket, answers, opened, closed, until } = connect({ headers: { authorization } }, to);
    await opened;
    socket.send(JSON.stringify(aBatch('stopped', [1])));
    await until(1);
    await own.close();
    expect(await closed).toBe(1001);
    expect(answers).toMatchObject([{ stored: 1 }]);
  });
});
