import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietClock } from '@watchkeeper/kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChild } from '../../../foundation/kit/test/child.ts';
import { BufferedEmitter } from '../src/buffered-emitter.ts';
import { createEmitter, type Emitter, type EmitterOptions } from '../src/index.ts';
import { ownPart } from '../src/own-folder.ts';
import { startTakingServer } from './taking-server.ts';

const program = fileURLToPath(new URL('./emitting-child.ts', import.meta.url));
let folder = '';
let server: Awaited<ReturnType<typeof startTakingServer>>;
let open: Emitter[] = [];
let problems: string[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wk-emit-'));
  server = await startTakingServer();
  problems = [];
});
afterEach(async () => {
  for (const emitter of open) await emitter.close(0);
  open = [];
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function anEmitter(over: Partial<EmitterOptions> = {}): Emitter {
  const onProblem = (message: string) => problems.push(message);
  const emitter = createEmitter({ server: server.url, key: 'wk_test', folder, onProblem, ...over });
  open.push(emitter);
  return emitter;
}

async function until(what: string, look: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (!look()) {
    if (performance.now() > deadlineMs) throw new Error(`waited 15 s for ${what}: ${problems.join('; ')}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

const emit = (emitter: Emitter, ...amounts: number[]) => {
  for (const amount of amounts) emitter.emit({ name: 'order.placed', values: { amount } });
};
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('Events of an application', () => {
  it('are sent in batches with the key of the application, and each arrives once', async () => {
    const emitter = anEmitter();
    emit(emitter, ...numbers(0, 2500));
    await emitter.flush(10_000);
    expect(server.values()).toEqual(numbers(0, 2500));
    expect(server.requests.length).toBeLessThan(20);
    expect(server.requests[0]?.authorization).toBe('Bearer wk_test');
    expect(emitter.stats()).toMatchObject({ emitted: 2500, sent: 2500, waiting: 0, dropped: 0, lastError: null });
  });

  it('wait on disk while the server is away, over a restart, and keep their identity', async () => {
    const { port } = server;
    await server.close();
    const first = anEmitter();
    emit(first, 1, 2, 3);
    await until('the outage', () => first.stats().lastError !== null);
    emit(first, 4);
    await first.close();
    expect(first.stats()).toMatchObject({ waiting: 4, dropped: 0 });
    server = await startTakingServer(port);
    const second = anEmitter();
    await until('everything', () => server.taken.length === 4);
    expect(server.values().sort()).toEqual([1, 2, 3, 4]);
    await until('the answer', () => second.stats().waiting === 0);
    expect(problems.join()).toContain('events cannot be sent');
  });

  it('that were written down outlive a kill of the application', async () => {
    server.instead = (_request, response) => response.writeHead(503).end() !== undefined;
    const child = spawn(process.execPath, [program, server.url, folder, '0', '5', 'hangs'], { stdio: 'pipe' });
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await until('events on disk', () => said.includes('waiting 5'));
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
    server.instead = undefined;
    anEmitter();
    await until('everything', () => server.taken.length === 5);
    expect(server.values()).toEqual(numbers(0, 5));
  });

  it('are held back as long as the server asks for', async () => {
    server.instead = (_request, response) => {
      response.writeHead(503, { 'retry-after': '2' }).end();
      server.instead = undefined;
      return true;
    };
    emit(anEmitter(), 1);
    await until('the event', () => server.taken.length === 1);
    const [first, second] = server.requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(1950);
  });

  it('that are not valid are refused by themselves and counted, and nothing throws', async () => {
    const emitter = anEmitter();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    emitter.emit({ name: '' });
    emitter.emit({ name: 'x'.repeat(300) });
    emitter.emit({ name: 'order.placed', detail: circle });
    emitter.emit(undefined as never);
    emitter.emit({ name: 'order.placed', time: new Date(Number.NaN) });
    emitter.emit({ name: 'order.placed', values: { amount: Number.NaN } });
    emit(emitter, 7);
    await emitter.flush(10_000);
    expect([server.values(), emitter.stats().refused, emitter.stats().sent]).toEqual([[null, 7], 5, 2]);
    expect(problems).not.toEqual([]);
  });

  it('beyond the room for them are dropped, the oldest first, and counted', async () => {
    server.instead = (_request, response) => response.writeHead(503).end() !== undefined;
    const emitter = anEmitter({ bufferBytes: 256 * 1024 });
    const noise = () => Buffer.from(crypto.getRandomValues(new Uint8Array(1500))).toString('base64');
    for (let amount = 0; amount < 400; amount++) {
      emitter.emit({ name: 'order.placed', values: { amount }, detail: { noise: noise() } });
      if (amount % 20 === 0) await emitter.flush(100);
    }
    // What is being written down is in memory and on disk for a moment.
    await until('the rest to be within its room', () => {
      const { dropped, waiting, bufferBytes } = emitter.stats();
      return dropped > 0 && dropped + waiting === 400 && bufferBytes <= 300 * 1024;
    });
  });

  it('of two processes have a part of the folder each, and what one leaves is sent by the next', async () => {
    server.instead = (_request, response) => response.writeHead(503).end() !== undefined;
    const [one, two] = [anEmitter(), anEmitter()];
    emit(one, 1);
    emit(two, 2);
    await until('both', () => one.stats().bufferBytes > 0 && two.stats().bufferBytes > 0);
    await Promise.all([one.close(0), two.close(0)]);
    server.instead = undefined;
    const alone = anEmitter();
    await until('everything', () => server.taken.length === 2);
    expect(new Set(server.taken.map(({ producer }) => producer)).size).toBe(2);
    await until('the answers', () => alone.stats().waiting === 0);
  });
});

describe('What a process leaves', () => {
  it('is sent by one that began before it ended', async () => {
    server.instead = (_request, response) => response.writeHead(503).end() !== undefined;
    const one = anEmitter();
    emit(one, 1);
    await until('the event on disk', () => one.stats().bufferBytes > 0);
    const hurried = {
      ...quietClock,
      pause: (ms: number, signal?: AbortSignal) => quietClock.pause(Math.min(ms, 50), signal),
    };
    const onProblem = (message: string) => problems.push(message);
    const two = new BufferedEmitter({ server: server.url, key: 'wk_test', folder, onProblem }, hurried);
    open.push(two);
    emit(two, 2);
    await until('the other', () => two.stats().bufferBytes > 0);
    await one.close(0);
    server.instead = undefined;
    await until('both', () => server.taken.length === 2);
    await until('the answers', () => two.stats().waiting === 0);
  });
});

describe('An emitter', () => {
  it('lets its process end, and brings out before what waits', async () => {
    const ended = await runChild(program, [server.url, folder, '0', '10', 'ends']);
    expect([ended.code, ended.stderr, ended.lines]).toEqual([0, '', []]);
    expect(server.values()).toEqual(numbers(0, 10));
  });

  it('does not hold its process up for a server that does not answer', async () => {
    server.instead = () => true;
    const startedMs = performance.now();
    const ended = await runChild(program, [server.url, folder, '0', '10', 'ends']);
    expect([ended.code, performance.now() - startedMs < 6000]).toEqual([0, true]);
    server.instead = undefined;
    anEmitter();
    await until('everything', () => server.taken.length === 10);
  });

  it('ends its process at a signal, when it is told to, after what waits is out', async () => {
    const child = spawn(process.execPath, [program, server.url, folder, '0', '3', 'hooks'], { stdio: 'pipe' });
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve([code, signal])));
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await until('the events', () => said.includes('waiting 0'));
    child.kill('SIGTERM');
    expect([await ended, server.values()]).toEqual([
      [null, 'SIGTERM'],
      [0, 1, 2],
    ]);
  });

  it('starts where nothing can be kept or sent, says so, and counts what is lost', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const nowhere = anEmitter({ folder: file, memoryEvents: 2 });
    emit(nowhere, 1, 2, 3);
    await until('the problem', () => nowhere.stats().lastError !== null);
    expect(nowhere.stats()).toMatchObject({ waiting: 2, dropped: 1 });
    await nowhere.close(0);
    expect(nowhere.stats()).toMatchObject({ waiting: 0, dropped: 3 });
    const nobody = anEmitter({ server: 'watch.example.org' });
    emit(nobody, 1);
    await until('the problem', () => nobody.stats().lastError !== null);
    expect(problems.join()).toContain('watch.example.org');
  });

  it('keeps a refused key from being tried again and again', async () => {
    server.instead = (_request, response) => response.writeHead(401).end() !== undefined;
    const emitter = anEmitter();
    emit(emitter, 1);
    await until('the refusal', () => emitter.stats().lastError !== null);
    emit(emitter, 2);
    await emitter.flush(1500);
    expect(server.requests.length).toBeLessThanOrEqual(3);
  });
});

it('a part of a folder whose process was killed is free again, also where the lock is a file', async () => {
  const first = await ownPart(folder, 'darwin');
  const second = await ownPart(folder, 'darwin');
  expect([first.path, second.path]).toEqual([join(folder, '0'), join(folder, '1')]);
  await first.release();
  const third = await ownPart(folder, 'darwin');
  expect(third.path).toBe(first.path);
  await Promise.all([second.release(), third.release()]);
});
