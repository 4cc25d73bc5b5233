import { readFileSync } from 'node:fs';
import { hashSecret, newSecret } from '@watchkeeper/api';
import type { Logger } from '@watchkeeper/kit';
import { WatchkeeperError } from '@watchkeeper/model';
import { defaultTenantId, insertLoginLink, readProductCounts } from '@watchkeeper/store';
import { type Assembled, assemble } from './assemble.ts';
import { openDatabase } from './database.ts';
import { demoObjects } from './demo.ts';
import { listenAt, listenFor } from './listening.ts';
import { ensureLocalAccess } from './local-access.ts';
import type { NotedError } from './process-figures.ts';
import type { Settings } from './settings.ts';
import { prepareWeb } from './web-root.ts';

export interface StartOptions {
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly onProgress: (step: string) => void;
  /** The last error that the log of this process tells of. */
  readonly lastError: () => NotedError | null;
}

export interface RunningServer {
  /** Where people reach it; null without the role `api`. */
  readonly url: string | null;
  /** A sign-in link that works once within an hour; null without the role `api`. */
  readonly loginUrl: string | null;
  readonly database: string;
  /** Whether that database lies in the data directory. */
  readonly isEmbedded: boolean;
  readonly watched: { readonly monitors: number; readonly services: number; readonly environments: number };
  readonly zones: readonly string[];
  /** Ports for what others send without a key: `udp 127.0.0.1:8125`. */
  readonly listens: readonly string[];
  /** Resolves with the reason when it cannot go on. */
  readonly failed: Promise<WatchkeeperError>;
  /** Ends in order. May be called twice. */
  stop(): Promise<void>;
}

/** Version of this product. */
export const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

const loginLinkMs = 3_600_000;

/**
 * Starts a process with its roles and resolves when it is ready.
 * @throws WatchkeeperError with what the operator can do
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { settings, environment, logger, onProgress } = options;
  const webRoot = settings.roles.includes('api') ? prepareWeb() : Promise.resolve('');
  // Awaited later; until then a failed build must not count as unhandled.
  webRoot.catch(() => undefined);
  const database = await openDatabase({ settings, environment, logger, onProgress });
  let assembled: Assembled | undefined;
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      await assembled?.drain();
      await database.stop();
    })();
    return stopping;
  };
  try {
    const { connection } = database;
    const { lastError } = options;
    assembled = await assemble({ settings, environment, connection, logger, webRoot, version, onProgress, lastError });
    await listenFor(assembled.probes, settings.healthListen);
    const entry = settings.roles.includes('api') ? await open(assembled, settings, onProgress) : undefined;
    const { monitors, services, environments } = await readProductCounts(assembled.store.db);
    return {
      url: entry?.url ?? null,
      loginUrl: entry?.loginUrl ?? null,
      database: database.description,
      isEmbedded: database.kind === 'embedded',
      watched: { monitors, services, environments },
      zones: assembled.zones,
      listens: assembled.listens(),
      failed: database.failed,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Opens the port, makes the local key and the sign-in link, and puts the demo in place. */
async function open(
  assembled: Assembled,
  settings: Settings,
  onProgress: (step: string) => void,
): Promise<{ url: string; loginUrl: string }> {
  const { store, api } = assembled;
  onProgress(`listening on ${settings.listen}`);
  const url = await listenAt(settings.listen, '--listen', ({ host, port }) => assembled.listen(host, port));
  const access = await ensureLocalAccess(store, { dataDir: settings.dataDir, server: url });
  if (settings.demo) {
    onProgress('setting up the demo');
    const answer = await api?.inject({
      method: 'POST',
      url: '/api/v1/apply',
      headers: { authorization: `Bearer ${access.key}` },
      payload: { objects: demoObjects(url) },
    });
    if (answer?.statusCode !== 200) {
      throw new WatchkeeperError('internal', `The demo could not be set up: ${answer?.body ?? 'there is no API here'}`);
    }
  }
  const token = newSecret();
  await insertLoginLink(store.db, {
    tokenHash: hashSecret(token),
    tenantId: defaultTenantId,
    keyId: access.keyId,
    name: 'local administrator',
    role: 'admin',
    validMs: loginLinkMs,
  });
  return { url, loginUrl: `${url}/login#token=${token}` };
}
