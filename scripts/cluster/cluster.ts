/**
 * The whole product beyond one machine, on one: three brokers of Kafka, PostgreSQL, RabbitMQ, two processes of each role
 * behind one address, and a scheduler in a network of its own that reaches nothing but that address.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLocalAccess } from '@watchkeeper/client/local-access';
import { stringify } from 'yaml';
import { freePorts } from '../servers/free-ports.ts';
import { type Engines, startEngines } from './engines.ts';
import { type Front, openFront } from './front.ts';
import { type ClusterMember, startWatchkeeper, type WatchkeeperMember } from './member.ts';
import { makeOwnNetwork, type OwnNetwork } from './own-network.ts';
import { prepareRemoteZone, remoteZone } from './remote-zone.ts';

export interface ClusterOptions {
  /** Port of the web app and the API; a free one when it is left out. */
  readonly port?: number;
  readonly onProgress?: (text: string) => void;
}

export interface Cluster {
  readonly url: string;
  /** A one-time sign-in link. */
  readonly link: string;
  /** An administrator's key. */
  readonly key: string;
  readonly databaseUrl: string;
  /** Settings of every process of Watchkeeper, but the remote one. */
  readonly settingsFile: string;
  readonly dataDir: string;
  /** Folder of the logs of the processes. */
  readonly logs: string;
  /** The network of the remote scheduler; the reason why it has none. */
  readonly network: OwnNetwork | { readonly reason: string };
  readonly engines: readonly ClusterMember[];
  readonly members: readonly WatchkeeperMember[];
  /** Ends everything in order, first what sends, and removes what was made. May be called twice. */
  stop(): Promise<void>;
}

/** Partitions of the log: as many processors could share it. */
const partitions = 12;
export const clusterZones = ['frankfurt', 'amsterdam'] as const;

/** Starts everything and resolves when it is ready. @throws Error when a part does not start; the others are ended */
export async function startCluster({ port, onProgress = () => undefined }: ClusterOptions = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-cluster-'));
  const logs = join(folder, 'log');
  const network = makeOwnNetwork();
  const members: WatchkeeperMember[] = [];
  let engines: Engines | undefined;
  let front: Front | undefined;
  let stopping: Promise<void> | undefined;
  const end = async () => {
    // Who sends ends before who answers; all of them before what they work with.
    const answering = members.filter(({ name }) => name.startsWith('api'));
    await Promise.all(members.filter((one) => !answering.includes(one)).map((one) => one.process.stop('SIGTERM')));
    await Promise.all(answering.map((one) => one.process.stop('SIGTERM')));
    await front?.close();
    await engines?.stop();
    if ('remove' in network) network.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  const stop = () => (stopping ??= end());

  try {
    const [free = 0, ...own] = await freePorts(11);
    const apiPorts = own.slice(0, 2);
    const frontPort = port ?? free;
    const gateway = 'gateway' in network ? network.gateway : '127.0.0.1';
    const hosts = [...new Set(['127.0.0.1', gateway])];
    front = await openFront({ hosts, port: frontPort, backends: apiPorts });
    engines = await startEngines(onProgress);
    const url = `http://127.0.0.1:${frontPort}`;
    const settingsFile = writeSettings(folder, engines, url);
    const start = async (name: string, role: string, does: string, place: readonly string[]) => {
      const args = ['--config', settingsFile, '--roles', role, ...place];
      const member = await startWatchkeeper({ name, does, folder, args, answersOn: place[1] ?? '' });
      members.push(member);
      onProgress(`${name} is ready`);
      return member;
    };
    const listen = (at: number | undefined) => ['--listen', `127.0.0.1:${at}`];
    const probes = (at: number | undefined) => ['--health-listen', `127.0.0.1:${at}`];

    // The first one brings the database to its schema, and the demo; the second one finds it there.
    const first = await start('api-1', 'api', 'web app, API', [...listen(apiPorts[0]), '--demo']);
    await Promise.all([
      start('api-2', 'api', 'web app, API', [...listen(apiPorts[1]), '--demo']),
      ...[1, 2].map((n) => start(`processor-${n}`, 'processor', 'stores and adds up', probes(own[n + 1]))),
      ...[1, 2].map((n) => start(`health-${n}`, 'health', 'states, alerts', probes(own[n + 3]))),
      ...[1, 2].map((n) => start(`scheduler-${n}`, 'scheduler', 'checks', probes(own[n + 5]))),
      ...[1, 2].map((n) => start(`forwarder-${n}`, 'forwarder', 'sends on to sinks', probes(own[n + 7]))),
    ]);
    const access = readLocalAccess(first.dataDir);
    if (access === undefined) throw new Error(`api-1 left no key in ${first.dataDir}:\n${first.said()}`);
    const server = `http://${gateway}:${frontPort}`;
    const keyFile = await prepareRemoteZone({ folder, access, server });
    members.push(
      await startWatchkeeper({
        name: 'remote-scheduler',
        does: `checks from ${remoteZone}`,
        answersOn: 'gateway' in network ? `network ${network.name}` : '',
        folder,
        args: ['--roles', 'scheduler', '--zones', remoteZone, '--server', server, '--key', `file:${keyFile}`],
        ...('prefix' in network ? { prefix: network.prefix } : {}),
      }),
    );
    onProgress('the remote scheduler is ready');
    members.sort((a, b) => a.name.localeCompare(b.name));
    const link = /Sign in\s+(\S+)/.exec(first.said())?.[1] ?? '';
    return {
      ...{ url, link, key: access.key, databaseUrl: engines.databaseUrl, settingsFile, dataDir: first.dataDir },
      ...{ logs, network, engines: engines.members, members, stop },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The one settings file of all processes; secrets stand in files beside it. */
function writeSettings(folder: string, { databaseUrl, amqpUrl, brokers }: Engines, publicUrl: string): string {
  const secret = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return `file:${file}`;
  };
  const file = join(folder, 'settings.yaml');
  const settings = {
    databaseUrl: secret('database-url', databaseUrl),
    publicUrl,
    zones: clusterZones,
    kafka: { brokers },
    eventLog: { driver: 'kafka', partitions, kafka: { replicas: 3, minInSyncReplicas: 2 } },
    messages: { driver: 'amqp', amqp: { url: secret('amqp-url', amqpUrl) } },
  };
  writeFileSync(file, stringify(settings));
  return file;
}
