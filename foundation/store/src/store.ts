import { WatchkeeperError } from '@watchkeeper/model';
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { Tables } from './tables.ts';

/** A connection or a transaction; every function of this package takes one first. */
export type Db = Kysely<Tables> | Tx;

/** A transaction, for what must be done together. */
export type Tx = Transaction<Tables>;

/** Reads rows of every tenant. */
export const allTenants = -1;

/** Anything node-postgres accepts: a URL, or host (a directory for a unix socket), port, user, database. */
export interface Connection {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly database?: string;
  readonly password?: string;
}

export interface StoreOptions {
  readonly connection: Connection;
  /** Connections for everything but the event log, which opens its own. Default 10. */
  readonly poolSize?: number;
  /** Effects note what programs outside are told of, in their own transaction. Default false: nobody would bring it out. */
  readonly notesNotifications?: boolean;
  /** Told of errors on idle connections; they are replaced. */
  readonly onConnectionError?: (error: Error) => void;
}

export interface Store {
  readonly connection: Connection;
  /** Single statements as the owner of the tables. */
  readonly db: Kysely<Tables>;
  /** One transaction as the owner of the tables. */
  write<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T>;
  /** One read-only transaction that sees the rows of a tenant (or of `allTenants`) and nothing else. */
  read<T>(tenantId: number, work: (tx: Transaction<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

// bigint and count() come as numbers: offsets and sequence numbers stay below 2^53. Series ids are 64-bit hashes and
// are selected as text where they are needed at all.
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === pg.types.builtins.INT8 && format !== 'binary') return exactInteger;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

function exactInteger(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/**
 * Longest time that a transaction may do nothing, milliseconds: shorter than any lease, so that a process that stands
 * still in the middle of one does not keep its locks from whoever takes over.
 */
export const idleInTransactionMs = 5000;

/** Options of every connection: no transaction may hang on to locks for long. */
export function clientConfig(connection: Connection): pg.ClientConfig {
  return {
    ...connection,
    application_name: 'watchkeeper',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: types as pg.CustomTypesConfig,
    options: `-c idle_in_transaction_session_timeout=${idleInTransactionMs} -c lock_timeout=15000 -c timezone=UTC -c jit=off`,
  };
}

/** Where a connection leads: a host or the folder of a socket, its port, and the database. */
export function connectionPlace(connection: Connection): { host: string; port: number; database: string } {
  const { host, port, database = '' } = new pg.Client({ ...connection });
  return { host, port, database };
}

/**
 * A connection of its own, not open yet. A connection that is lost while nobody waits for an answer is noticed by the
 * next statement; the event that says so at once must not end the process.
 */
export function newClient(config: pg.ClientConfig): pg.Client {
  const client = new pg.Client(config);
  client.on('error', ignoreLoss);
  return client;
}

function ignoreLoss(): void {}

export function openStore({
  connection,
  poolSize = 10,
  notesNotifications = false,
  onConnectionError,
}: StoreOptions): Store {
  let closing: Promise<void> | undefined;
  const config = clientConfig(connection);
  // Asked for by every statement that notes something, so that no effect can forget to.
  if (notesNotifications) config.options += ' -c wk.notifications=on';
  const pool = new pg.Pool({ ...config, max: poolSize, idleTimeoutMillis: 30_000 });
  pool.on('error', (error) => {
    if (closing === undefined) onConnectionError?.(error);
  });
  // The pool itself listens only to connections that nobody uses.
  pool.on('connect', (client) => client.on('error', ignoreLoss));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    connection,
    db,
    write: (work) => db.transaction().execute(work).catch(rethrow),
    read: (tenantId, work) =>
      db
        .transaction()
        .execute(async (tx) => {
          await sql`set transaction read only`.execute(tx);
          await sql`select set_config('role', 'wk_reader', true), set_config('wk.tenant_id', ${String(tenantId)}, true)`.execute(
            tx,
          );
          return work(tx);
        })
        .catch(rethrow),
    close: () => (closing ??= db.destroy()),
  };
}

/** Errors of the connection, and locks that were not free in time, become `database_unavailable`; everything else stays what it is. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof WatchkeeperError || !(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  const isLost =
    (typeof code === 'string' && /^(08|57P0|53|25P03|55P03|40P01|ECONN|EPIPE|ENOENT|ENOTFOUND|ETIMEDOUT)/.test(code)) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      error.message,
    );
  if (!isLost) return error;
  return new WatchkeeperError(
    'database_unavailable',
    `The database did not answer (${error.message}). It is tried again; look at its log if this lasts.`,
    { cause: error },
  );
}

function rethrow(error: unknown): never {
  throw asStoreError(error);
}
