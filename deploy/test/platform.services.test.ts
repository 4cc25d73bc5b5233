import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MonitorStatus, ProcessList } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, freePort, run, until } from '../../e2e/running-server.ts';
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.ts';
import { deployFolder, isMissing } from './deployed-settings.ts';

const program = fileURLToPath(new URL('../../apps/cli/bin/watchkeeper.mjs', import.meta.url));
const publicUrl = 'https://watch.example.org';

/** A start and a one-off process as such a platform makes them: a port, a database, an empty disk and nothing else. */
describe.skipIf(isMissing('postgres'))('A platform with PORT, DATABASE_URL and a disk that does not last', () => {
  let database: PostgresServer;
  let port = 0;
  let disk = '';
  let child: ChildProcess | undefined;
  let said = '';
  beforeAll(async () => {
    database = await startPostgres();
    port = await freePort();
  });
  afterAll(async () => {
    await end();
    await database?.stop();
    rmSync(disk, { recursive: true, force: true });
  });

  const environment = () => ({
    ...{ PATH: process.env.PATH ?? '', HOME: disk, TMPDIR: disk, NO_COLOR: '1' },
    ...{ PORT: String(port), DATABASE_URL: database.url, WATCHKEEPER_PUBLIC_URL: publicUrl },
  });
  const start = async () => {
    disk = mkdtempSync(join(tmpdir(), 'wk-platform-'));
    said = '';
    child = spawn(process.execPath, [program, 'start'], {
      env: environment(),
      cwd: disk,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => {
        said += text.toString();
      });
    await until('the start', async () => said.includes('Ctrl-C ends it'));
  };
  const end = async () => {
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((done) => child?.once('close', done));
    child.kill('SIGTERM');
    await ended;
  };
  /** A process of its own on another empty disk, with the same variables. */
  const oneOff = async (...args: string[]): Promise<Finished> => {
    const empty = mkdtempSync(join(tmpdir(), 'wk-one-off-'));
    const variables = Object.entries({ ...environment(), HOME: empty }).map(([name, value]) => `${name}=${value}`);
    try {
      return await run('env', ['-i', ...variables, process.execPath, program, ...args], { cwd: empty });
    } finally {
      rmSync(empty, { recursive: true });
    }
  };
  const here = (path: string) => `http://127.0.0.1:${port}${path}`;
  /** Signs in as a browser does with a link; the cookie of the session. */
  const signIn = async (link: string): Promise<string> => {
    expect(link.startsWith(`${publicUrl}/login#token=`), link).toBe(true);
    const response = await fetch(here('/api/v1/session'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ token: link.split('#token=')[1]?.trim() }),
    });
    expect(response.status).toBe(200);
    return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  };
  const ask = async <T>(cookie: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(here(path), {
      headers: {
        cookie,
        'sec-fetch-site': 'same-origin',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    expect(response.ok, await response.clone().text()).toBe(true);
    return (await response.json()) as T;
  };
  let monitorId = '';
  let key = '';

  it('starts what the Procfile says, with all roles on the given database and none of its own', async () => {
    expect(readFileSync(join(deployFolder, 'platform/Procfile'), 'utf8')).toBe('web: npx watchkeeper start\n');
    await start();
    expect(said).toMatch(/Data +PostgreSQL at postgres:\/\/127\.0\.0\.1/);
    expect(said).toMatch(/Roles +api, scheduler, listener, processor, forwarder, health/);
    expect(existsSync(join(disk, '.watchkeeper/postgres'))).toBe(false);
    expect(readdirSync(join(disk, '.watchkeeper'))).toEqual(['local-access.json']);
    expect((await fetch(here('/health/ready'))).status).toBe(200);
  });

  it('the link in the log signs an operator in, who makes a monitor and a key', async () => {
    const cookie = await signIn(/Sign in +(\S+)/.exec(said)?.[1] ?? '');
    const monitor = await ask<{ id: string }>(cookie, '/api/v1/monitors', {
      ...{ name: 'Own port', service: 'self', environment: 'here', type: 'tcp', interval: '1s', timeout: '500ms' },
      options: { host: '127.0.0.1', port },
    });
    monitorId = monitor.id;
    key = (await ask<{ secret: string }>(cookie, '/api/v1/keys', { name: 'Mine', role: 'operator' })).secret;
    await until('a first check', async () => {
      const { state } = await ask<MonitorStatus>(cookie, `/api/v1/monitors/${monitorId}/status`);
      return state === 'ok';
    });
  });

  it('a one-off process makes a link in the database, and says clearly what it cannot do', async () => {
    const made = await oneOff('db', 'login-link');
    expect(made.code, made.stderr).toBe(0);
    const cookie = await signIn(made.stdout.split('\n')[0] ?? '');
    expect((await ask<{ role: string }>(cookie, '/api/v1/session')).role).toBe('admin');
    const other = await oneOff('login-link');
    expect([other.code, other.stderr.includes('No server is known')]).toEqual([64, true]);
    const told = await oneOff('--server', here(''), '--key', key, 'monitor', 'status', 'Own port');
    expect(told.stdout, told.stderr).toContain('Own port: OK');
  });

  it('after the disk is wiped it starts again, nothing is lost, and an operator gets in', async () => {
    const byKey = async <T>(path: string) =>
      (await (await fetch(here(path), { headers: { authorization: `Bearer ${key}` } })).json()) as T;
    type Counts = { readonly counts: { readonly monitors: number; readonly events: number } };
    await end();
    expect(said).toContain('Ended.');
    const countBefore = (await oneOff('db', 'status')).stdout;
    rmSync(disk, { recursive: true });
    await start();
    expect(said).toContain('Watching 1 monitors');
    expect(countBefore).toContain('has the newest schema');
    const before = (await byKey<Counts>('/api/v1')).counts;
    expect(before.monitors).toBe(1);
    expect(before.events).toBeGreaterThan(0);
    await until('checks to go on', async () => (await byKey<Counts>('/api/v1')).counts.events > before.events);
    expect((await byKey<MonitorStatus>(`/api/v1/monitors/${monitorId}/status`)).state).toBe('ok');
    const { items } = await byKey<ProcessList>('/api/v1/processes');
    expect(items.map(({ state }) => state)).toEqual(['running']);
    const cookie = await signIn((await oneOff('db', 'login-link')).stdout.split('\n')[0] ?? '');
    expect((await ask<{ role: string }>(cookie, '/api/v1/session')).role).toBe('admin');
  });
});
