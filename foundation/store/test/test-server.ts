import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrateDatabase, startEmbeddedPostgres } from '../src/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { host: string; port: number; user: string; password: string; database: string };
  }
}

/** Name of the migrated database that test databases are copied from. */
export const templateName = 'wk_template';

/** One PostgreSQL server for a test run; without fsync, since no test here cuts the power. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wk-test-'));
  const server = await startEmbeddedPostgres({
    dataDir,
    log: (message) => console.error(message),
    settings: { fsync: 'off', max_connections: '300' },
  });
  const { host, port, user, password, database } = server.connection;
  const admin = { host, port, user, password, database };
  const { default: pg } = await import('pg');
  const client = new pg.Client(admin);
  await client.connect();
  await client.query(`create database ${templateName}`);
  await client.end();
  await migrateDatabase({ ...admin, database: templateName });
  project.provide('postgres', admin);
  return async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
