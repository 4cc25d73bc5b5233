import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WatchkeeperError } from '@watchkeeper/model';
import type { ServerPrograms } from './binaries.ts';

/** Where everything of the embedded server lies. */
export interface ClusterPaths {
  readonly cluster: string;
  readonly socketDir: string;
  readonly passwordFile: string;
  readonly logFile: string;
  /** Part of the socket's name; where the server listens on TCP too, its port on 127.0.0.1. */
  readonly port: number;
  readonly isOnTcp: boolean;
  /** For a private copy of the binaries, where one is needed. */
  readonly programsDir: string;
}

/** Part of the socket's name and nothing else, where the server does not listen on TCP. */
const socketPort = 5432;
export const superuser = 'watchkeeper';
/** A longer path does not fit into sun_path (unix(7)). */
const longestSocketPath = 107;

/** @param tcpPort port of the server on 127.0.0.1; without one it has its socket alone */
export function clusterPaths(dataDir: string, tcpPort?: number): ClusterPaths {
  const near = join(dataDir, 'run');
  const port = tcpPort ?? socketPort;
  const fits = Buffer.byteLength(`${near}/.s.PGSQL.${port}.lock`) <= longestSocketPath;
  const far = join(tmpdir(), `watchkeeper-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`);
  return {
    cluster: join(dataDir, 'postgres'),
    socketDir: fits ? near : far,
    passwordFile: join(dataDir, 'postgres.password'),
    logFile: join(dataDir, 'postgres.log'),
    port,
    isOnTcp: tcpPort !== undefined,
    programsDir: join(dataDir, 'programs'),
  };
}

/** Creates the cluster when there is none; one that was begun and not finished is begun again. */
export async function ensureCluster(
  paths: ClusterPaths,
  programs: ServerPrograms,
  dataDir: string,
): Promise<'created' | 'present'> {
  for (const leftover of readdirSync(dataDir).filter((name) => name.startsWith('postgres.new-'))) {
    rmSync(join(dataDir, leftover), { recursive: true, force: true });
  }
  mkdirSync(paths.socketDir, { recursive: true, mode: 0o700 });
  giveTo(programs, paths.socketDir, dataDir);
  if (existsSync(join(paths.cluster, 'PG_VERSION'))) return 'present';

  const fresh = join(dataDir, `postgres.new-${process.pid}`);
  writeFileSync(paths.passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  mkdirSync(fresh, { mode: 0o700 });
  giveTo(programs, paths.passwordFile, fresh);
  const args = [
    '-D',
    fresh,
    '-U',
    superuser,
    '-A',
    'scram-sha-256',
    `--pwfile=${paths.passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  try {
    await run(programs, programs.initdb, args);
  } catch (error) {
    throw new WatchkeeperError(
      'data_directory_unusable',
      `The database could not be created in ${paths.cluster}: ${(error as { stderr?: string }).stderr?.trim() || (error as Error).message}. Check the rights and the free space of the data directory.`,
      { cause: error },
    );
  }
  renameSync(fresh, paths.cluster);
  return 'created';
}

export function readPassword({ passwordFile }: ClusterPaths): string {
  return readFileSync(passwordFile, 'utf8').trim();
}

/** The command as it must be started: in its namespace, or under its own identity. */
export function commandLine({ prefix, runAs }: ServerPrograms, program: string, args: readonly string[]) {
  const [command, ...rest] = [...prefix, program, ...args] as [string, ...string[]];
  return { command, args: rest, identity: runAs ?? {} };
}

function giveTo({ runAs }: ServerPrograms, ...paths: readonly string[]): void {
  if (runAs !== undefined) for (const path of paths) chownSync(path, runAs.uid, runAs.gid);
}

const execute = promisify(execFile);

async function run(programs: ServerPrograms, program: string, args: readonly string[]): Promise<void> {
  const line = commandLine(programs, program, args);
  await execute(line.command, line.args, { ...line.identity, env: serverEnvironment });
}

/** Nothing of our own environment reaches the server. */
export const serverEnvironment = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };
