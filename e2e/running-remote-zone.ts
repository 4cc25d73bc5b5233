import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../apps/cli/bin/watchkeeper.mjs', import.meta.url));

/** A scheduler in a zone without a database, as a user starts it, in a data directory of its own. */
export class RunningRemoteZone {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'wk-zone-'));
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  said = '';

  constructor(...args: string[]) {
    this.#args = args;
  }

  /** Starts it and resolves when it is ready. Rejects with what it said when it ends before that. */
  async start(...more: string[]): Promise<void> {
    const before = this.said.length;
    const child = spawn(
      process.execPath,
      [program, 'start', '--roles', 'scheduler', '--data-dir', this.dataDir, ...this.#args, ...more],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
    );
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      const take = (text: Buffer) => {
        this.said += text.toString();
        if (/Ctrl-C ends it/.test(this.said.slice(before))) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('close', (code) =>
        reject(new Error(`the remote zone ended with ${code}:\n${this.said.slice(before)}`)),
      );
    });
  }

  async signal(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child as ChildProcess;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.kill(signal);
    return ended;
  }

  async close(): Promise<void> {
    if (this.#child !== undefined) await this.signal('SIGINT');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
