/**
 * Plays the first five minutes of a stranger: a fresh clone in a folder that only its owner may enter, `npm ci`,
 * `npm start`, one look, Ctrl-C; then kill -9 and a plain start again. As root it does so as an ordinary user, too.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from './source-files.ts';

/** The user nobody of every Linux system. */
const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;
const users = isRoot ? [undefined, nobody] : [undefined];
for (const user of users) await play(user);
process.stdout.write('test-fresh: a fresh clone starts, shows answers, ends, and starts again after kill -9\n');

async function play(user: typeof nobody | undefined): Promise<void> {
  const who = user === undefined ? (isRoot ? 'root' : 'this user') : 'an ordinary user';
  const home = mkdtempSync(join(tmpdir(), 'wk-fresh-'));
  chmodSync(home, 0o700);
  if (user !== undefined) chownSync(home, user.uid, user.gid);
  const environment = {
    PATH: systemPath(),
    HOME: home,
    CI: 'true',
    npm_config_cache: join(home, 'cache'),
    ...npmSettings(),
  };
  const run = (command: string, args: string[], cwd: string) => {
    const result = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8', ...user });
    if (result.status !== 0)
      throw new Error(`${who}: ${command} ${args.join(' ')} failed\n${result.stdout}${result.stderr}`);
  };
  const clone = join(home, 'watchkeeper');
  try {
    spawnSync('git', ['clone', '-q', repositoryRoot, clone], { stdio: 'inherit' });
    if (user !== undefined) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, clone]);
    run('npm', ['ci'], clone);
    const port = await freePort();
    const started = await start(clone, port, environment, user);
    await expectAnswers(started.link, port);
    process.stdout.write(`  ${who}: ready after ${started.seconds.toFixed(1)} s, answers are shown\n`);
    if (started.seconds > 15)
      throw new Error(`${who}: the first start took ${started.seconds.toFixed(1)} s, 15 s are allowed`);
    await end(started.child, 'SIGINT');
    if (!started.said().includes('Ended.')) throw new Error(`${who}: Ctrl-C did not end in order:\n${started.said()}`);
    const again = await start(clone, port, environment, user);
    if (again.seconds > 5) throw new Error(`${who}: a later start took ${again.seconds.toFixed(1)} s`);
    await end(again.child, 'SIGKILL');
    const third = await start(clone, port, environment, user);
    await expectAnswers(third.link, port);
    await end(third.child, 'SIGINT');
    process.stdout.write(
      `  ${who}: again after ${again.seconds.toFixed(1)} s, and ${third.seconds.toFixed(1)} s after kill -9\n`,
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly link: string;
  /** Everything it has written. */
  readonly said: () => string;
  readonly seconds: number;
}

/** npm start in a group of its own, so that a signal reaches all of it as from a terminal. */
async function start(
  clone: string,
  port: number,
  environment: NodeJS.ProcessEnv,
  user: typeof nobody | undefined,
): Promise<Started> {
  const startedMs = performance.now();
  const child = spawn('npm', ['start', '--', '--listen', `127.0.0.1:${port}`], {
    cwd: clone,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let said = '';
  const link = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready after 60 s:\n${said}`)), 60_000);
    const take = (text: Buffer) => {
      said += text.toString();
      const found = /Sign in\s+(\S+)/.exec(said)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('close', (code) => reject(new Error(`ended with code ${code}:\n${said}`)));
  });
  return { child, link, said: () => said, seconds: (performance.now() - startedMs) / 1000 };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  process.kill(-(child.pid as number), signal);
  await ended;
}

/** Signs in with the link and waits until every monitor of the demo that is checked has an answer. */
async function expectAnswers(link: string, port: number): Promise<void> {
  const origin = `http://127.0.0.1:${port}`;
  const token = new URL(link).hash.replace('#token=', '');
  const signedIn = await fetch(`${origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const deadlineMs = performance.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${origin}/api/v1/monitors`, { headers: { cookie } });
    const { items, counts } = (await answer.json()) as { items?: unknown[]; counts?: { unknown: number } };
    if (items !== undefined && items.length > 0 && counts?.unknown === 0) return;
    if (performance.now() > deadlineMs)
      throw new Error(`no answers of the demo after 30 s: ${answer.status} ${JSON.stringify(counts)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Without our own Node.js: a stranger has only that of the system. */
function systemPath(): string {
  return (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
}

/** Where packages come from is the machine's business. */
function npmSettings(): Record<string, string> {
  const registry = spawnSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: systemPath() },
  }).stdout.trim();
  return registry === '' ? {} : { npm_config_registry: registry };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
