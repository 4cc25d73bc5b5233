import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, migrateDatabase, openStore, startEmbeddedPostgres } from '@watchkeeper/store';
import { sql } from 'kysely';

/** A PostgreSQL of a test's own, to be hurt. */
export interface OwnDatabase {
  readonly connection: Connection;
  /** Stops the server, and starts it again when it is down. */
  restart(): Promise<void>;
  /** Ends every connection but the one that does it; how many. */
  killBackends(): Promise<number>;
  /** All processes of the server stand still until `thaw`. */
  freeze(): void;
  thaw(): void;
  remove(): Promise<void>;
}

export async function startOwnDatabase(): Promise<OwnDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wk-faults-'));
  const start = () =>
    startEmbeddedPostgres({ dataDir, log: () => undefined, settings: { fsync: 'off', max_connections: '100' } });
  let server = await start();
  const { connection } = server;
  await migrateDatabase(connection);
  let frozen: readonly number[] = [];
  const thaw = () => {
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    frozen = [];
  };
  return {
    connection,
    async restart() {
      await server.stop();
      server = await start();
    },
    async killBackends() {
      const store = openStore({ connection, poolSize: 1 });
      try {
        const { rows } = await sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where pid <> pg_backend_pid() and backend_type = 'client backend'`.execute(store.db);
        return rows.length;
      } finally {
        await store.close();
      }
    },
    freeze() {
      frozen = withDescendants(server.pid());
      for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    },
    thaw,
    async remove() {
      thaw();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function withDescendants(root: number): number[] {
  const found = [root];
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const afterName = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1) ?? '';
      parents.set(Number(name), Number(afterName.split(' ')[1]));
    } catch (error) {
      // A process that ended meanwhile.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}
