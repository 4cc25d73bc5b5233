import { readdirSync } from 'node:fs';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { monitorRollup } from '@watchkeeper/model';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProcessor } from '../../../flow/processor/src/index.ts';
import { startHealth } from '../../../loop/health/src/index.ts';
import { anEvent, aSeries } from '../../model/test/makers.ts';
import {
  compareRollups,
  defaultTenantId,
  migrateDatabase,
  migrationStatus,
  newestVersion,
  openStore,
  putBuiltInRollup,
  readEvents,
  readerLags,
  type Store,
} from '../src/index.ts';
import { keptReleases, restoreRelease } from './restore-release.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
const partitions = 4;
/** Numbers of the files of migrations. */
const knownVersions = readdirSync(new URL('../src/migrations/', import.meta.url))
  .map((file) => Number.parseInt(file, 10))
  .filter((version) => version > 0)
  .sort((a, b) => a - b);

describe.each(keptReleases)('A database of release %s', (release) => {
  let database: TestDatabase;
  let store: Store;
  const ends: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    database = await createTestDatabase({ isEmpty: true });
    await restoreRelease(database.connection, release);
    store = openStore({ connection: database.connection });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await store.close();
    await database.drop();
  });

  const openLog = async () => {
    const messages = postgresMessages({ store, clock: systemClock, logger });
    const { default: driver } = await logDrivers.postgres();
    const context = { connection: database.connection, messages, clock: systemClock, logger };
    const eventLog = await driver.open({ partitions, seriesPerTenant: 10_000 }, context);
    ends.push(
      () => messages.close(),
      () => eventLog.close(),
    );
    return { messages, eventLog };
  };

  it('is brought to the newest schema with every row as it was, and its rollups agree with its events', async () => {
    const before = await contentOf(store);
    const { applied, version } = await migrateDatabase(database.connection);
    expect(version).toBe(newestVersion);
    expect(applied.map((migration) => migration.version)).toEqual(knownVersions);
    expect(before.size).toBeGreaterThan(20);
    expect(await contentOf(store, before)).toEqual(before);
    const { compared, differences } = await compareRollups(store.db);
    expect(compared).toBeGreaterThan(0);
    expect(differences).toEqual([]);
  });

  it('is migrated once when many processes start at the same moment', async () => {
    const steps: string[] = [];
    const states = await Promise.all(
      Array.from({ length: 8 }, () => migrateDatabase(database.connection, (step) => steps.push(step))),
    );
    expect(new Set(steps).size).toBe(steps.length);
    for (const state of states) expect(state.version).toBe(newestVersion);
    expect((await migrationStatus(database.connection)).applied).toHaveLength(knownVersions.length);
  });

  it('gives its events through the log, the list and the views, to the reader of one tenant too', async () => {
    const counts = await eventCounts(store);
    expect(counts.all).toBeGreaterThan(0);
    await migrateDatabase(database.connection);
    const { eventLog } = await openLog();
    let read = 0;
    for (const [partition, end] of (await eventLog.ends()).entries()) {
      const slice = await eventLog.read(partition, { offset: 0, receivedUs: 0 }, end.offset + 1);
      expect(slice.events.map(({ offset }) => offset)).toEqual(
        Array.from({ length: end.offset }, (_, index) => index + 1),
      );
      read += slice.events.length;
    }
    expect(read).toBe(counts.all);
    await store.read(defaultTenantId, async (tx) => {
      const range = { fromUs: 0, toUs: 4_000_000_000_000_000 };
      const page = await readEvents(tx, defaultTenantId, { filter: {}, ...range, limit: counts.all });
      expect([page.events.length, page.hasMore]).toEqual([counts.all, false]);
      const { rows } = await sql<Record<string, number>>`
        select (select count(*) from event_view) as events,
          (select count(distinct (time, source, zone)) from metric_view where value_name = 'durationMs') as metrics,
          (select count(*) from monitor_statistics where granularity = 'minute') as minutes,
          (select count(*) from service_state_view) as services`.execute(tx);
      const [row] = rows;
      expect(row?.events).toBe(counts.all);
      expect(row?.metrics).toBe(counts.measured);
      expect(row?.minutes).toBe(counts.minutes);
      expect(row?.services).toBe(counts.services);
    });
  });

  it('is read on from where its readers stood: new events are counted once, in rollups and in states', async () => {
    const positions = await positionsOf(store);
    await migrateDatabase(database.connection);
    expect(await positionsOf(store)).toEqual(positions);
    await putBuiltInRollup(store.db, monitorRollup);
    const { messages, eventLog } = await openLog();
    const [monitor] = (
      await sql<{ id: string; zone: string; service: string; environment: string }>`
        select id, zones[1] as zone, service, environment from monitors where not paused order by name limit 1`.execute(
        store.db,
      )
    ).rows;
    if (monitor === undefined) throw new Error(`the database of release ${release} has no monitor`);
    const before = await countOf(store, monitor.id);

    const parts = { store, eventLog, messages, clock: systemClock, logger, leaseSeconds: 1 };
    const processor = startProcessor({ ...parts, holder: 'processor', writeEveryMs: 20 });
    const health = startHealth({ ...parts, holder: 'health' });
    ends.push(
      () => processor.drain(),
      () => health.drain(),
    );
    const { epoch } = await eventLog.openProducer('scheduler/new');
    const { id: source, zone, service, environment } = monitor;
    const nowUs = Date.now() * 1000;
    const events = Array.from({ length: 30 }, (_, index) =>
      anEvent({
        series: aSeries({ source, zone, service, environment, attributes: { type: 'http', status: '503' } }),
        ...{ timeUs: nowUs - (30 - index) * 1_000_000, outcome: 'failed', reason: 'status' },
        detail: { message: 'answered 503' },
      }),
    );
    await eventLog.append({ producer: 'scheduler/new', epoch, firstSeq: 1, events });
    await until('both readers to reach the end', async () =>
      (await readerLags(store.db)).every(({ lag }) => lag === 0),
    );
    await processor.drain();
    await health.drain();

    expect((await countOf(store, monitor.id)) - before).toBe(events.length);
    const { compared, differences } = await compareRollups(store.db);
    expect(compared).toBeGreaterThan(0);
    expect(differences).toEqual([]);
    const { rows } = await sql<{ state: string; last: number }>`
      select state, (extract(epoch from last_checked_at) * 1000000)::bigint as last from monitor_states
      where monitor_id = ${source} and zone = ${zone}`.execute(store.db);
    expect(rows).toEqual([{ state: 'failed', last: nowUs - 1_000_000 }]);
  });
});

