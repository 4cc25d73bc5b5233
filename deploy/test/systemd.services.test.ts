import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../e2e/running-server.ts';
import { checkSettings, deployFolder, isMissing } from './deployed-settings.ts';

const program = fileURLToPath(new URL('../../apps/cli/bin/watchkeeper.mjs', import.meta.url));
const folder = join(deployFolder, 'systemd');
const units = ['watchkeeper.service', 'watchkeeper@.service', 'watchkeeper.target'];
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

describe.skipIf(isMissing('systemd-analyze'))('The systemd units (verified, not started)', () => {
  let place = '';
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'wk-units-'));
    // Verification wants the program to be there.
    for (const name of units) writeFileSync(join(place, name), read(name).replaceAll('/usr/bin/watchkeeper', program));
  });
  afterAll(() => rmSync(place, { recursive: true }));

  it('are verified by systemd-analyze without a word', async () => {
    const files = [...units.filter((name) => !name.includes('@')), 'watchkeeper@processor.service'];
    writeFileSync(join(place, 'watchkeeper@processor.service'), readFileSync(join(place, 'watchkeeper@.service')));
    const { code, stdout, stderr } = await run('systemd-analyze', [
      'verify',
      ...files.map((name) => join(place, name)),
    ]);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
  });

  it('a mistake in them is found', async () => {
    const file = join(place, 'wrong.service');
    writeFileSync(file, read('watchkeeper.service').replace('Restart=on-failure', 'Restart=on-whim'));
    const { stderr } = await run('systemd-analyze', ['verify', file]);
    expect(stderr).toMatch(/on-whim/);
  });

  it('leave little to whoever breaks in: exposure of at most 2.0 of 10', async () => {
    for (const name of units.filter((unit) => unit.endsWith('.service'))) {
      const { code, stdout } = await run('systemd-analyze', [
        ...['security', '--offline=true', '--threshold=20', '--no-pager', join(place, name)],
      ]);
      expect([name, code], stdout).toEqual([name, 0]);
      expect(stdout).toMatch(/Overall exposure level for \S+: [01]\.\d OK/);
    }
  });

  it('wait for an orderly end, start again after a crash and not after wrong settings', () => {
    for (const name of units.filter((unit) => unit.endsWith('.service'))) {
      const text = read(name);
      expect(Number(/TimeoutStopSec=(\d+)/.exec(text)?.[1])).toBeGreaterThan(15);
      expect(text).toMatch(/^Restart=on-failure$/m);
      expect(text).toMatch(/^RestartPreventExitStatus=.*\b78\b/m);
    }
  });

  it('user and folders are made by sysusers and tmpfiles, and settings are valid', async () => {
    const root = join(place, 'root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    const users = await run('systemd-sysusers', [`--root=${root}`, join(folder, 'watchkeeper.sysusers')]);
    expect(users.code, users.stderr).toBe(0);
    expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toContain('watchkeeper:x:');
    const dry = await run('systemd-tmpfiles', [`--root=${root}`, '--create', join(folder, 'watchkeeper.tmpfiles')]);
    expect(dry.code, dry.stderr).toBe(0);
    const { code, stderr } = await checkSettings(read('settings.yaml'));
    expect([code, stderr]).toEqual([0, '']);
  });
});
