import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OwnedFolder {
  readonly path: string;
  release(): Promise<void>;
}

/** Most processes that share a folder. */
const mostProcesses = 256;

/**
 * Takes the first part of a folder that no other process has: several processes of one application share the folder,
 * and each has a buffer of its own. After a start a process finds what an earlier one left.
 * @throws Error of the file system, or when all parts are taken
 */
export async function ownPart(folder: string, platform: NodeJS.Platform = process.platform): Promise<OwnedFolder> {
  for (let number = 0; number < mostProcesses; number++) {
    const owned = await tryOwn(join(folder, String(number)), platform);
    if (owned !== undefined) return owned;
  }
  throw new Error(`All ${mostProcesses} parts of ${folder} are taken by other processes.`);
}

/** Takes the parts in which processes that run no more have left something. @throws Error of the file system */
export async function ownLeftParts(folder: string, platform = process.platform): Promise<readonly OwnedFolder[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const numbers = files.map((file) => /^(\d+)\b.+\.segment$/.exec(file)?.[1]).filter((number) => number !== undefined);
  const owned: OwnedFolder[] = [];
  for (const number of new Set(numbers)) {
    const one = await tryOwn(join(folder, number), platform);
    if (one !== undefined) owned.push(one);
  }
  return owned;
}

/** Makes this process the only one on a folder; undefined when another has it. */
async function tryOwn(path: string, platform: NodeJS.Platform): Promise<OwnedFolder | undefined> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const address = lockAddress(realpathSync(path), platform);
  const server = (await listen(address)) ?? (await takeOver(address, platform));
  if (server === undefined) return undefined;
  server.unref();
  return {
    path,
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

/**
 * The lock is a listening socket: taking it is atomic, and the kernel frees it when the process ends, however it ends.
 * On Linux it stands in the abstract namespace, on Windows it is a named pipe, elsewhere a file that may be left behind.
 */
function lockAddress(path: string, platform: NodeJS.Platform): string {
  const name = `watchkeeper-emit-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
  if (platform === 'linux') return `\0${name}`;
  return platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

/** A socket file without a listener was left by a process that was killed. */
async function takeOver(address: string, platform: NodeJS.Platform): Promise<Server | undefined> {
  if (platform === 'linux' || platform === 'win32' || (await isAnswered(address))) return undefined;
  rmSync(address, { force: true });
  return listen(address);
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const answer = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

/** A listening server; undefined when somebody else listens there. */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    // Exclusive, or the workers of a cluster would share it.
    server.listen({ path: address, exclusive: true }, () => resolve(server));
  });
}
