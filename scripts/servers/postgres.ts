/** A real PostgreSQL for tests, from Debian's package: a cluster of its own that answers over TCP on a free port. */
import { spawnSync } from 'node:child_process';
import { chownSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { type ServerProcess, startProcess, until } from './server-process.ts';

/** Folder of the newest PostgreSQL of this machine's packages; undefined when there is none. */
export function postgresPrograms(): string | undefined {
  const versionOf = (folder: string) => Number(/postgresql\/(\d+)/.exec(folder)?.[1] ?? 0);
  return globSync('/usr/lib/postgresql/*/bin')
    .sort((a, b) => versionOf(b) - versionOf(a))
    .at(0);
}

export interface PostgresServer {
  /** Address of an empty database of which its user is the owner. */
  readonly url: string;
  /** The server as it runs now, or ran last. */
  readonly process: ServerProcess;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a cluster and resolves when it answers. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
  const folder = mkdtempSync(join(tmpdir(), 'wk-postgres-'));
  const [port = 0] = await freePorts(1);
  const password = crypto.randomUUID();
  writeFileSync(join(folder, 'password'), password, { mode: 0o600 });
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? ownerOf(folder) : {};
  const run = (program: string, args: readonly string[]) => {
    const { status, stderr } = spawnSync(join(programs, program), args, { ...user, cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  };
  const data = join(folder, 'data');
  run('initdb', [
    ...['--pgdata', data, '--username', 'watchkeeper', '--pwfile', join(folder, 'password')],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
  ]);
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: folder, max_connections: 200 };
  const isReady = () => spawnSync(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0;
  const launch = () =>
    startProcess(
      join(programs, 'postgres'),
      ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...user, cwd: folder },
    );
  let server = launch();
  await until('PostgreSQL to answer', isReady, { withinMs: 30_000, server });
  return {
    url: `postgres://watchkeeper:${password}@127.0.0.1:${port}/postgres`,
    get process() {
      return server;
    },
    kill: () => server.stop('SIGKILL'),
    async start() {
      // Its children notice that it is gone; until the last one is, another one refuses these data.
      await until('PostgreSQL to start again', async () => {
        server = launch();
        await Promise.race([server.ended, until('it to answer', isReady, { withinMs: 30_000, server })]);
        return server.isRunning();
      });
    },
    async stop() {
      await server.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ownerOf(folder: string): { readonly uid: number; readonly gid: number } {
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  const user = { uid: id('-u'), gid: id('-g') };
  chownSync(folder, user.uid, user.gid);
  chownSync(join(folder, 'password'), user.uid, user.gid);
  return user;
}
