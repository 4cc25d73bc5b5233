import { mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createProbes, Metrics, type Readiness } from '@watchkeeper/api';
import { BufferedOutlet, type SendBatch } from '@watchkeeper/buffer';
import { openEgress } from '@watchkeeper/guard';
import { type Logger, systemClock } from '@watchkeeper/kit';
import { encodeEventMessage, WatchkeeperError } from '@watchkeeper/model';
import { monitorTypes, startScheduler } from '@watchkeeper/sources';
import { asDirectoryError, ownDirectory } from '@watchkeeper/store';
import { resolveCredentials } from '../credentials.ts';
import { bufferFigures, schedulerFigures } from '../figures.ts';
import { listenFor } from '../listening.ts';
import type { NotedError } from '../process-figures.ts';
import { resolveReference, type Settings } from '../settings.ts';
import { httpSchedule } from './http-schedule.ts';
import { startRemoteHeartbeat } from './remote-heartbeat.ts';
import { ServerLink } from './server-link.ts';
import { ZoneMemory } from './zone-memory.ts';

export interface StartRemoteZoneOptions {
  readonly settings: Settings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly version: string;
  readonly onProgress: (step: string) => void;
  /** The last error that the log of this process tells of. */
  readonly lastError: () => NotedError | null;
}

export interface RunningRemoteZone {
  readonly server: string;
  readonly zones: readonly string[];
  /** Folder of the buffer, and what it held at the start. */
  readonly buffer: { readonly folder: string; readonly waiting: number; readonly limitBytes: number };
  /** Never resolves: a server that is away is waited for. */
  readonly failed: Promise<WatchkeeperError>;
  /** Ends in order; what the server does not take now stays in the buffer. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a scheduler that needs no database: monitors come from a server by HTTP, events go there through a buffer on
 * disk. It starts whether or not the server answers.
 * @throws WatchkeeperError `settings_invalid`, `address_in_use`, `data_directory_in_use`, `data_directory_unusable`
 */
export async function startRemoteZone(options: StartRemoteZoneOptions): Promise<RunningRemoteZone> {
  const { settings, environment, logger, version, onProgress, lastError } = options;
  const { server = '', zones, dataDir, limits } = settings;
  const clock = systemClock;
  const startedAt = new Date();
  const holder = `${hostname().replace(/[^A-Za-z0-9._-]/g, '-')}.${process.pid}.${crypto.randomUUID().slice(0, 8)}`;
  const credentials = resolveCredentials(settings.credentials, environment);
  const key = resolveReference(settings.key ?? '', environment);
  const ca = readCertificates(settings.serverCa);

  onProgress(`opening the buffer in ${dataDir}`);
  makeDataDir(dataDir);
  const ownership = await ownDirectory(dataDir, (message, fields) => logger.warn(fields ?? {}, message));
  // The policy is about what monitors name; the server is named by the operator.
  const toServer = openEgress({ policy: { private: 'allow', allow: [], deny: [] } });
  const link = new ServerLink({
    ...{ server, key, egress: toServer, clock, logger },
    ...(ca === undefined ? {} : { ca }),
    onAnswer: () => outlet.sendNow(),
  });
  const folder = join(dataDir, 'buffer');
  const opening = BufferedOutlet.open({
    ...{ folder, clock, logger, send: sendOver(link) },
    limitBytes: limits.bufferBytes,
    memoryEvents: limits.bufferedEvents,
  });
  const outlet: BufferedOutlet = await inDataDir(dataDir, opening);
  const waiting = outlet.waiting;
  const memories = new Map<string, ZoneMemory>();
  for (const zone of zones) {
    const remembering = ZoneMemory.open(join(dataDir, 'zones', `${zone}.json`), server, logger);
    memories.set(zone, await inDataDir(dataDir, remembering));
  }

  onProgress(`watching from ${zones.join(', ')} for ${server}`);
  const scheduler = startScheduler({
    ...{ outlet, clock, logger, zones, monitorTypes },
    source: httpSchedule({ link, memories, holder, clock, logger }),
    egress: openEgress({ policy: settings.egress }),
    credential: (name) => credentials.get(name),
    checksAtOnce: limits.checksAtOnce,
  });
  const heartbeat = startRemoteHeartbeat({
    link,
    clock,
    holder,
    version,
    zones,
    startedAt,
    scheduler,
    outlet,
    lastError,
  });

  const figures = async () => [...schedulerFigures(scheduler), ...bufferFigures(outlet)];
  const probes = createProbes({ metrics: new Metrics(figures), readiness: async () => readinessOf(outlet), logger });

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await scheduler.drain();
    await heartbeat.stop();
    await probes.close();
    link.close();
    await ownership.release();
  };
  try {
    await listenFor(probes, settings.healthListen);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ server, zones },
    buffer: { folder, waiting, limitBytes: limits.bufferBytes },
    failed: new Promise(() => undefined),
    stop: () => (stopping ??= stop()),
  };
}

/** A server that is away is what the buffer is for; without a disk there is little room. */
function readinessOf(outlet: BufferedOutlet): Readiness {
  const { diskError } = outlet.figures();
  return { ready: true, checks: [{ name: 'buffer', ok: diskError === null, message: diskError ?? 'can be written' }] };
}

function sendOver(link: ServerLink): SendBatch {
  return (batch, signal) => link.call('sendEvents', { body: encodeEventMessage(batch), signal });
}

function readCertificates(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new WatchkeeperError(
      'settings_invalid',
      `The certificates in ${file} (serverCa) cannot be read (${(error as Error).message}). Correct the path.`,
      { cause: error },
    );
  }
}

/** @throws WatchkeeperError `data_directory_unusable` for what the file system refuses */
async function inDataDir<T>(dataDir: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw asDirectoryError(error, dataDir);
  }
}

function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new WatchkeeperError(
      'data_directory_unusable',
      `The data directory ${dataDir} cannot be made (${(error as Error).message}). Choose another with --data-dir.`,
      { cause: error },
    );
  }
}
