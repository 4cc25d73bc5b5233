import { hashSecret, newSecret } from '@watchkeeper/api';
import { createLogger } from '@watchkeeper/kit';
import { isWatchkeeperError, WatchkeeperError } from '@watchkeeper/model';
import {
  type Connection,
  defaultTenantId,
  insertLoginLink,
  migrateDatabase,
  migrationStatus,
  openStore,
  recordChange,
  resetDatabase,
  runningEmbedded,
} from '@watchkeeper/store';
import { openDatabase } from './database.ts';
import { removeLocalAccess } from './local-access.ts';
import type { Settings } from './settings.ts';

export interface DatabaseOptions {
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For warnings of the embedded server. */
  readonly logOutput: NodeJS.WritableStream;
  readonly onProgress: (step: string) => void;
}

export interface DatabaseStatus {
  readonly database: string;
  /** Schema of the database, 0 when it is empty, and the newest that this release knows. */
  readonly version: number;
  readonly newest: number;
  readonly applied: readonly { readonly version: number; readonly name: string; readonly appliedAt: string }[];
}

/** How long a sign-in link made in the database works, milliseconds. */
const loginLinkMs = 600_000;

/** What must be typed to delete everything. */
export const resetConfirmation = 'delete everything';

/** Works on the database without a server; the embedded one is started for as long as it takes. */
export async function databaseStatus(options: DatabaseOptions): Promise<DatabaseStatus> {
  return withDatabase(options, async ({ connection, description }) =>
    viewOf(description, await migrationStatus(connection)),
  );
}

export async function migrate(options: DatabaseOptions): Promise<DatabaseStatus> {
  return withDatabase(options, async ({ connection, description }) =>
    viewOf(description, await migrateDatabase(connection, options.onProgress)),
  );
}

/** @throws WatchkeeperError `production_refused` */
export function refuseInProduction({ production }: Settings): void {
  if (!production) return;
  throw new WatchkeeperError(
    'production_refused',
    'The database is not reset in production mode. Set production to false if you are sure that this is not production.',
  );
}

/**
 * Deletes everything in the database.
 * @throws WatchkeeperError `production_refused`, `confirmation_missing`
 */
export async function reset(options: DatabaseOptions, confirmation: string): Promise<DatabaseStatus> {
  refuseInProduction(options.settings);
  if (confirmation !== resetConfirmation) {
    throw new WatchkeeperError('confirmation_missing', `Nothing was deleted. Type exactly: ${resetConfirmation}`);
  }
  return withDatabase(options, async ({ connection, description }) => {
    const status = await resetDatabase(connection);
    removeLocalAccess(options.settings.dataDir);
    return viewOf(description, status);
  });
}

/**
 * A sign-in link made in the database itself, for an operator who reaches nothing but the database: on platforms whose
 * disks do not last, the administrator's key of the data directory is gone with the disk.
 */
export async function makeLoginLink(options: DatabaseOptions): Promise<{ url: string; expiresAt: string }> {
  return withRunningDatabase(options, async ({ connection }) => {
    const store = openStore({ connection });
    try {
      const token = newSecret();
      const { expiresAt } = await store.write(async (tx) => {
        await recordChange(tx, {
          ...{ tenantId: defaultTenantId, actor: 'watchkeeper db login-link', actorKeyId: null },
          ...{
            action: 'login_link.created',
            object: 'sign-in link (admin)',
            requestId: 'login-link',
            remoteAddress: null,
          },
        });
        return insertLoginLink(tx, {
          ...{ tokenHash: hashSecret(token), tenantId: defaultTenantId, keyId: null },
          ...{ name: 'administrator by the database', role: 'admin', validMs: loginLinkMs },
        });
      });
      const { publicUrl, listen } = options.settings;
      const server = publicUrl?.replace(/\/+$/, '') ?? `http://127.0.0.1:${listen.split(':').at(-1)}`;
      return { url: `${server}/login#token=${token}`, expiresAt: expiresAt.toISOString() };
    } finally {
      await store.close();
    }
  });
}

/** As `withDatabase`, or on the embedded database that another process runs. */
export async function withRunningDatabase<T>(
  options: DatabaseOptions,
  work: (database: { readonly connection: Connection }) => Promise<T>,
): Promise<T> {
  try {
    return await withDatabase(options, work);
  } catch (error) {
    const running = isWatchkeeperError(error, 'data_directory_in_use')
      ? runningEmbedded(options.settings.dataDir)
      : undefined;
    if (running === undefined) throw error;
    return work({ connection: running });
  }
}

async function withDatabase<T>(
  options: DatabaseOptions,
  work: (database: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>,
): Promise<T> {
  const logger = createLogger({ level: 'warn', format: 'text', destination: options.logOutput });
  const database = await openDatabase({ ...options, logger });
  try {
    return await work(database);
  } finally {
    await database.stop();
  }
}

function viewOf(database: string, status: Awaited<ReturnType<typeof migrationStatus>>): DatabaseStatus {
  return {
    database,
    version: status.version,
    newest: status.newest,
    applied: status.applied.map((row) => ({ ...row, appliedAt: row.appliedAt.toISOString() })),
  };
}