/**
 * Table → number and hash of its rows, in the columns of `like` where that is given: a newer schema may have more.
 * Partitions stand for their tables.
 */
async function contentOf(store: Store, like?: ReadonlyMap<string, TableContent>): Promise<Map<string, TableContent>> {
  const { rows } = await sql<{ name: string; columns: string[] }>`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'schema_migrations'
    group by 1 order by 1`.execute(store.db);
  const found = new Map<string, TableContent>();
  for (const { name, columns: present } of rows) {
    const columns = like === undefined ? present : like.get(name)?.columns;
    if (columns === undefined) continue;
    const row = sql`concat_ws('|', ${sql.join(columns.map((column) => sql`${sql.ref(column)}::text`))})`;
    const { rows: content } = await sql<{ count: number; hash: string | null }>`
      select count(*) as count, md5(string_agg(text, E'\n' order by text)) as hash
      from (select ${row} as text from ${sql.table(name)}) r`.execute(store.db);
    found.set(name, { columns, ...(content[0] as { count: number; hash: string | null }) });
  }
  return found;
}

interface TableContent {
  readonly columns: readonly string[];
  readonly count: number;
  readonly hash: string | null;
}

/** What the views must show, asked of the tables themselves. */
async function eventCounts(store: Store) {
  const { rows } = await sql<{ all: number; measured: number; minutes: number; services: number }>`
    select (select count(*) from events) as all,
      (select count(distinct (e.time, s.source, s.zone)) from events e join series s on s.id = e.series_id
        where e.values[array_position(s.value_names, 'durationMs')] is not null) as measured,
      (select count(*) from rollups r join rollup_keys k on k.id = r.key_id where granularity_s = 60 and k.monitor_id is not null) as minutes,
      (select count(*) from service_states) as services`.execute(store.db);
  return rows[0] as (typeof rows)[number];
}

async function positionsOf(store: Store) {
  const { rows } = await sql`
    select reader, log_partition, epoch, log_offset, received_at, skipped from reader_positions order by 1, 2`.execute(
    store.db,
  );
  return rows;
}

async function countOf(store: Store, monitorId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select coalesce(sum(count), 0)::bigint as count from rollups r join rollup_keys k on k.id = r.key_id
    where k.monitor_id = ${monitorId} and granularity_s = 86400`.execute(store.db);
  return rows[0]?.count ?? 0;
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (!(await look())) {
    if (performance.now() > deadlineMs) throw new Error(`waited 15 s for ${what}`);
    await systemClock.pause(20);
  }
}
