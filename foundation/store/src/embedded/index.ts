import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isWatchkeeperError, WatchkeeperError } from '@watchkeeper/model';
import type pg from 'pg';
import { type Connection, clientConfig, newClient } from '../store.ts';
import { findPrograms } from './binaries.ts';
import { clusterPaths, ensureCluster } from './cluster.ts';
import { asDirectoryError, ownDirectory } from './directory-owner.ts';
import {
  adoptPostmaster,
  connectionTo,
  listeningPlace,
  type Postmaster,
  startPostmaster,
  stopPostmaster,
} from './postmaster.ts';

export interface EmbeddedPostgresOptions {
  /** Made with mode 0700 when it is not there. */
  readonly dataDir: string;
  readonly log: (message: string, fields?: Record<string, unknown>) => void;
  readonly onProgress?: (step: string) => void;
  /** Port on 127.0.0.1 where it answers beside its socket, 1024 to 65 535. */
  readonly tcpPort?: number;
  /** Server settings beyond ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** By a unix socket in the data directory. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    readonly password: string;
  };
  /** `adopted`: the server of a process that was killed still ran. */
  readonly origin: 'created' | 'started' | 'adopted';
  /** Process id of the server now. */
  pid(): number;
  /** Resolves with the reason when the server ended and could not be started again. */
  readonly failed: Promise<WatchkeeperError>;
  /** Fast shutdown. May be called twice. */
  stop(): Promise<void>;
}

const databaseName = 'watchkeeper';
/** Restarts in a row before the server counts as broken. */
const mostRestarts = 5;

/**
 * Starts PostgreSQL in a data directory and keeps it running. One process may do so per directory.
 * @throws WatchkeeperError `data_directory_in_use`, `data_directory_unusable`, `database_unavailable`
 */
export async function startEmbeddedPostgres({
  dataDir: givenDir,
  log,
  onProgress,
  tcpPort,
  settings = {},
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(givenDir);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new WatchkeeperError(
      'data_directory_unusable',
      `The data directory ${dataDir} cannot be made (${(error as Error).message}). Choose another with --data-dir.`,
      { cause: error },
    );
  }
  const ownership = await ownDirectory(dataDir, log);
  try {
    const paths = clusterPaths(dataDir, tcpPort);
    const programs = findPrograms(paths.programsDir);
    onProgress?.('preparing the database');
    const cluster = await ensureCluster(paths, programs, dataDir);
    const adopted = cluster === 'present' ? await adoptPostmaster(paths) : undefined;
    let postmaster = adopted ?? (await startPostmaster(paths, programs, settings));
    const connection = connectionTo(paths, databaseName);
    await ensureDatabase(connectionTo(paths, 'postgres'));

    let isStopping = false;
    let stopping: Promise<void> | undefined;
    let giveUp: (error: WatchkeeperError) => void;
    const failed = new Promise<WatchkeeperError>((fail) => {
      giveUp = fail;
    });

    const supervise = async (first: Postmaster) => {
      let running = first;
      for (let restarts = 0; ; ) {
        const startedMs = performance.now();
        await running.ended;
        if (isStopping) return;
        restarts = performance.now() - startedMs > 60_000 ? 1 : restarts + 1;
        log('the embedded PostgreSQL ended unexpectedly; it is started again', { restarts });
        await pause(100 * 2 ** restarts);
        if (isStopping) return;
        try {
          running = await startPostmaster(paths, programs, settings);
          postmaster = running;
        } catch (error) {
          if (restarts < mostRestarts) continue;
          giveUp(
            isWatchkeeperError(error)
              ? error
              : new WatchkeeperError(
                  'database_unavailable',
                  'The embedded PostgreSQL does not start any more. See its log.',
                  { cause: error },
                ),
          );
          return;
        }
      }
    };
    void supervise(postmaster);

    return {
      connection,
      origin: cluster === 'created' ? 'created' : adopted === undefined ? 'started' : 'adopted',
      pid: () => postmaster.pid,
      failed,
      stop() {
        isStopping = true;
        stopping ??= stopPostmaster(postmaster).then(() => ownership.release());
        return stopping;
      },
    };
  } catch (error) {
    await ownership.release();
    throw asDirectoryError(error, dataDir);
  }
}

/** How to reach the server that another process runs on a data directory; undefined when there is none. */
export function runningEmbedded(dataDir: string): Connection | undefined {
  const paths = clusterPaths(resolve(dataDir));
  const place = listeningPlace(paths);
  return place && connectionTo({ ...paths, ...place }, databaseName);
}

async function ensureDatabase(connection: pg.ClientConfig): Promise<void> {
  const client = newClient({ ...connection, ...clientConfig(connection as Parameters<typeof clientConfig>[0]) });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName} strategy file_copy`);
  } finally {
    await client.end();
  }
}
