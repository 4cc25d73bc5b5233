import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../../../scripts/servers/free-ports.ts';
import { type EmbeddedPostgres, openStore, runningEmbedded, startEmbeddedPostgres } from '../src/index.ts';

const program = fileURLToPath(new URL('./embedded-child.ts', import.meta.url));
let dataDir = '';
const started: EmbeddedPostgres[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'wk-embedded-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  started.push(server);
  return server;
}

async function ask(server: EmbeddedPostgres, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(server.connection);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** A process that starts the server and then waits to be killed. */
async function startInChild(): Promise<{ kill(): Promise<void>; pid: number }> {
  const child = spawn(process.execPath, [program, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
    child.once('close', () => reject(new Error('the child ended before the server was ready')));
  });
  return {
    pid,
    kill: async () => {
      const ended = new Promise((done) => child.once('close', done));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('The embedded PostgreSQL', () => {
  it('is made, keeps what was written over a restart, and listens on no port', async () => {
    const first = await start();
    expect(first.origin).toBe('created');
    await ask(first, 'create table kept (n integer)');
    await ask(first, 'insert into kept values (7)');
    expect(await ask(first, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
    expect(
      await ask(
        first,
        "select setting from pg_settings where name in ('fsync', 'full_page_writes') and setting <> 'on'",
      ),
    ).toEqual([]);
    expect(statSync(dataDir).mode & 0o077).toBe(0);
    await first.stop();
    const second = await start();
    expect(second.origin).toBe('started');
    expect(await ask(second, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('answers on a port of loopback where it is given one, whatever the one that was left running had', async () => {
    const child = await startInChild();
    await child.kill();
    const [tcpPort = 0] = await freePorts(1);
    const server = await startEmbeddedPostgres({ dataDir, tcpPort, log: () => undefined });
    started.push(server);
    expect(server.pid()).not.toBe(child.pid);
    expect(await ask(server, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    const client = new pg.Client({ ...server.connection, host: '127.0.0.1', port: tcpPort });
    await client.connect();
    await client.end();
    const running = runningEmbedded(dataDir);
    expect(running).toEqual(server.connection);
    await server.stop();
    expect(runningEmbedded(dataDir)).toBeUndefined();
  });

  it('refuses a second Watchkeeper on the same directory and says which process has it', async () => {
    await start();
    await expect(startEmbeddedPostgres({ dataDir, log: () => undefined })).rejects.toMatchObject({
      code: 'data_directory_in_use',
      message: expect.stringContaining(String(process.pid)),
    });
  });

  it('is adopted when the process that started it was killed', async () => {
    const child = await startInChild();
    await child.kill();
    const server = await start();
    expect([server.origin, server.pid()]).toEqual(['adopted', child.pid]);
    expect(await ask(server, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is started again when it was killed, and after both were', async () => {
    const server = await start();
    const before = server.pid();
    process.kill(before, 'SIGKILL');
    const deadlineMs = performance.now() + 15_000;
    for (;;) {
      try {
        if (server.pid() !== before && (await ask(server, 'select 1 as one')).length === 1) break;
      } catch (error) {
        if (performance.now() > deadlineMs) throw error;
      }
      await new Promise((done) => setTimeout(done, 50));
    }
    await server.stop();
    const child = await startInChild();
    await child.kill();
    process.kill(child.pid, 'SIGKILL');
    const again = await start();
    expect(await ask(again, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('in a directory that cannot be made is an error that names it', async () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    await expect(startEmbeddedPostgres({ dataDir: join(file, 'below'), log: () => undefined })).rejects.toMatchObject({
      code: 'data_directory_unusable',
    });
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});

describe('Connections to a server that is killed', () => {
  it('are lost without ending the process, in the middle of a transaction too, and work again', async () => {
    const server = await start();
    const store = openStore({ connection: server.connection, poolSize: 4 });
    try {
      const outcomes = Array.from({ length: 4 }, () =>
        store
          .write(async (tx) => {
            await sql`select 1`.execute(tx);
            // One of them is enough; where the server has ended already there is nothing to kill.
            if (server.pid() !== 0) spawnSync('kill', ['-9', String(server.pid())]);
            await new Promise((done) => setTimeout(done, 100));
            await sql`select 2`.execute(tx);
          })
          .then(
            () => 'done',
            (error: { code?: string }) => error.code,
          ),
      );
      expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['database_unavailable']));
      const deadlineMs = performance.now() + 15_000;
      for (;;) {
        const answer = await sql`select 1`.execute(store.db).catch(() => undefined);
        if (answer !== undefined) break;
        if (performance.now() > deadlineMs) throw new Error('the store did not come back');
        await new Promise((done) => setTimeout(done, 50));
      }
    } finally {
      await store.close();
    }
  });
});
