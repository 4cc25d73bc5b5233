import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLocalAccess } from '@watchkeeper/client/local-access';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, run, until } from './running-server.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** What an operator installs is a package of plain JavaScript, without the repository around it. */
describe('The installed package', () => {
  let folder = '';
  let program = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wk-installed-'));
    const packed = await run(process.execPath, [join(repository, 'scripts/pack.ts')]);
    expect(packed.code, packed.stderr).toBe(0);
    const file = join(repository, packed.stdout.trim().split('\n').at(-1) ?? '');
    const installed = await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', file], {
      cwd: folder,
    });
    expect(installed.code, installed.stderr).toBe(0);
    program = join(folder, 'node_modules/.bin/watchkeeper');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('tells its version and its commands', async () => {
    expect((await run(program, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run(program, ['--help'])).stdout).toContain('monitor');
    const wrong = await run(program, ['monitr']);
    expect([wrong.code, wrong.stderr.includes('monitor')]).toEqual([64, true]);
  });

  it('starts without a demo, serves the web app, checks a monitor, and ends in order', async () => {
    const dataDir = join(folder, 'data');
    const port = await freePort();
    const child = spawn(program, ['start', '--data-dir', dataDir, '--listen', `127.0.0.1:${port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        said += text.toString();
      });
    try {
      await until('the start', async () => said.includes('Ctrl-C ends it'));
      expect(said).toContain('Watching 0 monitors');
      const page = await fetch(`http://127.0.0.1:${port}/monitors`);
      expect(await page.text()).toContain('/assets/');
      const wk = (...args: string[]) => run(program, ['--data-dir', dataDir, ...args]);
      const made = await wk(
        'monitor',
        'create',
        '--name',
        'Own port',
        '--service',
        'self',
        '--environment',
        'here',
        '--type',
        'tcp',
        '--option',
        'host=127.0.0.1',
        '--option',
        `port=${port}`,
        '--interval',
        '1s',
        '--timeout',
        '500ms',
      );
      expect(made.stdout, made.stderr).toContain('Made monitor "Own port"');
      await until('its first check', async () =>
        (await wk('monitor', 'status', 'Own port')).stdout.includes('Own port: OK'),
      );
      expect(readLocalAccess(dataDir)?.server).toBe(`http://127.0.0.1:${port}`);
      expect((await wk('doctor')).code).toBe(0);
    } finally {
      const ended = new Promise<number | null>((done) => child.once('close', done));
      child.kill('SIGTERM');
      expect([await ended, said.includes('Ended.')]).toEqual([0, true]);
    }
  });

  it('works on its database without a server, and deletes it only after the typed words', async () => {
    const wk = (args: string[], input = '') => run(program, ['--data-dir', join(folder, 'data'), ...args], { input });
    const status = await wk(['db', 'status']);
    expect(status.stdout, status.stderr).toContain('has the newest schema');
    const refused = await wk(['db', 'reset', '--production', '--confirm', 'delete everything']);
    expect([refused.code, refused.stderr.includes('production_refused')]).toEqual([77, true]);
    const mistyped = await wk(['db', 'reset'], 'yes\n');
    expect([mistyped.code, mistyped.stderr.includes('Nothing was deleted')]).toEqual([64, true]);
    const reset = await wk(['db', 'reset'], 'delete everything\n');
    expect([reset.code, reset.stdout.includes('is empty now')], reset.stderr).toEqual([0, true]);
  });

  it('says what is wrong with settings, and where each setting comes from', async () => {
    const wrong = await run(program, ['config', 'check', '--roles', 'cook']);
    expect([wrong.code, wrong.stderr.includes('roles')]).toEqual([78, true]);
    const right = await run(program, ['config', 'check', '--listen', '127.0.0.1:7999']);
    expect(right.stdout).toMatch(/listen\s+127\.0\.0\.1:7999\s+flag/);
    expect(right.stdout).toMatch(/eventLog\.kafka\.topic\s+watchkeeper\.events\s+default/);
    const nobody = await run(program, ['--data-dir', join(folder, 'nowhere'), 'monitor', 'list']);
    expect([nobody.code, nobody.stderr.includes('No server is known')]).toEqual([64, true]);
    const away = await run(program, ['--server', 'http://127.0.0.1:9', '--key', 'wk_x', 'monitor', 'list']);
    expect([away.code, away.stderr.includes('No answer from http://127.0.0.1:9')]).toEqual([69, true]);
  });
});
