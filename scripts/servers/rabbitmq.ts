/**
 * A real RabbitMQ for tests, from Debian's package: a node of its own on free ports of the loopback, with data, cookie,
 * name and name server (epmd) of its own, so that it never meets another one of the machine.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { type ServerProcess, startProcess, until } from './server-process.ts';

/** The scripts themselves; those on the PATH change to another user. */
const programs = '/usr/lib/rabbitmq/bin';

export interface RabbitMqOptions {
  /** PEM files of a second listener with TLS. */
  readonly tls?: {
    readonly ca: string;
    readonly certificate: string;
    readonly key: string;
    readonly clientsMustHaveOne?: boolean;
  };
}

export interface RabbitMq {
  /** Address for clients, with user and password. */
  readonly url: string;
  /** The same with TLS. */
  readonly tlsUrl: string;
  /** The server as it runs now, or ran last. */
  readonly process: ServerProcess;
  /** Ends it at once; clients lose their connections. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Runs `rabbitmqctl` on it. @throws Error when that fails */
  control(...args: string[]): string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a node and resolves when it answers. */
export async function startRabbitMq({ tls }: RabbitMqOptions = {}): Promise<RabbitMq> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-rabbitmq-'));
  const [port = 0, tlsPort = 0, distributionPort = 0, namePort = 0] = await freePorts(4);
  const cookie = join(folder, '.erlang.cookie');
  writeFileSync(cookie, randomBytes(20).toString('hex'));
  chmodSync(cookie, 0o400);
  writeFileSync(join(folder, 'enabled_plugins'), '[].\n');
  writeFileSync(join(folder, 'rabbitmq.conf'), configuration(port, tlsPort, tls));
  const env = {
    HOME: folder,
    ERL_EPMD_PORT: String(namePort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `wk-${randomBytes(4).toString('hex')}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    // The script becomes the server, so that its pid is the one to stop.
    RUNNING_UNDER_SYSTEMD: '1',
  };
  const names = startProcess('epmd', ['-port', String(namePort), '-address', '127.0.0.1']);
  let running: ServerProcess | undefined;
  const start = async () => {
    await until('the name server of RabbitMQ', () => answers(namePort), { server: names });
    const started = startProcess(join(programs, 'rabbitmq-server'), [], { env, cwd: folder });
    running = started;
    await until(`RabbitMQ on port ${port}`, () => answers(tls === undefined ? port : tlsPort), { server: started });
  };
  const stop = async () => {
    await running?.stop('SIGKILL');
    await names.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    tlsUrl: `amqps://guest:guest@localhost:${tlsPort}`,
    get process() {
      return running as ServerProcess;
    },
    kill: async () => running?.stop('SIGKILL'),
    start,
    control(...args) {
      const { status, stdout, stderr } = spawnSync(join(programs, 'rabbitmqctl'), args, {
        encoding: 'utf8',
        cwd: folder,
        env: { ...process.env, ...env },
      });
      if (status !== 0) throw new Error(`rabbitmqctl ${args.join(' ')} failed: ${stdout}${stderr}`);
      return stdout;
    },
    stop,
  };
}

function configuration(port: number, tlsPort: number, tls: RabbitMqOptions['tls']): string {
  const settings: Record<string, string> = {
    'listeners.tcp.1': `127.0.0.1:${port}`,
    'log.console': 'true',
    'log.console.level': 'warning',
    'log.file': 'false',
    // A full disk of the machine must not stop a test.
    'disk_free_limit.absolute': '1MB',
  };
  if (tls !== undefined) {
    settings['listeners.ssl.1'] = `127.0.0.1:${tlsPort}`;
    settings['ssl_options.cacertfile'] = tls.ca;
    settings['ssl_options.certfile'] = tls.certificate;
    settings['ssl_options.keyfile'] = tls.key;
    settings['ssl_options.verify'] = 'verify_peer';
    settings['ssl_options.fail_if_no_peer_cert'] = String(tls.clientsMustHaveOne === true);
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
