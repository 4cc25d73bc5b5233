/**
 * `npm run cluster`: the whole product on engines, with the demo, until Ctrl-C. Kill any process of it and watch the
 * page say so; whatever was killed is started again after a while. Everything is made anew and removed at the end.
 *
 * Options: --port <number> of the web app (7300), --restart-after <seconds> (20; 0: never).
 */
import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Cluster, startCluster } from './cluster/cluster.ts';
import type { ClusterMember } from './cluster/member.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '7300' }, 'restart-after': { type: 'string', default: '20' } },
});
const startedMs = performance.now();
const say = (text: string) => void process.stdout.write(`${text}\n`);
const sayAt = (text: string) =>
  say(`${`${((performance.now() - startedMs) / 1000).toFixed(1)} s`.padStart(8)}  ${text}`);

if (process.send === undefined) await guard();
else await run();

/**
 * Runs this script again in a session of its own: a Ctrl-C then reaches this process alone, so that the other one can
 * end everything in order; it does so too when this process is gone.
 */
async function guard(): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGTERM'));
  process.exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

async function run(): Promise<void> {
  let isStarting = true;
  let isEnding = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      if (!isEnding && isStarting) say('Ending as soon as everything has started.');
      isEnding = true;
      resolve();
    };
    process.on('SIGTERM', end);
    process.once('disconnect', end);
  });
  say('Starting Kafka, PostgreSQL, RabbitMQ and Watchkeeper. This takes about a minute.');
  const cluster = await startCluster({ port: Number(values.port), onProgress: sayAt }).catch((error: unknown) => {
    say(`The cluster did not start: ${(error as Error).message}`);
    process.exitCode = 1;
    if (process.connected) process.disconnect();
  });
  isStarting = false;
  if (cluster === undefined) return;
  if (!isEnding) {
    say(`\n${tableOf(cluster)}\n\n${wordsOf(cluster)}\n`);
    const restartAfterMs = Number(values['restart-after']) * 1000;
    for (const member of [...cluster.engines, ...cluster.members])
      void lookAfter(member, restartAfterMs, () => isEnding);
  }
  await ended;
  say('\nEnding in order.');
  await cluster.stop();
  sayAt('Ended. Nothing is left.');
  if (process.connected) process.disconnect();
}

/** Says when it is gone, and starts it again. */
async function lookAfter(member: ClusterMember, restartAfterMs: number, isEnding: () => boolean): Promise<void> {
  while (!isEnding()) {
    const { pid, ended } = member.process;
    await ended;
    if (isEnding()) return;
    const next = restartAfterMs > 0 ? `; it is started again in ${restartAfterMs / 1000} s` : '';
    sayAt(`${member.name} (${pid}) is gone${next}`);
    if (restartAfterMs === 0) return;
    await new Promise((resolve) => setTimeout(resolve, restartAfterMs));
    if (isEnding()) return;
    try {
      await member.start();
      sayAt(`${member.name} (${member.process.pid}) runs again`);
    } catch (error) {
      sayAt(`${member.name} did not start: ${(error as Error).message}`);
    }
  }
}

function tableOf({ engines, members }: Cluster): string {
  // The page System calls processes of Watchkeeper so; the engines are not on it.
  const onPage = (pid: number) => `${hostname()}/${pid}`;
  const rows = [
    ...engines.map(({ name, process: { pid }, does, answersOn }) => [name, String(pid), '–', does, answersOn]),
    ...members.map(({ name, process: { pid }, does, answersOn }) => [name, String(pid), onPage(pid), does, answersOn]),
  ];
  const all = [['Name', 'Pid', 'On the page', 'Does', 'Where'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

function wordsOf({ link, url, logs, dataDir, settingsFile, network, members }: Cluster): string {
  const victim = members.find(({ name }) => name === 'processor-1')?.process.pid;
  const remote =
    'reason' in network
      ? `The remote scheduler has no network of its own (${network.reason}); it talks to the server by loopback.`
      : `The remote scheduler lives in the network ${network.name} and reaches nothing but ${network.gateway}.`;
  return [
    `  Sign in    ${link}   (works once, within an hour)`,
    `  Processes  ${url}/system/processes`,
    '',
    `  Kill one   kill -9 ${victim}`,
    `  Ask        npm run wk -- --data-dir ${dataDir} process list`,
    `  Logs       ${logs}`,
    `  Settings   ${settingsFile}`,
    '',
    `  ${remote}`,
    '  Ctrl-C ends everything and removes its data.',
  ].join('\n');
}
