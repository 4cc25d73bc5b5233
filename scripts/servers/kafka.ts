/**
 * Real Apache Kafka brokers for tests and benches: KRaft, every node broker and controller, from Maven artifacts by
 * name (Java 17 and Maven are needed). Ports are free ones, data lives in a temporary folder.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../source-files.ts';
import { freePorts } from './free-ports.ts';
import { type ServerProcess, startProcess, until } from './server-process.ts';

export const kafkaVersion = '4.1.0';

export interface KafkaOptions {
  /** 1 or 3 nodes. Default 1. */
  readonly nodes?: number;
  /** Addresses that nodes are reached under, one per node. Default 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** PEM files: what clients verify, and the nodes' certificate chain with its key in one file. */
  readonly tls?: { readonly ca: string; readonly keyAndCertificate: string; readonly clientsMustHaveOne?: boolean };
  /** Users of SCRAM-SHA-256, SCRAM-SHA-512 and PLAIN. */
  readonly users?: Readonly<Record<string, string>>;
  /** Further settings of every node. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Puts a command before `java`, such as `ip netns exec name`, by node. */
  readonly prefix?: (node: number) => readonly string[];
}

export interface KafkaNode {
  readonly id: number;
  readonly address: string;
  readonly process: ServerProcess;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
}

export interface Kafka {
  /** Addresses for clients without TLS. */
  readonly brokers: readonly string[];
  readonly tlsBrokers: readonly string[];
  readonly saslBrokers: readonly string[];
  readonly nodes: readonly KafkaNode[];
  stop(): Promise<void>;
}

