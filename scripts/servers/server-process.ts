import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

export interface ServerProcess {
  readonly pid: number;
  /** The end of what it wrote. */
  said(): string;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end; after `withinMs` it is killed. */
  stop(signal?: NodeJS.Signals, withinMs?: number): Promise<void>;
  readonly ended: Promise<void>;
}

export interface ProcessOptions {
  /** Added to the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  /** What it writes is added to this file too. */
  readonly logFile?: string;
}

/** Servers that run now; they end with this process. */
const living = new Set<ChildProcess>();
const killLiving = () => {
  for (const child of living) child.kill('SIGKILL');
};

/** Starts a server that belongs to this script or test: it is stopped by its pid, and ends with the process that started it. */
export function startProcess(
  command: string,
  args: readonly string[],
  { env, uid, gid, cwd, logFile }: ProcessOptions = {},
): ServerProcess {
  const child: ChildProcess = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  let said = '';
  const take = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-20_000);
    if (logFile !== undefined) appendFileSync(logFile, chunk);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  if (living.size === 0) process.once('exit', killLiving);
  living.add(child);
  void ended.then(() => {
    living.delete(child);
    if (living.size === 0) process.off('exit', killLiving);
  });
  if (child.pid === undefined)
    throw new Error(`${command} could not be started: ${failure?.message ?? 'is it installed?'}`);
  const { pid } = child;
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    said: () => said,
    isRunning,
    signal: (signal) => void child.kill(signal),
    async stop(signal = 'SIGTERM', withinMs = 15_000) {
      if (!isRunning()) return;
      child.kill('SIGCONT');
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
      await ended;
      clearTimeout(timer);
    },
    ended,
  };
}

/** Asks again until the answer is true. @throws Error when that takes longer than `withinMs` */
export async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  { withinMs = 60_000, everyMs = 100, server }: { withinMs?: number; everyMs?: number; server?: ServerProcess } = {},
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    if (await isTrue()) return;
    if (performance.now() > deadlineMs)
      throw new Error(`${what}: not within ${withinMs / 1000} s${server === undefined ? '' : `\n${server.said()}`}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
