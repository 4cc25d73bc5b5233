import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../e2e/running-server.ts';
import { goToolPath } from '../../scripts/go-tools.ts';
import { checkSettings, deployFolder, referencedFiles } from './deployed-settings.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: { readonly replicas?: number; readonly resources?: { readonly limits?: Record<string, unknown> } };
  readonly secrets?: readonly { readonly source: string }[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly ports?: readonly { readonly host_ip?: string }[];
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
}
interface Model {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

const tool = goToolPath('compose');
const folder = join(deployFolder, 'compose');
const secretNames = ['database-password', 'database-url', 'grafana-password', 'grafana-reader-password'];
const settings = readFileSync(join(folder, 'settings.yaml'), 'utf8');

describe.skipIf(!existsSync(tool))('The Compose file, as compose-go (the library of docker compose) reads it', () => {
  let place = '';
  let model: Model;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'wk-compose-'));
    cpSync(folder, place, { recursive: true });
    for (const name of secretNames) writeFileSync(join(place, 'secrets', name), 'secret\n');
    process.stdout.write(`Compose file: checked by ${tool}; no container was started\n`);
    const { code, stdout, stderr } = await run(tool, ['-format', 'json', join(place, 'compose.yaml')], { cwd: place });
    expect([code, stderr]).toEqual([0, '']);
    model = JSON.parse(stdout) as Model;
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  const ours = () => Object.entries(model.services).filter(([, { image }]) => image.startsWith('watchkeeper:'));
  const rolesOf = ({ command = [] }: Service) => command[command.indexOf('--roles') + 1];

  it('is refused when something in it is wrong', async () => {
    const file = join(place, 'wrong.yaml');
    writeFileSync(file, readFileSync(join(place, 'compose.yaml'), 'utf8').replace('healthcheck:', 'healthchek:'));
    expect((await run(tool, [file], { cwd: place })).code).not.toBe(0);
  });

  it('runs every role, scheduler and processor twice', () => {
    const replicas = Object.fromEntries(ours().map(([, service]) => [rolesOf(service), service.deploy?.replicas ?? 1]));
    expect(replicas).toEqual({ api: 1, scheduler: 2, listener: 1, processor: 2, forwarder: 1, health: 1 });
    expect(Object.keys(model.services).sort()).toEqual([
      ...['api', 'forwarder', 'grafana', 'health', 'influxdb', 'kafka', 'listener', 'postgres', 'processor'],
      'prometheus',
      'scheduler',
    ]);
  });

  it('every service has a health check, limits and a pinned image; ours have a read-only root and no rights', () => {
    for (const [name, service] of Object.entries(model.services)) {
      expect([name, service.healthcheck?.test[0]]).toEqual([name, 'CMD']);
      expect([name, Object.keys(service.deploy?.resources?.limits ?? {}).sort()]).toEqual([name, ['cpus', 'memory']]);
      expect(service.image).toMatch(/:v?\d/);
    }
    for (const [name, service] of ours()) {
      expect([name, service.read_only, service.cap_drop]).toEqual([name, true, ['ALL']]);
      expect(service.stop_grace_period).toBe('25s');
    }
  });

  it('opens ports on loopback only, and databases are on a network without a way out', () => {
    for (const { ports = [] } of Object.values(model.services))
      for (const port of ports) expect(port.host_ip).toBe('127.0.0.1');
    expect(model.networks.inside?.internal).toBe(true);
    for (const name of ['postgres', 'kafka'])
      expect(Object.keys(model.services[name]?.networks ?? {})).toEqual(['inside']);
  });

  it('no secret stands in it, and each reference of the settings is mounted', () => {
    for (const [, { secrets = [], configs = [] }] of ours()) {
      expect(configs).toContainEqual(expect.objectContaining({ target: '/etc/watchkeeper/settings.yaml' }));
      for (const file of referencedFiles(settings))
        expect(secrets.map(({ source }) => `/run/secrets/${source}`)).toContain(file);
    }
    expect(readFileSync(join(folder, 'compose.yaml'), 'utf8')).not.toMatch(/PASSWORD: (?!"")/);
  });

  it('its settings are valid for every role', async () => {
    for (const [, service] of ours()) {
      const args = (service.command ?? []).slice(3);
      const { code, stderr } = await checkSettings(settings, ...args);
      expect([args, code, stderr]).toEqual([args, 0, '']);
    }
  });
});
