import { type Client, createClient } from '@watchkeeper/client';
import { defaultDataDir, localAccessFile, readLocalAccess } from '@watchkeeper/client/local-access';
import { WatchkeeperError } from '@watchkeeper/model';
import type { Command } from 'commander';

export interface GlobalOptions {
  readonly server?: string;
  readonly key?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

export interface Connection {
  readonly client: Client;
  readonly server: string;
  readonly isJson: boolean;
}

/** Data directory of a server on this machine. */
export function dataDirOf({ dataDir }: GlobalOptions): string {
  return dataDir ?? process.env.WATCHKEEPER_DATA_DIR ?? defaultDataDir;
}

/** Server and key from the options, the environment, or the data directory. @throws WatchkeeperError `usage` */
export function findAccess(options: GlobalOptions): { readonly server: string; readonly key: string } {
  const server = options.server ?? process.env.WATCHKEEPER_SERVER;
  const key = options.key ?? process.env.WATCHKEEPER_KEY;
  if (server !== undefined && key !== undefined) return { server: bare(server), key };
  const dataDir = dataDirOf(options);
  const local = readLocalAccess(dataDir);
  if (local !== undefined && (server === undefined || bare(server) === bare(local.server))) {
    return { server: bare(local.server), key: key ?? local.key };
  }
  throw new WatchkeeperError(
    'usage',
    server === undefined
      ? `No server is known: ${localAccessFile(dataDir)} is not there. Start one with \`watchkeeper start\`, or say --server and --key.`
      : `No key is known for ${server}. Say --key, or set WATCHKEEPER_KEY.`,
  );
}

/** A client for what a command was told. */
export function connect(command: Command): Connection {
  const options = command.optsWithGlobals<GlobalOptions>();
  const { server, key } = findAccess(options);
  return { client: createClient({ baseUrl: server, key, timeoutMs: 120_000 }), server, isJson: options.json === true };
}

function bare(address: string): string {
  if (!/^https?:\/\/[^\s]+$/.test(address)) {
    throw new WatchkeeperError('usage', `"${address}" is not the address of a server, such as http://127.0.0.1:7300.`);
  }
  return address.replace(/\/+$/, '');
}
