import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../foundation/store/test/test-database.ts';
import { loadSettings, putReaderRole, removeReaderRole } from '../src/index.ts';

describe('The command that makes a reader of the views', () => {
  let database: TestDatabase;
  let client: pg.Client;
  const role = `grafana_${crypto.randomUUID().slice(0, 8)}`;
  beforeEach(async () => {
    database = await createTestDatabase();
    client = new pg.Client(database.connection);
    await client.connect();
  });
  afterEach(async () => {
    await removeReaderRole(options(), role).catch(() => undefined);
    await client.end();
    await database.drop();
  });

  const options = () => {
    const { host, port, user, password, database: name } = database.connection;
    const databaseUrl = `postgres://${user}:${password}@/${name}?host=${encodeURIComponent(host ?? '')}&port=${port}`;
    return {
      ...{ settings: loadSettings({ flags: { databaseUrl }, environment: {} }).settings, logOutput: process.stderr },
      ...{ environment: { GRAFANA: 'a password' }, onProgress: () => undefined },
    };
  };
  const request = { role, tenant: 'default', connections: 5, statementTimeoutMs: 1000 };

  it('says a new password once, or takes one from where it stands; who did it is on record', async () => {
    const made = await putReaderRole(options(), request);
    expect(made).toMatchObject({ result: 'created', role, tenant: 'default', database: database.connection.database });
    for (const password of [made.password, 'a password']) {
      const reader = new pg.Client({ ...database.connection, user: role, password: password as string });
      await reader.connect();
      expect((await reader.query('select from monitor_statistics')).rowCount).toBe(0);
      await reader.end();
      const given = await putReaderRole(options(), { ...request, password: 'env:GRAFANA' });
      expect([given.result, given.password]).toEqual(['renewed', null]);
    }
    await removeReaderRole(options(), role);
    const { rows } = await client.query('select action, object, actor from change_records order by id');
    expect(rows.map(({ action }) => action)).toEqual([
      'reader_role.created',
      'reader_role.renewed',
      'reader_role.renewed',
      'reader_role.removed',
    ]);
    expect(rows[0]).toMatchObject({ object: `reader role "${role}"`, actor: 'watchkeeper db reader-role' });
  });

  it('refuses what is no name, a password in the open, and a tenant that nobody knows', async () => {
    for (const name of ['Grafana', 'pg_grafana', '1st', 'a"b', ''])
      await expect(putReaderRole(options(), { ...request, role: name })).rejects.toMatchObject({ code: 'usage' });
    await expect(putReaderRole(options(), { ...request, password: 'open' })).rejects.toMatchObject({ code: 'usage' });
    await expect(putReaderRole(options(), { ...request, tenant: 'nobody' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
