import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  contractViews,
  defaultTenantId,
  describeViews,
  openStore,
  putViewReader,
  removeViewReader,
  resetDatabase,
  type Store,
} from '../src/index.ts';
import { analyzeSeed, seedEvents, seededMonitorId, seedMonitors, seedRollups } from './seed.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

const hourMs = 3_600_000;
const other = 2;
let database: TestDatabase;
let store: Store;
const clients: pg.Client[] = [];
/** Roles belong to the server of the whole run. */
let role = '';

beforeEach(async () => {
  database = await createTestDatabase();
  store = openStore({ connection: database.connection });
  role = `reader_${crypto.randomUUID().slice(0, 8)}`;
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await store.write((tx) => removeViewReader(tx, role)).catch(() => undefined);
  await store.close();
  await database.drop();
});

const put = (tenantId: number, password = 'first password', connections = 5) =>
  store.write((tx) => putViewReader(tx, { role, tenantId, password, connections, statementTimeoutMs: 30_000 }));

async function signIn(password = 'first password'): Promise<pg.Client> {
  const client = new pg.Client({ ...database.connection, user: role, password });
  await client.connect();
  clients.push(client);
  return client;
}

const rowsOf = async (client: pg.Client, text: string) => (await client.query(text)).rows;

/** Two tenants with checks of the last hours: 4 monitors of the first, 2 of the other. */
async function seedTwoTenants(events = 600): Promise<void> {
  const toMs = Date.now();
  for (const [tenantId, monitors] of [
    [defaultTenantId, 4],
    [other, 2],
  ] as const) {
    await seedMonitors(store.db, { tenantId, services: 2, environments: 1, monitors, zones: ['inside'] });
    await seedEvents(store.db, { tenantId, monitors: { first: 1, last: monitors }, events, toMs, everyMs: 10_000 });
    await seedRollups(store.db, { tenantId, periods: 90 });
    await seedRollups(store.db, { tenantId, granularityS: 3600, periods: 3 });
  }
}

describe('The views', () => {
  it('describe each of their columns, and nothing that they do not have', async () => {
    const described = describeViews();
    expect(described.map(({ name }) => name)).toEqual(contractViews);
    for (const { name, description, columns } of described) {
      const { rows } = await sql<{ column: string }>`
        select attname::text as column from pg_attribute where attrelid = ${name}::regclass and attnum > 0 order by attnum`.execute(
        store.db,
      );
      expect(columns.map((column) => column.name)).toEqual(rows.map(({ column }) => column));
      for (const text of [description, ...columns.map((column) => column.description)]) expect(text).toMatch(/\.$/);
    }
  });

  it('give what was seen: seconds in statistics, a row per value in metrics', async () => {
    await seedTwoTenants(200);
    const monitorId = seededMonitorId(1);
    const { rows } = await sql<Record<string, unknown>>`
      select granularity, environment, zone, service, monitor, rt_min, rt_max, rt_avg, checks, data, outcomes from monitor_statistics
      where monitor_id = ${monitorId} and granularity = 'hour' limit 1`.execute(store.db);
    expect(rows).toEqual([
      {
        ...{ granularity: 'hour', environment: 'environment-1', zone: 'inside', service: 'service-1' },
        ...{ monitor: 'monitor-000001', rt_min: 0.012, rt_max: 0.013, rt_avg: 0.0125, checks: 2 },
        ...{ data: { '200': 2 }, outcomes: { ok: 2 } },
      },
    ]);
    const { rows: counts } = await sql<Record<string, number>>`
      select (select count(*) from event_view) as events,
        (select count(*) from metric_view where value_name = 'durationMs') as durations,
        (select count(*) from metric_view where value_name = 'connectMs') as connects,
        (select count(*) from service_state_view) as services`.execute(store.db);
    // Of the seed every tenth event of all has no connectMs.
    expect(counts).toEqual([{ events: 400, durations: 400, connects: 360, services: 4 }]);
  });

  it('show the API, which names its tenant, the rows of that tenant alone', async () => {
    await seedTwoTenants(50);
    const count = (tenantId: number) =>
      store.read(tenantId, async (tx) => {
        const { rows } = await sql<{ tenant: string }>`select distinct tenant from event_view order by 1`.execute(tx);
        return rows.map(({ tenant }) => tenant);
      });
    expect(await count(other)).toEqual(['tenant-2']);
    expect(await count(-1)).toEqual(['default', 'tenant-2']);
  });
});

