import { spawn } from 'node:child_process';

/** A TypeScript program in a process of its own; it ends with the process that started it. */
export interface RunningChild {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end; a child that is stopped goes on first. */
  end(signal: NodeJS.Signals): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** What it wrote to stderr, the end of it. */
  complaints(): string;
}

export function startChild(
  file: string,
  args: readonly string[],
  { env = {}, onLine }: { readonly env?: Readonly<Record<string, string>>; readonly onLine: (line: string) => void },
): RunningChild {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-20_000);
    if (process.env.WK_TEST_LOG !== undefined) process.stderr.write(chunk);
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', killWithUs);
      resolve({ code, signal });
    });
  });
  return {
    pid: child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        child.kill('SIGCONT');
      }
      await ended;
    },
    ended,
    complaints: () => complaints,
  };
}
