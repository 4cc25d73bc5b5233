import type { Logger } from '@watchkeeper/kit';
import type { WatchkeeperError } from '@watchkeeper/model';
import { type Connection, type EmbeddedPostgres, startEmbeddedPostgres } from '@watchkeeper/store';
import { resolveReference, type Settings } from './settings.ts';

/** The database of a process: the embedded one, which it owns, or one that somebody else runs. */
export interface Database {
  readonly connection: Connection;
  /** What people read: `embedded PostgreSQL in /var/lib/watchkeeper`. */
  readonly description: string;
  readonly kind: 'embedded' | 'outside';
  /** Resolves with the reason when the embedded server cannot be kept running; never for one of somebody else. */
  readonly failed: Promise<WatchkeeperError>;
  stop(): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly onProgress: (step: string) => void;
}

/** @throws WatchkeeperError `data_directory_in_use`, `data_directory_unusable`, `database_unavailable`, `settings_invalid` */
export async function openDatabase({
  settings,
  environment,
  logger,
  onProgress,
}: OpenDatabaseOptions): Promise<Database> {
  const { databaseUrl, dataDir } = settings;
  if (databaseUrl !== undefined) {
    const connectionString = resolveReference(databaseUrl, environment);
    return {
      connection: { connectionString },
      description: `PostgreSQL at ${withoutPassword(connectionString)}`,
      kind: 'outside',
      failed: new Promise(() => undefined),
      stop: async () => undefined,
    };
  }
  const embedded: EmbeddedPostgres = await startEmbeddedPostgres({
    dataDir,
    ...(settings.databasePort === undefined ? {} : { tcpPort: settings.databasePort }),
    log: (message, fields) => logger.warn(fields ?? {}, message),
    onProgress,
  });
  return {
    connection: embedded.connection,
    description: `embedded PostgreSQL in ${dataDir}`,
    kind: 'embedded',
    failed: embedded.failed,
    stop: () => embedded.stop(),
  };
}

/** An address without what must not be shown. */
export function withoutPassword(address: string): string {
  const url = URL.parse(address);
  if (url === null) return 'the given address';
  return `${url.protocol}//${url.host}${url.pathname}`;
}
