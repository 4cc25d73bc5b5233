import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEgress } from '@watchkeeper/guard';
import { createLogger, systemClock } from '@watchkeeper/kit';
import type { ScheduledMonitor, ZoneSchedule } from '@watchkeeper/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../foundation/kit/test/manual-clock.ts';
import { httpSchedule } from '../src/remote/http-schedule.ts';
import { ServerLink } from '../src/remote/server-link.ts';
import { ZoneMemory } from '../src/remote/zone-memory.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
const monitor = (name: string): ScheduledMonitor => ({
  ...{ id: name, tenant: 'default', name, service: 'shop', environment: 'production', zones: ['fra'], type: 'tcp' },
  ...{ options: {}, intervalMs: 1000, timeoutMs: 500, retries: 0, assertions: [], version: 1 },
});
const scheduleOf = (...names: string[]): ZoneSchedule => ({ items: names.map(monitor), next: null });

/** A server that takes requests and says nothing, as one that is stopped, until a test lets it answer. */
describe('A zone whose server hangs', () => {
  let folder = '';
  let server: Server;
  let url = '';
  let clock: ManualClock;
  let answer: RequestListener;
  const waiting: Parameters<RequestListener>[] = [];
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wk-zone-'));
    clock = new ManualClock();
    answer = (...exchange) => waiting.push(exchange);
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    waiting.length = 0;
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true, force: true });
  });

  /** What an earlier process left: it watched from the zone when the server was last heard. */
  async function zoneThatWasHeld() {
    const memory = await ZoneMemory.open(join(folder, 'fra.json'), url, logger);
    await memory.remember({ isHeld: true, pages: [{ after: null, etag: '"1"', schedule: scheduleOf('known') }] });
    const egress = openEgress({ policy: { private: 'allow', allow: [], deny: [] } });
    const link = new ServerLink({ server: url, key: 'k', egress, clock, logger });
    const source = httpSchedule({ link, memories: new Map([['fra', memory]]), holder: 'a', clock, logger });
    return { link, source };
  }

  /** Moves the clock until it is so, at most as far as it says. */
  async function within(milliseconds: number, what: string, look: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + 10_000;
    for (let passedMs = 0; !look(); passedMs += 100) {
      if (passedMs > milliseconds || performance.now() > deadlineMs)
        throw new Error(`waited ${milliseconds} ms for ${what}`);
      await systemClock.pause(5);
      clock.advance(100);
    }
  }

  it('is watched from after a few seconds by what was known before, and follows the server when that answers', async () => {
    const { link, source } = await zoneThatWasHeld();
    const stop = new AbortController();
    const seen: string[][] = [];
    const changes: string[] = [];
    source.onChange('monitors', () => changes.push('monitors'));
    const held = source.hold(['fra'], stop.signal, async (zone, signal) => {
      const read = async () => seen.push((await source.schedule(zone)).map(({ name }) => name));
      await read();
      const ended = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
      await ended;
    });
    ends.push(async () => {
      stop.abort();
      link.close();
      await held;
    });
    await within(5000, 'the known monitors', () => seen.length > 0);
    expect([seen, changes]).toEqual([[['known']], []]);

    const json = { 'content-type': 'application/json', etag: '"2"' };
    answer = ({ url: path = '' }, response) => {
      if (path.includes('/schedule')) response.writeHead(200, json).end(JSON.stringify(scheduleOf('known', 'new')));
      else if (path.includes('/lease')) response.writeHead(200, json).end('{"held":true,"epoch":1}');
      else waiting.push([response.req, response]);
    };
    for (const [request, response] of waiting.splice(0)) answer(request, response);
    await within(1000, 'the change', () => changes.length > 0);
    expect((await source.schedule('fra')).map(({ name }) => name)).toEqual(['known', 'new']);
  });
});
