/**
 * Keeps a database as a release leaves it, for the tests of upgrades: `node scripts/make-release-fixture.ts <version>`.
 * Starts this checkout with its demo on a PostgreSQL of its own, lets it watch for two and a half minutes, ends it in
 * order, and writes the dump to `foundation/store/test/releases/<version>.sql.gz`. Needs PostgreSQL's programs (Debian:
 * `postgresql`). Run it on the commit of the release, and add that commit to `e2e/old-release.ts`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { freePorts } from './servers/free-ports.ts';
import { postgresPrograms, startPostgres } from './servers/postgres.ts';
import { repositoryRoot } from './source-files.ts';

/** The demo needs this long to show failures, alerts and their ends, seconds; `--seconds` says otherwise. */
const usualSeconds = 150;

const [version = '', ...more] = process.argv.slice(2);
const seconds = Number(more[more.indexOf('--seconds') + 1] ?? usualSeconds) || usualSeconds;
if (!/^\d+\.\d+\.\d+$/.test(version)) {
  process.stderr.write('Say which release: node scripts/make-release-fixture.ts 0.2.0\n');
  process.exit(64);
}
const file = join(repositoryRoot, `foundation/store/test/releases/${version}.sql.gz`);
if (existsSync(file)) {
  process.stderr.write(
    `${file} is there already, and what a release left does not change. Remove it to make it anew.\n`,
  );
  process.exit(73);
}
const server = await startPostgres();
try {
  await watch(server.url);
  const sql = dump(server.url);
  writeFileSync(file, gzipSync(sql, { level: 9 }));
  process.stdout.write(`${file}: ${sql.length} characters of SQL\n`);
} finally {
  await server.stop();
}

/** Runs the product on the database for a while and ends it in order. */
async function watch(databaseUrl: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wk-fixture-'));
  const [port] = await freePorts(1);
  const program = join(repositoryRoot, 'apps/cli/bin/watchkeeper.mjs');
  const args = [
    'start',
    '--demo',
    '--data-dir',
    dataDir,
    '--listen',
    `127.0.0.1:${port}`,
    '--database-url',
    databaseUrl,
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (text: Buffer) => {
        said += text.toString();
        if (said.includes('Ctrl-C ends it')) resolve();
      });
      void ended.then((code) => reject(new Error(`Watchkeeper ended with ${code} before it was ready`)));
    });
    process.stdout.write(`the demo runs for ${seconds} s\n`);
    await new Promise((done) => setTimeout(done, seconds * 1000));
  } finally {
    child.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Plain SQL that any client can run, without owners, and without what only psql understands. */
function dump(databaseUrl: string): string {
  const programs = postgresPrograms() ?? '';
  const args = ['--no-owner', '--inserts', '--rows-per-insert=1000', databaseUrl];
  const { status, stdout, stderr } = spawnSync(join(programs, 'pg_dump'), args, {
    encoding: 'utf8',
    maxBuffer: 1024 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`pg_dump failed: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => !/^\\(un)?restrict\b/.test(line))
    .join('\n');
}
