import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, run, until } from '../../e2e/running-server.ts';
import { goToolPath } from '../../scripts/go-tools.ts';
import { startProcess } from '../../scripts/servers/server-process.ts';
import { deployFolder, isMissing } from './deployed-settings.ts';

interface Service {
  readonly image: string;
  /** By name in one file; as lines where files are joined. */
  readonly environment?: readonly string[] | Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number }[];
  readonly secrets?: readonly { readonly source: string; readonly target: string }[];
  readonly volumes?: readonly { readonly source: string; readonly target: string; readonly read_only?: boolean }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: { readonly resources?: { readonly limits?: Record<string, unknown> } };
  readonly networks?: Readonly<Record<string, unknown>>;
}
type Services = Readonly<Record<string, Service>>;

const tool = goToolPath('compose');
const compose = join(deployFolder, 'compose');
function variablesOf({ environment = {} }: Service): Map<string, string> {
  if (!Array.isArray(environment)) return new Map(Object.entries(environment));
  return new Map(environment.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

describe.skipIf(!existsSync(tool))('Grafana of the Compose files (read, not started)', () => {
  const place = mkdtempSync(join(tmpdir(), 'wk-grafana-compose-'));
  let alone: Services = {};
  let cluster: Services = {};
  beforeAll(async () => {
    for (const name of ['compose', 'grafana']) cpSync(join(deployFolder, name), join(place, name), { recursive: true });
    alone = await read('compose.yaml');
    cluster = await read('compose.yaml', 'grafana-cluster.yaml');
  });
  afterAll(() => rmSync(place, { recursive: true }));

  async function read(...files: string[]): Promise<Services> {
    const cwd = join(place, 'compose');
    const { code, stdout, stderr } = await run(tool, ['-format', 'json', ...files], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    return (JSON.parse(stdout) as { services: Services }).services;
  }
  const instances = (): [string, Service][] => [
    ['grafana alone', alone.grafana as Service],
    ['grafana', cluster.grafana as Service],
    ['grafana-second', cluster['grafana-second'] as Service],
  ];

  it('each instance has all files of the provisioning, and every variable that they name', () => {
    for (const [name, service] of instances()) {
      const mounted = (service.volumes ?? []).filter(({ target }) => target.startsWith('/etc/grafana/'));
      expect([name, mounted.every((one) => one.read_only === true && existsSync(one.source))]).toEqual([name, true]);
      const provisioning = mounted.find(({ target }) => target === '/etc/grafana/provisioning/datasources');
      const text = readFileSync(join(provisioning?.source ?? '', 'watchkeeper.yaml'), 'utf8');
      const given = variablesOf(service);
      const fromFiles = service.entrypoint?.join(' ') ?? '';
      for (const [, variable = ''] of text.matchAll(/\$(WATCHKEEPER_\w+)/g))
        expect([name, variable, given.has(variable) || fromFiles.includes(`export ${variable}=`)]).toEqual([
          ...[name, variable, true],
        ]);
      const provider = readFileSync(join(place, 'grafana/provisioning/dashboards/watchkeeper.yaml'), 'utf8');
      const path = /path: (\S+)/.exec(provider)?.[1];
      expect(mounted.map(({ target }) => target)).toContain(path);
    }
  });

  it('no secret stands in the environment; what comes from a file is mounted', () => {
    for (const [name, service] of instances()) {
      const targets = (service.secrets ?? []).map(({ target }) => target);
      const files = [...variablesOf(service)].filter(([variable]) => variable.endsWith('__FILE'));
      for (const [, file] of files) expect([name, targets]).toEqual([name, expect.arrayContaining([file])]);
      for (const [variable, value] of variablesOf(service))
        if (/PASSWORD$|SECRET_KEY$/.test(variable)) expect([variable, value]).toEqual([variable, '']);
    }
  });

  it('two instances share one database and one secret key, and are alike but for their place', () => {
    const [, first, second] = instances().map(([, service]) => service) as [Service, Service, Service];
    expect(variablesOf(first)).toEqual(variablesOf(second));
    expect(variablesOf(first).get('GF_DATABASE_TYPE')).toBe('postgres');
    expect(variablesOf(first).has('GF_SECURITY_SECRET_KEY__FILE')).toBe(true);
    for (const key of ['image', 'entrypoint', 'secrets', 'healthcheck', 'deploy', 'networks'] as const)
      expect([key, second[key]]).toEqual([key, first[key]]);
    const peers = variablesOf(first).get('GF_UNIFIED_ALERTING_HA_PEERS')?.split(',') ?? [];
    expect(peers.map((peer) => peer.split(':')[0]).sort()).toEqual(['grafana', 'grafana-second']);
    // The first start makes tables and rows; two at once would race for them.
    expect(second.depends_on?.grafana?.condition).toBe('service_healthy');
    const data = [first, second].map(({ volumes = [] }) => volumes.find(({ target }) => target === '/var/lib/grafana'));
    expect(data[0]?.source).not.toBe(data[1]?.source);
  });

  it('only the load balancer is reached from outside, and every new service has a health check, limits and a pinned image', () => {
    const open = Object.entries(cluster).filter(([, { ports = [] }]) => ports.some(({ target }) => target === 3000));
    expect(open.map(([name, { ports = [] }]) => [name, ports[0]?.host_ip])).toEqual([['grafana-front', '127.0.0.1']]);
    for (const name of ['grafana', 'grafana-second', 'grafana-front', 'grafana-database']) {
      const service = cluster[name] as Service;
      expect([name, service.healthcheck?.test[0]]).toEqual([name, 'CMD']);
      expect([name, Object.keys(service.deploy?.resources?.limits ?? {}).sort()]).toEqual([name, ['cpus', 'memory']]);
      expect(service.image).toMatch(/:v?\d/);
    }
    expect(Object.keys(cluster['grafana-database']?.networks ?? {})).toEqual(['inside']);
  });
});

describe.skipIf(isMissing('nginx'))('The load balancer before the instances, by the real nginx', () => {
  const place = mkdtempSync(join(tmpdir(), 'wk-front-'));
  const instances = new Map<string, Server>();
  const begin = (name: string, port = 0) =>
    new Promise<number>((resolve) => {
      const server = createServer((_request, response) => response.end(name));
      instances.set(name, server);
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  const end = (name: string) =>
    new Promise<void>((resolve) => {
      const server = instances.get(name);
      server?.close(() => resolve());
      server?.closeAllConnections();
    });
  afterAll(() => rmSync(place, { recursive: true }));

  it('asks both, goes on with one when the other is away, and takes it back', async () => {
    const [firstPort, secondPort, port] = [await begin('first'), await begin('second'), await freePort()];
    const text = readFileSync(join(compose, 'grafana/nginx.conf'), 'utf8')
      .replace('grafana:3000 ', `127.0.0.1:${firstPort} `)
      .replace('grafana-second:3000 ', `127.0.0.1:${secondPort} `)
      .replace('listen 3000', `listen 127.0.0.1:${port}`)
      .replace('/tmp/nginx.pid', `${place}/pid`)
      .replace(
        'http {',
        `http {\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${place}/${name};`).join('\n')}`,
      );
    mkdirSync(join(place, 'conf'));
    writeFileSync(join(place, 'conf/nginx.conf'), text);
    const nginx = startProcess('nginx', ['-p', place, '-c', 'conf/nginx.conf', '-e', 'stderr', '-g', 'daemon off;']);
    const answer = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
    const answers = async () => new Set(await Promise.all(Array.from({ length: 8 }, answer)));
    try {
      await until(
        `nginx ${nginx.said()}`,
        async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.ok,
      );
      expect(await answers()).toEqual(new Set(['first', 'second']));
      await end('first');
      expect(await answers()).toEqual(new Set(['second']));
      await begin('first', firstPort);
      await until('the first to be asked again', async () => (await answers()).has('first'));
    } finally {
      await nginx.stop();
      await Promise.all([...instances.keys()].map(end));
    }
  });
});
