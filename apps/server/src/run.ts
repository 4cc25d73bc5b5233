import { armFailpoint, createLogger } from '@watchkeeper/kit';
import { errorCatalogue } from '@watchkeeper/model';
import type { NotedError } from './process-figures.ts';
import { type RunningRemoteZone, startRemoteZone } from './remote/start-remote-zone.ts';
import type { Settings } from './settings.ts';
import { type RunningServer, startServer, version } from './start-server.ts';

export interface RunOptions {
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For people: progress, the address, the sign-in link. */
  readonly output: NodeJS.WriteStream;
  /** For the log of the process. */
  readonly logOutput: NodeJS.WriteStream;
  /** How commands of this installation begin: `watchkeeper`, or `npm run wk --` in the repository. */
  readonly command: string;
}

/** Longest time of an orderly end, milliseconds; a second signal ends at once. */
const endWithinMs = 15_000;

/** What follows a signal within this time is the same wish, not a second one. */
const sameSignalMs = 500;

/** Runs a server until it is told to end; returns the exit code. @throws WatchkeeperError when it cannot start */
export async function runServer({ settings, environment, output, logOutput, command }: RunOptions): Promise<number> {
  if (environment.WK_FAILPOINT !== undefined) armFailpoint(environment.WK_FAILPOINT);
  const { level, format } = settings.log;
  let lastError: NotedError | null = null;
  const logger = createLogger({
    ...{ level, format, destination: logOutput },
    onError: (message) => {
      lastError = { message, at: new Date().toISOString() };
    },
  });
  const startedMs = performance.now();
  const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`.padStart(7);
  output.write(`Watchkeeper ${version} is starting\n`);
  const ended = endSignal();
  const how = {
    ...{ settings, environment, logger, version, lastError: () => lastError },
    onProgress: (step: string) => output.write(`${seconds()}  ${step}\n`),
  };
  const running = settings.server === undefined ? await startServer(how) : await startRemoteZone(how);
  const text = 'buffer' in running ? remoteWelcome(running, settings) : welcome(running, settings, command);
  output.write(`${seconds()}  ready\n\n${text}\n`);

  const reason = await Promise.race([ended, running.failed]);
  if (typeof reason === 'object') logger.error({ err: reason }, 'Watchkeeper ends: it cannot go on');
  output.write(`\nEnding: what is under way is finished first. Press Ctrl-C again to end at once.\n`);
  const isInTime = await endWithin(running);
  output.write(isInTime ? 'Ended.\n' : `Ended after ${endWithinMs / 1000} s without waiting any longer.\n`);
  return typeof reason === 'object' ? errorCatalogue[reason.code].exitCode : isInTime ? 0 : 1;
}

/**
 * Resolves with the first signal to end; a second one ends the process at once. One Ctrl-C can arrive twice: from the
 * terminal, which sends it to the whole group, and from npm, which passes it on.
 */
function endSignal(): Promise<string> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        firstMs ??= performance.now();
        if (performance.now() - firstMs > sameSignalMs) process.exit(130);
        resolve(signal);
      });
    }
  });
}

async function endWithin(running: { stop(): Promise<void> }): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), endWithinMs);
  });
  const isInTime = await Promise.race([running.stop().then(() => true as const), late]);
  clearTimeout(timer);
  return isInTime;
}

function remoteWelcome({ server, zones, buffer }: RunningRemoteZone, { dataDir }: Settings): string {
  const mebibytes = Math.round(buffer.limitBytes / 1_048_576);
  const waiting = buffer.waiting === 0 ? '' : `; ${buffer.waiting} events wait in it`;
  return [
    `  Server    ${server}`,
    `  Zones     ${zones.join(', ')}`,
    `  Buffer    ${buffer.folder}, at most ${mebibytes} MiB${waiting}`,
    '',
    '  Monitors come from the server, and what they see goes there. While it is away checks go on and events wait here.',
    '',
    `  Ctrl-C ends it; what was not sent stays in ${dataDir}.`,
  ].join('\n');
}

function welcome(server: RunningServer, { roles, demo, dataDir }: Settings, command: string): string {
  const { url, loginUrl, watched, zones, listens, database } = server;
  const lines = [`  Roles     ${roles.join(', ')}; zones ${zones.join(', ')}`, `  Data      ${database}`];
  if (listens.length > 0) lines.push(`  Listens   ${listens.join(', ')}`);
  if (url !== null) {
    // Where there is no zone `local`, the command says from where; others may watch from more.
    const zone = zones.includes('local') ? '' : ` --zone ${zones[0]}`;
    lines.unshift(`  Web       ${url}`, `  Sign in   ${loginUrl}   (works once, within an hour)`);
    lines.push(
      '',
      demo
        ? `  Demo: three services in two environments, fed by the built-in website mock. In all ${watched.monitors} monitors of ${watched.services} services.`
        : `  Watching ${watched.monitors} monitors of ${watched.services} services.`,
      '',
      `  Add ${demo || watched.monitors === 0 ? 'your first' : 'a'} monitor in the browser (Monitors, New monitor) or with`,
      `    ${command} monitor create --name "Home page" --service website --environment production --url https://example.org/${zone}`,
      '',
      `  Another sign-in link: ${command} login-link        Everything else: ${command} --help`,
    );
  }
  const stays = server.isEmbedded ? dataDir : server.database;
  lines.push('', `  Ctrl-C ends it; what was seen stays in ${stays}.`);
  return lines.join('\n');
}
