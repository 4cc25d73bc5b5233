/**
 * Runs the tests that need other programs: Chromium, nginx, PostgreSQL, RabbitMQ, Kafka, promtool and the like. Those
 * that are missing are installed from Debian packages where that is possible; in CI (CI=true) a missing program is a
 * failure, at home it is reported loudly and its tests are skipped. Go modules are built by an installed Go.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildGoTools, isGoThere } from './go-tools.ts';
import { postgresPrograms } from './servers/postgres.ts';
import { repositoryRoot } from './source-files.ts';

/** Program → Debian package, and what it needs besides. */
const programs: Readonly<Record<string, string>> = {
  chromium: 'chromium',
  influxd: 'influxdb',
  ip: 'iproute2',
  java: 'openjdk-17-jre-headless',
  mvn: 'maven',
  nginx: 'nginx-light',
  openssl: 'openssl',
  'openstack-inventory': 'python3-openstacksdk python3-statsd python3-influxdb',
  postgres: 'postgresql',
  'prometheus-blackbox-exporter': 'prometheus-blackbox-exporter',
  promtool: 'prometheus',
  'rabbitmq-server': 'rabbitmq-server',
  'systemd-analyze': 'systemd',
};
/** PostgreSQL's programs stand in a folder of their own, which may come while this runs. */
const searchPath = () => [process.env.PATH, '/usr/sbin', '/sbin', postgresPrograms()].filter(Boolean).join(':');
const isThere = (program: string) =>
  spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH: searchPath() } }).status === 0;
const missing = () => Object.keys(programs).filter((program) => !isThere(program));

const wanted = missing();
if (wanted.length > 0 && process.getuid?.() === 0 && isThere('apt-get')) {
  const packages = wanted.flatMap((program) => (programs[program] as string).split(' '));
  process.stdout.write(`Installing ${packages.join(', ')}\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'], env: environment };
  spawnSync('apt-get', ['-o', 'Acquire::Retries=3', 'update', '-qq'], quiet);
  // The packages must not start servers of their own.
  spawnSync('sh', [
    '-c',
    `printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d`,
  ]);
  spawnSync(
    'apt-get',
    ['-o', 'Acquire::Retries=3', 'install', '-y', '-qq', '--no-install-recommends', ...packages],
    quiet,
  );
}
const left = missing();
if (left.length > 0) {
  process.stdout.write(`MISSING: ${left.join(', ')}. Install ${left.map((program) => programs[program]).join(' ')}.\n`);
  if (process.env.CI !== undefined) process.exit(1);
}
if (isGoThere()) buildGoTools((text) => process.stdout.write(`${text}\n`));
else {
  process.stdout.write('MISSING: Go, by which helm, Telegraf and the checker of Compose files are built.\n');
  if (process.env.CI !== undefined) process.exit(1);
}

const { status } = spawnSync(
  process.execPath,
  [join(repositoryRoot, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'services', ...process.argv.slice(2)],
  {
    cwd: repositoryRoot,
    stdio: 'inherit',
    env: { ...process.env, PATH: searchPath(), WK_MISSING_PROGRAMS: left.join(' ') },
  },
);
process.exitCode = status ?? 1;
