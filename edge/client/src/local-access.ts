import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** How programs of the same user on this machine reach the server: the server writes it, with mode 0600, into its data directory. */
export interface LocalAccess {
  /** Address of the server: `http://127.0.0.1:7300`. */
  readonly server: string;
  /** An administrator's key. */
  readonly key: string;
}

/** The data directory when nobody says another. */
export const defaultDataDir = join(homedir(), '.watchkeeper');

export function localAccessFile(dataDir: string): string {
  return join(dataDir, 'local-access.json');
}

/** What the file says; undefined when there is none, or one that was cut short or edited. */
export function readLocalAccess(dataDir: string): LocalAccess | undefined {
  let text: string;
  try {
    text = readFileSync(localAccessFile(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { server, key } = JSON.parse(text) as Partial<LocalAccess>;
    return typeof server === 'string' && typeof key === 'string' ? { server, key } : undefined;
  } catch {
    // The server writes it anew at its next start.
    return undefined;
  }
}
