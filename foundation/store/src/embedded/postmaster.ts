import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WatchkeeperError } from '@watchkeeper/model';
import { type Connection, clientConfig, newClient } from '../store.ts';
import type { ServerPrograms } from './binaries.ts';
import { type ClusterPaths, commandLine, readPassword, serverEnvironment, superuser } from './cluster.ts';

/** Longest time for crash recovery before the start is given up, milliseconds. */
const startDeadlineMs = 120_000;
const stopDeadlineMs = 30_000;
/** Where the server listens on TCP; its rules of access (pg_hba.conf) let nobody in from elsewhere. */
const loopback = '127.0.0.1';
const largestLogBytes = 10_000_000;

/** Durability first; the rest suits a machine that does other things as well. */
const serverSettings: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  unix_socket_permissions: '0700',
  max_connections: '60',
  shared_buffers: '128MB',
  max_wal_size: '2GB',
  wal_compression: 'pglz',
  checkpoint_timeout: '15min',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  idle_in_transaction_session_timeout: '60s',
};

/** A running server process. */
export interface Postmaster {
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
}

export function connectionTo(
  paths: ClusterPaths,
  database: string,
): Connection & { host: string; port: number; user: string; database: string; password: string } {
  return { host: paths.socketDir, port: paths.port, user: superuser, database, password: readPassword(paths) };
}

/** The server of a killed process that still runs on this cluster; undefined when there is none. */
export async function adoptPostmaster(paths: ClusterPaths): Promise<Postmaster | undefined> {
  const pid = runningPid(paths);
  if (pid === undefined) {
    // Lock files whose process is another program by now, or is dead and not yet reaped, keep a server from starting.
    rmSync(join(paths.cluster, 'postmaster.pid'), { force: true });
    rmSync(join(paths.socketDir, `.s.PGSQL.${paths.port}.lock`), { force: true });
    return undefined;
  }
  const postmaster: Postmaster = { pid, ended: untilGone(pid) };
  const place = listeningPlace(paths);
  const isAsWanted = place?.port === paths.port && place.isOnTcp === paths.isOnTcp;
  if (isAsWanted && (await answers(paths, 15_000, postmaster))) return postmaster;
  await stopPostmaster(postmaster);
  return undefined;
}

/** Longest time that processes of a killed server may take to notice it, milliseconds. */
const orphanDeadlineMs = 30_000;

/** Starts the server and waits until it answers. */
export async function startPostmaster(
  paths: ClusterPaths,
  programs: ServerPrograms,
  settings: Readonly<Record<string, string>>,
): Promise<Postmaster> {
  for (const startedMs = performance.now(); ; ) {
    const postmaster = await launch(paths, programs, settings);
    if (await answers(paths, startDeadlineMs, postmaster)) return postmaster;
    // A server that was killed leaves processes that end a moment later; until then nobody may take its place.
    const isOrphaned = logTail(paths.logFile).includes('shared memory block');
    if (isOrphaned && performance.now() - startedMs < orphanDeadlineMs) {
      await pause(200);
      continue;
    }
    throw new WatchkeeperError(
      'database_unavailable',
      `The embedded PostgreSQL did not start. Its log ${paths.logFile} ends with: ${logTail(paths.logFile)}`,
      { details: { logFile: paths.logFile } },
    );
  }
}

async function launch(
  paths: ClusterPaths,
  programs: ServerPrograms,
  settings: Readonly<Record<string, string>>,
): Promise<Postmaster> {
  trimLog(paths.logFile);
  const all = { ...serverSettings, listen_addresses: paths.isOnTcp ? loopback : '', ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const line = commandLine(programs, programs.postgres, [
    '-D',
    paths.cluster,
    '-k',
    paths.socketDir,
    '-p',
    String(paths.port),
    ...options,
  ]);
  const log = openSync(paths.logFile, 'a', 0o600);
  // A process group of its own: Ctrl-C in the terminal must not stop the server before we have saved everything.
  const child = spawn(line.command, line.args, {
    ...line.identity,
    env: serverEnvironment,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const postmaster: Postmaster = { pid: child.pid ?? 0, ended: untilClosed(child) };
  child.unref();
  return postmaster;
}

/** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
export async function stopPostmaster({ pid, ended }: Postmaster): Promise<void> {
  signal(pid, 'SIGINT');
  const deadline = new AbortController();
  const isEnded = await Promise.race([
    ended.then(() => true),
    pause(stopDeadlineMs, false, { signal: deadline.signal }).catch(() => true),
  ]);
  deadline.abort();
  if (!isEnded) {
    signal(pid, 'SIGQUIT');
    await ended;
  }
}

async function answers(paths: ClusterPaths, deadlineMs: number, { ended }: Postmaster): Promise<boolean> {
  let isGone = false;
  void ended.then(() => {
    isGone = true;
  });
  for (const startedMs = performance.now(); performance.now() - startedMs < deadlineMs && !isGone; ) {
    const client = newClient({ ...clientConfig(connectionTo(paths, 'postgres')), connectionTimeoutMillis: 5000 });
    try {
      await client.connect();
      await client.end();
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === '28P01') {
        throw new WatchkeeperError(
          'data_directory_unusable',
          `The password in ${paths.passwordFile} is not the one of the database beside it. Restore the file.`,
          { cause: error },
        );
      }
      await pause(20);
    }
  }
  return false;
}

/** The process that owns the cluster, if it is a PostgreSQL server on this very directory. */
function runningPid({ cluster }: ClusterPaths): number | undefined {
  try {
    const pid = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.some((word) => word.endsWith('postgres')) && words.includes(cluster) ? pid : undefined;
  } catch {
    return undefined; // No pid file, or no such process.
  }
}

/** Where the server of a cluster answers now: what it wrote beside its process id. Undefined when none runs. */
export function listeningPlace({ cluster }: Pick<ClusterPaths, 'cluster'>) {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    const [, , , port, socketDir, address] = lines.map((line) => line.trim());
    if (!port || !socketDir) return undefined;
    return { port: Number(port), socketDir, isOnTcp: address !== '' };
  } catch {
    return undefined; // No server runs.
  }
}

function untilClosed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

async function untilGone(pid: number): Promise<void> {
  while (signal(pid, 0)) await pause(100, undefined, { ref: false });
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false; // It is gone already.
  }
}

function trimLog(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > largestLogBytes) truncateSync(file, 0);
}

function logTail(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-5).join(' | ');
}
