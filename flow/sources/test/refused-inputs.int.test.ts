import { createLogger } from '@watchkeeper/kit';
import type { InputSender } from '@watchkeeper/model';
import {
  ensureTenant,
  openStore,
  readDeadLetters,
  readRefusedInputs,
  type Store,
  sweepOldRows,
} from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../foundation/kit/test/manual-clock.ts';
import { createTestDatabase, type TestDatabase } from '../../../foundation/store/test/test-database.ts';
import { RefusedInputWriter } from '../src/index.ts';

let database: TestDatabase;
let store: Store;
const warnings: string[] = [];
const logger = createLogger({
  level: 'warn',
  format: 'json',
  destination: { write: (line: string) => warnings.push(line) } as unknown as NodeJS.WritableStream,
});
beforeAll(async () => {
  database = await createTestDatabase();
  store = openStore({ connection: database.connection });
  await ensureTenant(store.db, 'default');
});
beforeEach(async () => {
  await sql`delete from dead_letters`.execute(store.db);
  await sql`delete from refused_inputs`.execute(store.db);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const sender: InputSender = { door: 'write', tenant: 'default', keyId: 'abc', name: 'telegraf' };
const peer: InputSender = { door: 'statsd', tenant: 'default', keyId: null, name: '127.0.0.1' };
const unreadable = (message: string, excerpt: string | Uint8Array = 'bad') => ({
  ...({ reason: 'input_unreadable', message, excerpt } as const),
});
const letters = () => readDeadLetters(store.db, { limit: 1000 });

it('What doors refuse is counted by door, key and reason, and kept with its beginning', async () => {
  const writer = new RefusedInputWriter({ store, clock: new ManualClock(), logger });
  writer.note(sender, unreadable('line 1: missing fields', 'cpu'));
  writer.note(sender, { ...unreadable('line 2:\nmissing fields'), excerpt: Buffer.from('m\u001b[31mem\0\ud800') });
  writer.note(peer, { ...unreadable('no colon'), count: 7, sizeBytes: 999_999_999_999 });
  await writer.drain();
  const counts = await readRefusedInputs(store.db, 10);
  expect(counts.map(({ door, keyName, count }) => [door, keyName, count]).sort()).toEqual([
    ['statsd', '', 7],
    ['write', 'telegraf', 2],
  ]);
  expect((await letters()).map(({ origin, message, sizeBytes, body }) => [origin, message, sizeBytes, body])).toEqual([
    ['statsd, from 127.0.0.1', 'no colon', 2_147_483_647, 'bad'],
    ['write, key telegraf', 'line 2: missing fields', 12, 'm\ufffd[31mem\ufffd\ufffd'],
    ['write, key telegraf', 'line 1: missing fields', 3, 'cpu'],
  ]);
  const other = new RefusedInputWriter({ store, clock: new ManualClock(), logger });
  other.note(sender, unreadable('line 9: another', 'mem'));
  await other.drain();
  expect((await readRefusedInputs(store.db, 10)).find(({ door }) => door === 'write')).toMatchObject({
    ...{ count: 3, message: 'line 9: another', example: 'mem' },
  });
});

it('A flood is counted to the last one, and kept only as far as the bounds of a minute go', async () => {
  const clock = new ManualClock();
  const writer = new RefusedInputWriter({ store, clock, logger });
  for (let n = 0; n < 100_000; n++) writer.note(peer, unreadable(`datagram ${n}`, 'x'.repeat(5000)));
  clock.advance(60_000);
  writer.note(peer, unreadable('a minute later'));
  for (let key = 0; key < 3000; key++) writer.note({ ...sender, keyId: `${key}`, name: `key ${key}` }, unreadable('x'));
  await writer.drain();
  const kept = await letters();
  expect(kept.length).toBe(200);
  expect(Math.max(...kept.map(({ body }) => body?.length ?? 0))).toBeLessThanOrEqual(2000);
  const counts = await readRefusedInputs(store.db, 5000);
  expect(counts.find(({ door }) => door === 'statsd')?.count).toBe(100_001);
  expect(counts.length).toBeLessThanOrEqual(1001);
  expect(counts.filter(({ door }) => door !== 'statsd').reduce((sum, { count }) => sum + count, 0)).toBe(3000);
});

it('While the database is away nothing is lost from the counts, and it is told once', async () => {
  const closed = openStore({ connection: { ...database.connection, port: 1, host: '127.0.0.1' } });
  let use = closed;
  const away = new Proxy(store, { get: (_target, name: keyof Store) => use[name] });
  const clock = new ManualClock();
  const writer = new RefusedInputWriter({ store: away, clock, logger });
  warnings.length = 0;
  writer.note(sender, unreadable('first'));
  const warned = () => {
    clock.advance(31_000);
    return warnings.length;
  };
  await expect.poll(warned, { timeout: 5000 }).toBe(1);
  writer.note(sender, unreadable('second'));
  use = store;
  await writer.drain();
  expect((await readRefusedInputs(store.db, 10)).map(({ count }) => count)).toEqual([2]);
  expect((await letters()).map(({ message }) => message)).toEqual(['second', 'first']);
  expect(warnings).toHaveLength(1);
  await closed.close();
});

it('Of the letters of doors only the newest stay, and those of messages are left alone', async () => {
  const insert = (count: number, door: string | null) =>
    sql`insert into dead_letters (origin, reason, message, size_bytes, door)
        select 'there', 'input_unreadable', n::text, 1, ${door} from generate_series(1, ${count}) n`.execute(store.db);
  await insert(3, null);
  await insert(10_005, 'write');
  await sweepOldRows(store.db, { minuteMs: 1, hourMs: 1, dayMs: 1 });
  const { rows } = await sql<{ door: string | null; count: number; first: number }>`
    select door, count(*) as count, min(message::integer) as first from dead_letters group by door order by door`.execute(
    store.db,
  );
  expect(rows).toEqual([
    { door: 'write', count: 10_000, first: 6 },
    { door: null, count: 3, first: 1 },
  ]);
});
