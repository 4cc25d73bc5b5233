import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { isWatchkeeperError, WatchkeeperError } from '@watchkeeper/model';

export interface DirectoryOwnership {
  release(): Promise<void>;
}

/** Where it is told what does no harm. */
type Tell = (message: string, fields?: Record<string, unknown>) => void;

/**
 * Makes this process the only Watchkeeper on a data directory. The lock is a listening socket in Linux' abstract
 * namespace, named after the directory: taking it is atomic and the kernel frees it when the process ends, however
 * it ends, so there is never a stale lock. The file beside it only tells people who it is; without it, on a disk that is
 * full, the lock holds just as well.
 * @throws WatchkeeperError `data_directory_in_use`
 */
export async function ownDirectory(dataDir: string, tell: Tell): Promise<DirectoryOwnership> {
  const name = `\0watchkeeper-${createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 32)}`;
  const note = join(dataDir, 'owner.pid');
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new WatchkeeperError(
      'data_directory_in_use',
      `Another Watchkeeper (process ${ownerOf(note)}) works on ${dataDir}. Stop it, or give this one another --data-dir.`,
      { details: { dataDir } },
    );
  }
  server.unref();
  const onNote = (work: () => void) => {
    try {
      work();
    } catch (error) {
      tell('the file that names the owner of the data directory cannot be changed; it may name another process', {
        ...{ file: note, reason: (error as Error).message },
      });
    }
  };
  onNote(() => writeFileSync(note, `${process.pid}\n`, { mode: 0o600 }));
  return {
    release: () =>
      new Promise((resolve) => {
        onNote(() => rmSync(note, { force: true }));
        server.ref();
        server.close(() => resolve());
      }),
  };
}

/** What the file system refuses in a data directory, as an error that the operator can mend; any other error as it is. */
export function asDirectoryError(error: unknown, dataDir: string): unknown {
  if ((error as NodeJS.ErrnoException).syscall === undefined || isWatchkeeperError(error)) return error;
  return new WatchkeeperError(
    'data_directory_unusable',
    `The data directory ${dataDir} cannot be used (${(error as Error).message}). Make room on its disk, give this user the rights to it, or choose another with --data-dir.`,
    { cause: error },
  );
}

function listen(server: Server, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(name, resolve);
  });
}

function ownerOf(note: string): string {
  try {
    return readFileSync(note, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
