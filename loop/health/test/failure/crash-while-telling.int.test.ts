import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runChild } from '../../../../foundation/kit/test/child.ts';
import { type HealthWorld, openHealthWorld } from '../health-world.ts';
import { openRecorder, type Recorder } from '../recorder.ts';

const program = fileURLToPath(new URL('./health-child.ts', import.meta.url));

let world: HealthWorld;
let recorder: Recorder;
beforeEach(async () => {
  world = await openHealthWorld();
  recorder = await openRecorder();
});
afterEach(async () => {
  await world.close();
  await recorder.close();
});

it('a sender killed between sending and noting it sends the same notification again, and a receiver can tell', async () => {
  const connection = JSON.stringify(world.database.connection);
  const [shop, search] = [await world.monitor('shop'), await world.monitor('search')];
  await world.channel(recorder.url);
  await world.checked([shop, 'failed']);
  const killed = await runChild(program, [connection, 'first'], { WK_FAILPOINT: 'alert.after-send:kill' });
  expect(killed.signal, killed.stderr).toBe('SIGKILL');
  expect(recorder.requests.length).toBe(1);

  // Something else breaks before the claim of the dead sender runs out; the test does not wait for that.
  await world.checked([search, 'failed']);
  await sql`update alert_deliveries set claimed_until = now() where claimed_until is not null`.execute(world.store.db);
  const again = await runChild(program, [connection, 'second']);
  expect(again.lines, again.stderr).toEqual(['done']);

  const told = recorder.requests.map(({ headers, body }) => ({
    identifier: headers['x-watchkeeper-delivery'],
    services: body.alerts.map(({ service }) => service).join(),
  }));
  expect(told.map(({ services }) => services).sort()).toEqual(['search', 'shop', 'shop']);
  // A receiver that drops what it knows hears of each exactly once.
  const heard = new Map(told.map(({ identifier, services }) => [identifier, services]));
  expect([...heard.values()].sort()).toEqual(['search', 'shop']);
}, 40_000);
