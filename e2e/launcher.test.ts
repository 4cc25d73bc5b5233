import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLocalAccess } from '@watchkeeper/client/local-access';
import type { ProcessList } from '@watchkeeper/model';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort, until } from './running-server.ts';

const program = fileURLToPath(new URL('../apps/cli/bin/watchkeeper.mjs', import.meta.url));

/** How to run a program under a Node.js before 24: the one on the PATH, or ours that says that it is older. */
function olderNode(): readonly string[] {
  const files = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  const found = files.find((file) => {
    const version = existsSync(file) ? spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout : '';
    return /^v(18|2[0-3])\./.test(version);
  });
  if (found !== undefined) return [found];
  const older = `Object.defineProperty(process.versions, 'node', { value: '20.0.0' })`;
  return [process.execPath, '--import', `data:text/javascript,${encodeURIComponent(older)}`];
}

/** An operator whose Node.js is older than 24 has one process to look after: the launcher. */
describe('Watchkeeper under an older Node.js', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'wk-launcher-'));
  let launcher: ChildProcess | undefined;
  let said = '';
  afterAll(async () => {
    if (launcher?.exitCode === null && launcher.signalCode === null) await end('SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const [node = '', ...options] = olderNode();
    const listen = `127.0.0.1:${await freePort()}`;
    said = '';
    launcher = spawn(node, [...options, program, 'start', '--data-dir', dataDir, '--listen', listen], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [launcher.stdout, launcher.stderr]) {
      stream?.on('data', (text: Buffer) => {
        said += text.toString();
      });
    }
    await until('the start', async () => said.includes('Ctrl-C ends it'));
  }
  /** Sends a signal to the launcher alone; resolves with how the launcher ended. */
  function end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
      launcher?.once('exit', (code, by) => resolve(by ?? code)),
    );
    launcher?.kill(signal);
    return ended;
  }
  async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
    const access = readLocalAccess(dataDir);
    const headers = { authorization: `Bearer ${access?.key}`, 'content-type': 'application/json' };
    const response = await fetch(`${access?.server}/api/v1${path}`, { ...init, headers });
    expect(response.ok, `${path}: ${response.status}`).toBe(true);
    return (await response.json()) as T;
  }
  const isThere = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it('ends with its launcher, also by kill -9, and has lost nothing that it answered for', async () => {
    await start();
    const { items } = await api<ProcessList>('/processes');
    const pid = items[0]?.pid ?? 0;
    expect(pid).not.toBe(launcher?.pid);
    expect(isThere(pid)).toBe(true);
    const kept = { kind: 'Environment', name: 'kept', title: 'Kept' };
    await api('/apply', { method: 'POST', body: JSON.stringify({ objects: [kept] }) });
    expect(await end('SIGKILL')).toBe('SIGKILL');
    await until('the process behind the launcher to end', async () => !isThere(pid), 5000);
    await start();
    expect((await api<{ items: { name: string }[] }>('/environments')).items.map(({ name }) => name)).toContain('kept');
  }, 60_000);

  it('ends in order when its launcher is asked to', async () => {
    expect(await end('SIGTERM')).toBe(0);
    await until('the last word', async () => said.includes('Ended.'), 5000);
  }, 30_000);
});
