import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('./full-disk-child.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wk-full-'));
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
    const { stdout, stderr } = onSmallDisk(`exec ${process.execPath} ${program} ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    expect(stdout.trim().split('\n'), stderr).toEqual([
      'roomy 3 true',
      'filled ENOSPC',
      'full true true 0',
      'freed true 0',
      'kept true 0',
    ]);
  },
);
