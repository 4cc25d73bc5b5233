/** The StatsD server of npm, for tests and benches, over UDP and TCP on one free port; what it adds up is told at every flush. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../source-files.ts';
import { freePorts } from './free-ports.ts';
import { startProcess, until } from './server-process.ts';

/** What one flush told. */
export interface StatsdFlush {
  readonly counters: Readonly<Record<string, number>>;
  readonly timers: Readonly<Record<string, readonly number[]>>;
  readonly gauges: Readonly<Record<string, number>>;
}

export interface Statsd {
  readonly port: number;
  /** Of its process now. */
  pid(): number;
  /** Every flush since the start. */
  flushes(): readonly StatsdFlush[];
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Its releases call a function that newer releases of Node.js have not. */
const preload = `require('node:util').log ??= () => undefined;`;

const backend = `
const { appendFileSync } = require('node:fs');
exports.init = (_start, config, events) => {
  events.on('flush', (_at, { counters, timers, gauges }) => appendFileSync(config.told, JSON.stringify({ counters, timers, gauges }) + '\\n'));
  return true;
};
`;

export async function startStatsd(flushMs = 200): Promise<Statsd> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-statsd-'));
  const [port = 0, managementPort = 0] = await freePorts(2);
  const told = join(folder, 'told.ndjson');
  const config = {
    ...{ told, mgmt_port: managementPort, mgmt_address: '127.0.0.1' },
    ...{ flushInterval: flushMs, backends: [join(folder, 'backend.cjs')] },
    servers: ['./servers/udp', './servers/tcp'].map((server) => ({ server, port, address: '127.0.0.1' })),
  };
  writeFileSync(join(folder, 'backend.cjs'), backend);
  writeFileSync(join(folder, 'preload.cjs'), preload);
  writeFileSync(join(folder, 'config.js'), `(${JSON.stringify(config)})`);
  const program = ['--require', join(folder, 'preload.cjs'), join(repositoryRoot, 'node_modules/statsd/stats.js')];
  const run = () => startProcess(process.execPath, [...program, join(folder, 'config.js')]);
  const flushes = () =>
    (existsSync(told) ? readFileSync(told, 'utf8') : '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as StatsdFlush);
  let running = run();
  const start = async () => {
    if (!running.isRunning()) running = run();
    const before = flushes().length;
    await until('StatsD to flush', () => flushes().length > before, { server: running, withinMs: 10_000 });
  };
  await start();
  return {
    port,
    pid: () => running.pid,
    flushes,
    start,
    kill: () => running.stop('SIGKILL'),
    async stop() {
      await running.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
