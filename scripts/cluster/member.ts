import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startProcess, until } from '../servers/server-process.ts';
import { repositoryRoot } from '../source-files.ts';

/** One process of a cluster: of Watchkeeper, or a server that it works with. */
export interface ClusterMember {
  /** `processor-2`, `kafka-1`. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly does: string;
  /** Where it answers, for people. */
  readonly answersOn: string;
  /** The process as it runs now, or ran last. */
  readonly process: ServerProcess;
  /** Starts it again after it was killed; resolves when it is ready. */
  start(): Promise<void>;
}

export interface WatchkeeperMember extends ClusterMember {
  readonly dataDir: string;
  /** What it wrote since it was last started. */
  said(): string;
}

export interface WatchkeeperStart {
  readonly name: string;
  readonly does: string;
  readonly answersOn: string;
  /** Folder of the cluster: data directory and log lie in it. */
  readonly folder: string;
  /** What follows `watchkeeper start`. */
  readonly args: readonly string[];
  /** Put before the command, such as `ip netns exec name`. */
  readonly prefix?: readonly string[];
}

/** `watchkeeper start` as an operator types it. */
const program = join(repositoryRoot, 'apps/cli/bin/watchkeeper.mjs');
/** Longest time until one is ready, milliseconds: many start at once. */
const readyWithinMs = 120_000;

/** Starts a process of Watchkeeper and resolves when it is ready. @throws Error with what it said */
export async function startWatchkeeper(options: WatchkeeperStart): Promise<WatchkeeperMember> {
  const { name, does, answersOn, folder, args, prefix = [] } = options;
  const dataDir = join(folder, name);
  const [command = '', ...rest] = [...prefix, process.execPath, program, 'start', '--data-dir', dataDir, ...args];
  const logs = join(folder, 'log');
  mkdirSync(logs, { recursive: true });
  const launch = () => startProcess(command, rest, { env: { NO_COLOR: '1' }, logFile: join(logs, `${name}.log`) });
  let running = launch();
  const ready = async () => {
    const isReady = () => running.said().includes('Ctrl-C ends it');
    await until(`${name} to be ready`, () => isReady() || !running.isRunning(), {
      withinMs: readyWithinMs,
      server: running,
    });
    if (!isReady()) throw new Error(`${name} ended before it was ready:\n${running.said()}`);
  };
  await ready();
  return {
    ...{ name, does, answersOn, dataDir },
    get process() {
      return running;
    },
    said: () => running.said(),
    async start() {
      running = launch();
      await ready();
    },
  };
}
