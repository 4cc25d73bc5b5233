import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiWorld, openApiWorld } from '../../api/test/api-world.ts';
import { createEmitter, type Emitter } from '../src/index.ts';

let world: ApiWorld;
let folder = '';
let url = '';
const open: Emitter[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wk-emit-'));
  world = await openApiWorld();
  url = await world.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const emitter of open.splice(0)) await emitter.close(0);
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

async function anEmitter(role: 'ingest' | 'viewer') {
  const problems: string[] = [];
  const { text: key } = await world.makeKey(role);
  const emitter = createEmitter({
    ...{ server: url, key, folder, environment: 'production', service: 'shop' },
    onProblem: (message) => problems.push(message),
  });
  open.push(emitter);
  return { emitter, problems };
}

it('events of an application are stored as it told them, each once, over a restart of it', async () => {
  for (const amount of [1, 2]) {
    const { emitter, problems } = await anEmitter('ingest');
    emitter.emit({
      ...{ name: 'order.placed', time: new Date(Date.now() - 1000), attributes: { country: 'de' } },
      ...{
        outcome: 'failed' as const,
        reason: 'timeout',
        values: { amount, weightGrams: null },
        detail: { note: 'late' },
      },
    });
    await emitter.close(10_000);
    expect([emitter.stats().waiting, problems]).toEqual([0, []]);
  }
  const { items } = (await world.ask('GET /api/v1/events?name=order.placed')).json();
  expect(items.map((event: { values: object }) => event.values)).toEqual([
    { amount: 2, weightGrams: null },
    { amount: 1, weightGrams: null },
  ]);
  expect(items[0]).toMatchObject({
    ...{ name: 'order.placed', environment: 'production', service: 'shop', outcome: 'failed', reason: 'timeout' },
    ...{ attributes: { country: 'de' }, detail: { note: 'late' } },
  });
});

it('a key that may not send is told to the application, and the events wait', async () => {
  const { emitter, problems } = await anEmitter('viewer');
  emitter.emit({ name: 'order.placed' });
  await emitter.flush(10_000);
  expect(emitter.stats()).toMatchObject({ sent: 0, waiting: 1, dropped: 0 });
  expect(problems.join()).toContain('ingest');
});

it('the requests of the server itself are at its /metrics, with its connections', async () => {
  const { emitter } = await anEmitter('ingest');
  emitter.emit({ name: 'order.placed' });
  await emitter.flush(10_000);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('http_requests_total{method="POST",route="/api/v1/events",status="200"} 1');
  expect(text).toMatch(/^http_request_size_bytes_sum\{method="POST",route="\/api\/v1\/events",status="200"\} [1-9]/m);
  // The connection of the emitter, kept open, and the one that asks.
  expect(text).toMatch(/^http_connections_open [2-9]$/m);
  expect(text).toMatch(/^http_requests_in_flight 1$/m);
  expect(text).toMatch(/^process_cpu_seconds_total /m);
});
