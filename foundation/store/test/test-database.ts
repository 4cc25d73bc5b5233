import pg from 'pg';
import { inject } from 'vitest';
import type { Connection } from '../src/index.ts';
import { templateName } from './test-server.ts';

export interface TestDatabase {
  readonly connection: Connection;
  /** Everything that uses it must be closed before. */
  drop(): Promise<void>;
}

/** A fresh, migrated database of the run's server; an empty one where nothing shall be in it. */
export async function createTestDatabase({ isEmpty = false } = {}): Promise<TestDatabase> {
  const server = inject('postgres');
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  await onServer(server, `create database ${name} template ${isEmpty ? 'template0' : templateName} strategy file_copy`);
  return {
    connection: { ...server, database: name },
    drop: () => onServer(server, `drop database ${name}`),
  };
}

async function onServer(server: pg.ClientConfig, statement: string): Promise<void> {
  const client = new pg.Client(server);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
