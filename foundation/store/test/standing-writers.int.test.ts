import { createLogger, systemClock } from '@watchkeeper/kit';
import { from as copyFrom } from 'pg-copy-streams';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyHeader, openHeads, openLogClient, openStore, type Store, shareLeases } from '../src/index.ts';
import { createTestDatabase } from './test-database.ts';

type LogClient = Awaited<ReturnType<typeof openLogClient>>;
const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

describe('A writer that stands still in the middle of a COPY', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let store: Store;
  let writer: LogClient;
  let waiter: LogClient;
  const stop = new AbortController();
  let sharing: Promise<void>;

  beforeEach(async () => {
    database = await createTestDatabase();
    store = openStore({ connection: database.connection });
    [writer, waiter] = [await openLogClient(database.connection), await openLogClient(database.connection)];
    await openHeads(writer, 1);
    await writer.query('begin');
    await writer.query('select from log_heads for update');
    const rows = writer.query(copyFrom('copy events from stdin binary'));
    rows.on('error', () => undefined);
    rows.write(copyHeader);
    const options = { store, logger, clock: systemClock, signal: stop.signal, work: async () => undefined };
    sharing = shareLeases({ ...options, kind: 'processor', names: () => [], holder: 'other', seconds: 1 });
  });
  afterEach(async () => {
    stop.abort();
    await sharing;
    await Promise.allSettled([writer.end(), waiter.end()]);
    await store.close();
    await database.drop();
  });

  /** Age of the COPY, seconds; null when its connection is gone. */
  const ageSeconds = async () => {
    const { rows } = await waiter.query<{ age: number }>(
      `select extract(epoch from clock_timestamp() - query_start)::float8 as age
       from pg_stat_activity where datname = current_database() and query like 'copy %'`,
    );
    return rows[0]?.age ?? null;
  };

  it('is left alone until somebody waits for it, and then loses its connection', { timeout: 30_000 }, async () => {
    // Others look three times a second, and leave it alone.
    for (const deadlineMs = performance.now() + 15_000; ((await ageSeconds()) ?? 0) < 6; await systemClock.pause(50))
      if (performance.now() > deadlineMs) throw new Error('the COPY did not live for 6 s');
    // Fails after 15 s, the longest wait for a lock.
    expect((await waiter.query('select from log_heads for update')).rowCount).toBe(1);
    // The lock is free a moment before the connection is no longer listed.
    for (const deadlineMs = performance.now() + 5000; (await ageSeconds()) !== null; await systemClock.pause(20))
      if (performance.now() > deadlineMs) throw new Error('the connection lives on');
    await expect(writer.query('select 1')).rejects.toThrow();
  });
});
