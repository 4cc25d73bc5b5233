import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLocalAccess } from '@watchkeeper/client/local-access';

const program = fileURLToPath(new URL('../apps/cli/bin/watchkeeper.mjs', import.meta.url));

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: '1' },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => {
      stdout += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(options.input ?? '');
  });
}

/** Watchkeeper as a user starts it, in a data directory of its own. */
export class RunningServer {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'wk-e2e-'));
  readonly port: number;
  readonly #program: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  said = '';

  private constructor(programFile: string, port: number, args: readonly string[]) {
    this.port = port;
    this.#program = programFile;
    this.#args = args;
  }

  static start(...args: string[]): Promise<RunningServer> {
    return RunningServer.startProgram(program, ...args);
  }

  /** Starts the program of another release. */
  static async startProgram(programFile: string, ...args: string[]): Promise<RunningServer> {
    const server = new RunningServer(programFile, await freePort(), args);
    await server.start();
    return server;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The one-time sign-in link of the last start. */
  get link(): string {
    return [...this.said.matchAll(/Sign in\s+(\S+)/g)].at(-1)?.[1] ?? '';
  }

  get key(): string {
    return readLocalAccess(this.dataDir)?.key ?? '';
  }

  /** Starts it and resolves with the seconds until it was ready. */
  async start(): Promise<number> {
    const startedMs = performance.now();
    const before = this.said.length;
    const child = spawn(
      process.execPath,
      [this.#program, 'start', '--data-dir', this.dataDir, '--listen', `127.0.0.1:${this.port}`, ...this.#args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      const take = (text: Buffer) => {
        this.said += text.toString();
        if (/Ctrl-C ends it/.test(this.said.slice(before))) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('close', (code) => reject(new Error(`the server ended with ${code}:\n${this.said.slice(before)}`)));
    });
    return (performance.now() - startedMs) / 1000;
  }

  async signal(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child as ChildProcess;
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.kill(signal);
    return ended;
  }

  /** The command line of the same user. */
  wk(...args: string[]): Promise<Finished> {
    return run(process.execPath, [this.#program, '--data-dir', this.dataDir, ...args]);
  }

  async api<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.key}` } });
    return (await response.json()) as T;
  }

  async close(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.signal('SIGINT');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Waits for a condition, at most `withinMs`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited ${withinMs / 1000} s for ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