describe('A reader of the views', () => {
  it('sees the rows of its tenant, whatever it sets', async () => {
    await seedTwoTenants();
    await put(other);
    const client = await signIn();
    await client.query("select set_config('wk.tenant_id', '-1', false)");
    for (const view of contractViews) {
      const seen = await rowsOf(client, `select count(*)::integer as count from ${view}`);
      const { rows } = await sql<{ count: number }>`select count(*)::integer as count from ${sql.table(view)}`.execute(
        store.db,
      );
      expect(seen[0].count).toBeGreaterThan(0);
      expect(seen[0].count).toBeLessThan(rows[0]?.count as number);
    }
    expect(await rowsOf(client, 'select distinct tenant from event_view')).toEqual([{ tenant: 'tenant-2' }]);
    expect(await rowsOf(client, 'select distinct tenant from service_state_view')).toEqual([{ tenant: 'tenant-2' }]);
    const monitors = await rowsOf(client, 'select distinct monitor_id from monitor_statistics order by 1');
    expect(monitors.map((row) => row.monitor_id)).toEqual([seededMonitorId(1, other), seededMonitorId(2, other)]);
  });

  it('is shown no rows of others by a condition that tells of what it sees', async () => {
    await seedTwoTenants();
    await put(other);
    const client = await signIn();
    const told: string[] = [];
    client.on('notice', ({ message }) => told.push(message ?? ''));
    // Temporary objects are a right of everybody; a function that costs nothing is asked first where nothing forbids it.
    await client.query('set default_transaction_read_only = off');
    await client.query(
      `create function pg_temp.tell(text) returns boolean language plpgsql cost 0.0000001 as $$ begin raise notice '%', $1; return true; end $$`,
    );
    await client.query('select count(*) from service_state_view where pg_temp.tell(tenant)');
    await client.query('select count(*) from event_view where pg_temp.tell(tenant)');
    expect([...new Set(told)]).toEqual(['tenant-2']);
  });

  it('reads nothing else and writes nothing', async () => {
    await seedTwoTenants(50);
    await put(defaultTenantId);
    const client = await signIn();
    await client.query('set default_transaction_read_only = off');
    const { rows: tables } = await sql<{ name: string }>`
      select relname::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')
        and relname <> all(${[...contractViews]}::text[])`.execute(store.db);
    expect(tables.length).toBeGreaterThan(30);
    for (const { name } of tables)
      await expect(client.query(`select from ${name}`)).rejects.toThrow(/permission denied/);
    for (const statement of [
      "update service_state_view set state = 'ok'",
      'delete from monitor_statistics',
      'create table public.mine (n integer)',
      'set role wk_reader',
      `set session authorization ${database.connection.user}`,
    ])
      await expect(client.query(statement)).rejects.toThrow(/permission denied|cannot update|cannot delete/);
  });

  it('has its limits: read-only, bounded in time and in connections', async () => {
    await put(defaultTenantId, 'first password', 1);
    const client = await signIn();
    const [limits] = await rowsOf(
      client,
      "select current_setting('statement_timeout') as statement, current_setting('default_transaction_read_only') as read_only, current_setting('TimeZone') as zone",
    );
    expect(limits).toEqual({ statement: '30s', read_only: 'on', zone: 'UTC' });
    await expect(signIn()).rejects.toThrow(/too many connections/);
  });

  it('is renewed with another password and another tenant, and taken away', async () => {
    await seedTwoTenants(50);
    expect(await put(defaultTenantId)).toBe('created');
    expect(await put(other, 'second password')).toBe('renewed');
    await expect(signIn()).rejects.toThrow(/password authentication failed/);
    const client = await signIn('second password');
    expect(await rowsOf(client, 'select distinct tenant from event_view')).toEqual([{ tenant: 'tenant-2' }]);
    await store.write((tx) => removeViewReader(tx, role));
    await expect(signIn('second password')).rejects.toThrow(/authentication failed|does not exist/);
    await expect(client.query('select from event_view')).rejects.toThrow();
    await expect(store.write((tx) => removeViewReader(tx, role))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is never a role of somebody else', async () => {
    const reader = { tenantId: defaultTenantId, password: 'password', connections: 5, statementTimeoutMs: 1000 };
    for (const name of [database.connection.user as string, 'wk_reader']) {
      await expect(store.write((tx) => putViewReader(tx, { role: name, ...reader }))).rejects.toMatchObject({
        code: 'name_taken',
      });
      await expect(store.write((tx) => removeViewReader(tx, name))).rejects.toMatchObject({ code: 'name_taken' });
    }
  });

  it('can be renewed after the database was reset', async () => {
    await put(defaultTenantId);
    await resetDatabase(database.connection);
    expect(await put(defaultTenantId, 'second password')).toBe('renewed');
    expect(await rowsOf(await signIn('second password'), 'select count(*)::integer as count from event_view')).toEqual([
      { count: 0 },
    ]);
  });
});

describe('A question for a range of time', () => {
  /** Names of the scans of a plan and the rows that they read. */
  async function scansOf(client: pg.Client, question: string) {
    const [row] = await rowsOf(client, `explain (analyze, format json) ${question}`);
    const scans: { node: string; relation: string; rows: number; removed: number }[] = [];
    const visit = (node: Record<string, unknown>) => {
      if (node['Relation Name'] !== undefined && (node['Actual Loops'] as number) > 0) {
        const loops = node['Actual Loops'] as number;
        const removed =
          ((node['Rows Removed by Filter'] as number) ?? 0) + ((node['Rows Removed by Index Recheck'] as number) ?? 0);
        scans.push({
          ...{ node: node['Node Type'] as string, relation: node['Relation Name'] as string },
          ...{ rows: (node['Actual Rows'] as number) * loops, removed: removed * loops },
        });
      }
      for (const child of (node.Plans as Record<string, unknown>[] | undefined) ?? []) visit(child);
    };
    visit(row['QUERY PLAN'][0].Plan);
    return scans;
  }

  it('touches little more than the rows of that time', { timeout: 60_000 }, async () => {
    const events = 100_000;
    const toMs = Date.now();
    const days = 10;
    await seedMonitors(store.db, { services: 5, environments: 2, monitors: 50, zones: ['inside', 'outside'] });
    await seedEvents(store.db, {
      ...{ monitors: { first: 1, last: 50 }, events, toMs, everyMs: (days * 24 * hourMs) / events },
    });
    await seedRollups(store.db, { periods: 1000 });
    await seedRollups(store.db, { granularityS: 3600, periods: 200 });
    await analyzeSeed(store.db);
    await put(defaultTenantId);
    const client = await signIn();
    const ago = (hours: number) => `'${new Date(toMs - hours * hourMs).toISOString()}'`;
    const touched = async (question: string, table: RegExp) =>
      (await scansOf(client, question))
        .filter(({ relation }) => table.test(relation))
        .reduce((sum, { rows, removed }) => sum + rows + removed, 0);

    const hour = `time between ${ago(49)} and ${ago(48)}`;
    const perHour = events / days / 24;
    for (const question of [
      `select date_trunc('minute', time), avg(value) from metric_view where ${hour} and value_name = 'durationMs' group by 1`,
      `select * from event_view where ${hour} and outcome = 'failed'`,
      `select time, value from metric_view where ${hour} and source = '${seededMonitorId(3)}'`,
    ])
      expect(await touched(question, /^events_/)).toBeLessThan(perHour * 6);
    const bounded = await scansOf(client, `select * from event_view where ${hour} and received_at >= ${ago(50)}`);
    expect(bounded.filter(({ relation }) => /^events_/.test(relation)).length).toBeLessThan(5);

    const statistics = `select dt, rt_max from monitor_statistics where granularity = 'minute' and dt between ${ago(2)} and ${ago(1)}`;
    expect(await touched(`${statistics} and monitor_id = '${seededMonitorId(3)}'`, /^rollups_/)).toBeLessThan(200);
    expect((await scansOf(client, statistics)).map(({ relation }) => relation)).not.toContain('rollups_coarse');
  });
});
