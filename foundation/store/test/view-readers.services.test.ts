import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../scripts/servers/postgres.ts';
import {
  defaultTenantId,
  migrateDatabase,
  openStore,
  putViewReader,
  removeViewReader,
  type Store,
} from '../src/index.ts';

const isMissing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').includes('postgres');

/** As a hosting platform gives it: an owner of one database who is no superuser. */
describe.skipIf(isMissing)('A reader of the views on a PostgreSQL of somebody else', () => {
  let server: PostgresServer;
  let store: Store;
  const ends: (() => Promise<unknown>)[] = [];
  const address = (user: string, database = 'watch') =>
    Object.assign(new URL(server.url), { username: user, password: 'a password', pathname: `/${database}` }).href;

  const connect = async (connectionString: string) => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    ends.push(() => client.end());
    return client;
  };

  beforeAll(async () => {
    server = await startPostgres();
    ends.push(() => server.stop());
    const admin = await connect(server.url);
    await admin.query("create role owner login createrole password 'a password'");
    await admin.query('create database watch owner owner');
    await migrateDatabase({ connectionString: address('owner') });
    store = openStore({ connection: { connectionString: address('owner') } });
    ends.push(() => store.close());
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  const reader = { tenantId: defaultTenantId, password: 'a password', connections: 5, statementTimeoutMs: 1000 };
  const put = (role: string) => store.write((tx) => putViewReader(tx, { role, ...reader }));

  it('is made, renewed and taken away by an owner who may make roles', async () => {
    expect([await put('grafana'), await put('grafana')]).toEqual(['created', 'renewed']);
    const client = await connect(address('grafana'));
    expect((await client.query('select from metric_view')).rowCount).toBe(0);
    await expect(client.query('select from events')).rejects.toThrow(/permission denied/);
    await store.write((tx) => removeViewReader(tx, 'grafana'));
    await expect(connect(address('grafana'))).rejects.toThrow(/password authentication failed/);
  });

  it('is refused to an owner who may not, with what to do, and to another database of the same server', async () => {
    await put('grafana');
    const admin = await connect(server.url);
    await admin.query('create database other owner owner');
    await migrateDatabase({ connectionString: address('owner', 'other') });
    const other = openStore({ connection: { connectionString: address('owner', 'other') } });
    ends.push(() => other.close());
    await expect(other.write((tx) => putViewReader(tx, { role: 'grafana', ...reader }))).rejects.toMatchObject({
      code: 'name_taken',
    });
    const elsewhere = await connect(address('grafana', 'other'));
    await expect(elsewhere.query('select from event_view')).rejects.toThrow(/permission denied/);
    await admin.query('alter role owner nocreaterole');
    await expect(put('another')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('CREATEROLE'),
    });
  });
});
