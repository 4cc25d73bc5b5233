import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { openLogClient } from './log-writes.ts';
import { asStoreError, type Connection, type Tx } from './store.ts';
import type { Tables } from './tables.ts';

/** A connection within a transaction, as functions that COPY rows take it. */
export type StoreClient = pg.ClientBase;

/** One connection of its own, for transactions that both COPY rows and run statements. Used by one caller at a time. */
export interface Session {
  /** The transaction, and the connection that it runs on. @throws WatchkeeperError `database_unavailable` */
  write<T>(work: (tx: Tx, client: pg.ClientBase) => Promise<T>): Promise<T>;
  /** May be called twice. */
  close(): Promise<void>;
}

export async function openSession(connection: Connection): Promise<Session> {
  const client = await openLogClient(connection);
  const pool = {
    connect: async () => Object.assign(client, { release: () => undefined }),
    end: () => client.end(),
  };
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as never }) });
  let closing: Promise<void> | undefined;
  return {
    async write(work) {
      try {
        return await db.transaction().execute((tx) => work(tx, client));
      } catch (error) {
        throw asStoreError(error);
      }
    },
    close: () => (closing ??= db.destroy()),
  };
}
