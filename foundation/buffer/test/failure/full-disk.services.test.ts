import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const programOf = (name: string) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wk-full-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** Runs a command with a file system of 256 KiB at the folder, which only it sees. */
const onSmallDisk = (command: string) =>
  spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=256k none ${folder} && ${command}`], {
    encoding: 'utf8',
    timeout: 60_000,
  });
const isPossible = onSmallDisk('true').status === 0;

it.skipIf(!isPossible)(
  'a full disk costs no event: memory stands in for it, and the disk takes them when it is freed',
  () => {
    const { stdout, stderr } = onSmallDisk(`exec ${process.execPath} ${programOf('full-disk-child')} ${folder}`);
    expect(stdout.trim().split('\n'), stderr).toEqual([
      'roomy 3 true',
      'filled ENOSPC',
      'full true true 0',
      'freed true 0',
      'kept true 0',
    ]);
  },
);

it.skipIf(!isPossible)(
  'a buffer starts on a full disk, and what it kept in memory is sent under one name also by the next start',
  () => {
    const { stdout, stderr } = onSmallDisk(`exec ${process.execPath} ${programOf('full-start-child')} ${folder}`);
    expect(stdout.trim().split('\n'), stderr).toEqual(['started 3 true', 'freed 4 0', 'sent 0,1,2,3 by 1']);
  },
);
