import { WatchkeeperError } from '@watchkeeper/model';
import type pg from 'pg';
import { type Connection, clientConfig, newClient } from '../store.ts';
import { sql as spine } from './0001-spine.ts';
import { sql as outsideLog } from './0002-outside-log.ts';
import { sql as notifications } from './0003-notifications.ts';
import { sql as slotsByTenant } from './0004-slots-by-tenant.ts';
import { sql as deliveries } from './0006-deliveries.ts';
import { sql as sinks } from './0007-sinks.ts';
import { sql as refusedInputs } from './0008-refused-inputs.ts';
import { sql as views } from './0009-views.ts';

/** All migrations, oldest first; a released one is never edited. */
export const migrations: readonly { readonly version: number; readonly name: string; readonly sql: string }[] = [
  { version: 1, name: 'spine', sql: spine },
  { version: 2, name: 'outside-log', sql: outsideLog },
  { version: 3, name: 'notifications', sql: notifications },
  { version: 4, name: 'slots-by-tenant', sql: slotsByTenant },
  { version: 6, name: 'deliveries', sql: deliveries },
  { version: 7, name: 'sinks', sql: sinks },
  { version: 8, name: 'refused-inputs', sql: refusedInputs },
  { version: 9, name: 'views', sql: views },
];

export const newestVersion = migrations.at(-1)?.version ?? 0;

/** One lock for everybody who migrates this database ("wk" in ASCII, then 1). */
const migrationLock = 0x776b0001;

export interface MigrationStatus {
  /** 0 for an empty database. */
  readonly version: number;
  readonly newest: number;
  readonly applied: readonly { readonly version: number; readonly name: string; readonly appliedAt: Date }[];
}

/**
 * Brings the database to the newest schema, in one transaction per migration. Any number of processes may call it at
 * once: one works, the others wait and find nothing to do.
 * @throws WatchkeeperError `database_newer`, `database_unavailable`
 */
export async function migrateDatabase(
  connection: Connection,
  onProgress?: (step: string) => void,
): Promise<MigrationStatus> {
  return withClient(connection, async (client) => {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = 'wk_reader') then create role wk_reader nologin; end if;
      execute format('grant wk_reader to %I', current_user);
      execute format('grant usage on schema %I to wk_reader', current_schema());
    end $$`);
    await client.query(
      'create table if not exists schema_migrations (version integer primary key, name text not null, applied_at timestamptz not null default now())',
    );
    const { version } = await readStatus(client);
    for (const migration of migrations.filter((candidate) => candidate.version > version)) {
      onProgress?.(`migration ${migration.version} ${migration.name}`);
      await client.query('begin');
      await client.query(migration.sql);
      await client.query('insert into schema_migrations (version, name) values ($1, $2)', [
        migration.version,
        migration.name,
      ]);
      await client.query('commit');
    }
    return readStatus(client);
  });
}

export async function migrationStatus(connection: Connection): Promise<MigrationStatus> {
  return withClient(connection, async (client) => {
    const { rows } = await client.query("select to_regclass('schema_migrations') is not null as present");
    return rows[0].present ? readStatus(client) : { version: 0, newest: newestVersion, applied: [] };
  });
}

/** Drops everything of ours and migrates again. Every row is lost. */
export async function resetDatabase(connection: Connection): Promise<MigrationStatus> {
  await withClient(connection, async (client) => {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query('drop schema public cascade');
    await client.query('create schema public');
  });
  return migrateDatabase(connection);
}

async function readStatus(client: pg.Client): Promise<MigrationStatus> {
  const { rows } = await client.query('select version, name, applied_at from schema_migrations order by version');
  const version: number = rows.at(-1)?.version ?? 0;
  if (version > newestVersion) {
    throw new WatchkeeperError(
      'database_newer',
      `The database has schema ${version}, this Watchkeeper knows ${newestVersion}. Start the newer Watchkeeper that wrote it.`,
      { details: { version, newest: newestVersion } },
    );
  }
  return {
    version,
    newest: newestVersion,
    applied: rows.map((row) => ({ version: row.version, name: row.name, appliedAt: row.applied_at })),
  };
}

async function withClient<T>(connection: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = newClient({ ...clientConfig(connection), options: '-c lock_timeout=60000' });
  try {
    await client.connect();
  } catch (error) {
    throw new WatchkeeperError(
      'database_unavailable',
      `Cannot connect to the database (${(error as Error).message}). Check its address and that it runs.`,
      { cause: error },
    );
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