/** Starts brokers and resolves when all of them answer. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const { nodes: count = 1, hosts, users = {} } = options;
  const libraries = installKafka();
  const folder = mkdtempSync(join(tmpdir(), 'wk-kafka-'));
  const ports = await freePorts(4 * count);
  const hostOf = (index: number) => hosts?.[index] ?? '127.0.0.1';
  const listen = Array.from({ length: count }, (_, index) => {
    const [plain, controller, tls, sasl] = ports.slice(4 * index, 4 * index + 4);
    return { plain, controller, tls, sasl };
  });
  const voters = listen.map(({ controller }, index) => `${index + 1}@${hostOf(index)}:${controller}`).join(',');
  // Begins with a letter: the tool takes a leading dash for an option.
  const clusterId = `w${randomBytes(16).toString('base64url').slice(1)}`;
  const nodes = listen.map((own, index) => {
    const nodeFolder = join(folder, String(index + 1));
    mkdirSync(nodeFolder);
    const file = join(nodeFolder, 'server.properties');
    writeFileSync(file, properties({ ...own, id: index + 1, host: hostOf(index), voters, count, nodeFolder }, options));
    const scram = Object.entries(users).flatMap(([name, password]) =>
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${name},password=${password}]`,
      ]),
    );
    runJava(libraries, ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file, ...scram]);
    return startNode({ libraries, file, id: index + 1, host: hostOf(index), port: own.plain as number, options });
  });
  try {
    await Promise.all(nodes.map((node) => node.ready()));
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill()));
    throw error;
  }
  return {
    brokers: listen.map(({ plain }, index) => `${hostOf(index)}:${plain}`),
    tlsBrokers: listen.map(({ tls }, index) => `${hostOf(index)}:${tls}`),
    saslBrokers: listen.map(({ sasl }, index) => `${hostOf(index)}:${sasl}`),
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Copies the broker and what it needs from the Maven repository, once. Returns the class path. */
export function installKafka(): string {
  const folder = join(repositoryRoot, 'node_modules/.cache', `kafka-${kafkaVersion}`);
  if (existsSync(folder)) return join(folder, '*');
  const workspace = mkdtempSync(join(tmpdir(), 'wk-maven-'));
  const dependency = (group: string, artifact: string, version: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  writeFileSync(
    join(workspace, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
    <groupId>watchkeeper</groupId><artifactId>test-servers</artifactId><version>1</version><dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', kafkaVersion)}
    ${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
    </dependencies></project>`,
  );
  const copied = join(workspace, 'lib');
  const { status, stdout, stderr } = spawnSync(
    'mvn',
    ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${copied}`],
    { cwd: workspace, encoding: 'utf8' },
  );
  if (status !== 0)
    throw new Error(
      `Kafka ${kafkaVersion} could not be had from Maven: ${stdout ?? ''}${stderr ?? 'is mvn installed?'}`,
    );
  mkdirSync(join(folder, '..'), { recursive: true });
  spawnSync('cp', ['-r', copied, `${folder}.new`]);
  renameSync(`${folder}.new`, folder);
  rmSync(workspace, { recursive: true, force: true });
  return join(folder, '*');
}

interface NodeAddress {
  readonly id: number;
  readonly host: string;
  readonly voters: string;
  readonly count: number;
  readonly nodeFolder: string;
  readonly plain: number | undefined;
  readonly controller: number | undefined;
  readonly tls: number | undefined;
  readonly sasl: number | undefined;
}

function properties(node: NodeAddress, { tls, users = {}, settings = {} }: KafkaOptions): string {
  const { id, host, voters, count, nodeFolder, plain, controller } = node;
  const hasUsers = Object.keys(users).length > 0;
  const listeners = [`PLAINTEXT://${host}:${plain}`];
  if (tls !== undefined) listeners.push(`SSL://${host}:${node.tls}`);
  if (hasUsers) listeners.push(`${tls === undefined ? 'SASL_PLAINTEXT' : 'SASL_SSL'}://${host}:${node.sasl}`);
  const replicas = String(Math.min(count, 3));
  const all: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': voters,
    listeners: [...listeners, `CONTROLLER://${host}:${controller}`].join(','),
    'advertised.listeners': listeners.join(','),
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(nodeFolder, 'data'),
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // A node that dies is noticed within seconds, so that tests of it are short.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'replica.lag.time.max.ms': '5000',
    'controller.quorum.election.timeout.ms': '500',
    'controller.quorum.fetch.timeout.ms': '1500',
  };
  if (tls !== undefined) {
    all['ssl.keystore.type'] = 'PEM';
    all['ssl.keystore.location'] = tls.keyAndCertificate;
    all['ssl.truststore.type'] = 'PEM';
    all['ssl.truststore.location'] = tls.ca;
    all['ssl.client.auth'] = tls.clientsMustHaveOne === true ? 'required' : 'none';
  }
  if (hasUsers) {
    const name = tls === undefined ? 'sasl_plaintext' : 'sasl_ssl';
    all['sasl.enabled.mechanisms'] = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512';
    const plainUsers = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`);
    const login = (module: string, more = '') => `org.apache.kafka.common.security.${module} required ${more};`;
    all[`listener.name.${name}.plain.sasl.jaas.config`] = login('plain.PlainLoginModule', plainUsers.join(' '));
    for (const mechanism of ['scram-sha-256', 'scram-sha-512'])
      all[`listener.name.${name}.${mechanism}.sasl.jaas.config`] = login('scram.ScramLoginModule');
  }
  return Object.entries({ ...all, ...settings })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const javaOptions = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-XX:+UseSerialGC', '-Xms128m', '-Xmx512m'];

function runJava(libraries: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync('java', [...javaOptions, '-cp', libraries, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`java ${args.join(' ')} failed: ${stdout ?? ''}${stderr ?? 'is Java installed?'}`);
}

interface NodeStart {
  readonly libraries: string;
  readonly file: string;
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly options: KafkaOptions;
}

function startNode({ libraries, file, id, host, port, options }: NodeStart): KafkaNode & { ready(): Promise<void> } {
  const [command = 'java', ...before] = [...(options.prefix?.(id) ?? []), 'java'];
  const start = () => startProcess(command, [...before, ...javaOptions, '-cp', libraries, 'kafka.Kafka', file]);
  let running = start();
  const ready = () => until(`Kafka node ${id} on ${host}:${port}`, () => answers(host, port), { server: running });
  return {
    id,
    address: `${host}:${port}`,
    get process() {
      return running;
    },
    ready,
    kill: () => running.stop('SIGKILL'),
    async restart() {
      await running.stop('SIGKILL');
      running = start();
      await ready();
    },
  };
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
