import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { type Finished, run } from '../../e2e/running-server.ts';
import { goToolPath } from '../../scripts/go-tools.ts';
import { checkSettings, deployFolder, referencedFiles } from './deployed-settings.ts';

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}
interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string; readonly items?: readonly { readonly path: string }[] };
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly limits: Record<string, string>; readonly requests: Record<string, string> };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly volumeMounts: readonly Mount[];
}
interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly automountServiceAccountToken: boolean;
  readonly serviceAccountName: string;
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}
type Labels = Readonly<Record<string, string>>;
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Labels };
  readonly data?: Labels;
  readonly spec: {
    readonly replicas?: number;
    readonly selector: Labels & { readonly matchLabels?: Labels };
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod };
    readonly ports?: readonly { readonly targetPort: string }[];
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
}

const helm = goToolPath('helm');
const chart = join(deployFolder, 'helm/watchkeeper');
/** What the API of Kubernetes calls each kind. */
const apiVersions: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Deployment: 'apps/v1',
  Ingress: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  StatefulSet: 'apps/v1',
};

const database = { existingSecret: 'watchkeeper-database' };
const remoteZone = {
  ...{ enabled: true, server: 'https://watch.example.org', zones: ['oslo'], existingSecret: 'zone-key' },
};
const environments = readFileSync(join(deployFolder, 'grafana/environments/datasources.yaml'), 'utf8');
const grafana = {
  ...{ enabled: true, existingSecret: 'grafana-secrets', prometheusUrl: 'http://prometheus:9090' },
  ...{ database: { host: 'postgres:5432' }, views: { address: 'postgres:5432' } },
};
/** Ways to use the chart. */
const cases: Readonly<Record<string, object>> = {
  'with listeners': { database, roles: { listener: { replicas: 1 } } },
  'PostgreSQL alone': { database },
  'Kafka with mutual TLS and a password, an ingress, and secrets of one’s own': {
    database,
    eventLog: { driver: 'kafka' },
    kafka: {
      brokers: ['kafka-0.kafka:9093', 'kafka-1.kafka:9093', 'kafka-2.kafka:9093'],
      tls: { existingSecret: 'kafka-certificates', isMutual: true },
      sasl: { mechanism: 'scram-sha-512', username: 'watchkeeper', existingSecret: 'kafka-password' },
    },
    publicUrl: 'https://watch.example.org',
    ingress: { enabled: true, className: 'nginx', host: 'watch.example.org', tlsSecret: 'watch-tls' },
    secretFiles: ['shop'],
    settings: {
      credentials: { shop: { username: 'watcher', password: 'file:/etc/watchkeeper/secrets/shop/password' } },
    },
  },
  'a remote zone beside a server': { database, remoteZone },
  'two instances of Grafana, with an ingress and a Watchkeeper per environment': {
    database,
    grafana: {
      ...grafana,
      rootUrl: 'https://grafana.example.org/',
      ingress: { enabled: true, className: 'nginx', host: 'grafana.example.org', tlsSecret: 'grafana-tls' },
      datasources: { 'environments.yaml': environments },
      envFromSecrets: ['environments'],
    },
  },
  'a remote zone alone': { server: { enabled: false }, remoteZone },
};

describe.skipIf(!existsSync(helm))('The Helm chart (rendered, not installed)', () => {
  const place = mkdtempSync(join(tmpdir(), 'wk-chart-'));
  afterAll(() => rmSync(place, { recursive: true }));

  const ask = (verb: string, values: object): Promise<Finished> => {
    const file = join(place, `${crypto.randomUUID()}.yaml`);
    writeFileSync(file, stringify(values));
    const strict = verb === 'lint' ? ['lint', '--strict', chart] : ['template', 'wk', chart];
    return run(helm, [...strict, '--kube-version', '1.33.0', '--values', file]);
  };
  const render = async (values: object): Promise<Manifest[]> => {
    const { code, stdout, stderr } = await ask('template', values);
    expect([code, stderr]).toEqual([0, '']);
    const documents = parseAllDocuments(stdout, { strict: true, uniqueKeys: true });
    for (const { errors } of documents) expect(errors).toEqual([]);
    return documents.map((document) => document.toJS() as Manifest | null).filter((one) => one !== null);
  };
  const workloads = (all: readonly Manifest[]) => all.filter(({ kind }) => /^(Deployment|StatefulSet)$/.test(kind));
  /** Those that run Watchkeeper and have its settings. */
  const ours = (all: readonly Manifest[]) =>
    workloads(all).filter(({ spec }) => spec.template.spec.containers[0]?.name !== 'grafana');
  const isWithin = (part: Labels, whole: Labels) => Object.entries(part).every(([key, value]) => whole[key] === value);

  for (const [title, values] of Object.entries(cases)) {
    describe(title, () => {
      it('passes helm lint --strict, and every kind is one that Kubernetes knows', async () => {
        const lint = await ask('lint', values);
        expect(lint.code, lint.stdout + lint.stderr).toBe(0);
        const all = await render(values);
        for (const { apiVersion, kind, metadata } of all) {
          expect([kind, apiVersion]).toEqual([kind, apiVersions[kind]]);
          expect(metadata.name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/);
        }
        const names = all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
        expect(new Set(names).size).toBe(names.length);
      });

      it('every container runs without root or rights, on a read-only root, with probes and limits', async () => {
        const all = await render(values);
        expect(workloads(all).length).toBeGreaterThan(0);
        for (const { spec } of workloads(all)) {
          const pod = spec.template.spec;
          expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
          expect(pod.automountServiceAccountToken).toBe(false);
          expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(15);
          expect(
            all.some(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === pod.serviceAccountName),
          ).toBe(true);
          for (const { securityContext, resources, ports, ...probes } of pod.containers) {
            expect(securityContext).toEqual({
              ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true },
              capabilities: { drop: ['ALL'] },
            });
            expect(Object.keys(resources.limits).sort()).toEqual(['cpu', 'memory']);
            expect(Object.keys(resources.requests).sort()).toEqual(['cpu', 'memory']);
            for (const { httpGet } of [probes.startupProbe, probes.livenessProbe, probes.readinessProbe]) {
              expect(httpGet.path).toMatch(/^\/(api\/health|health\/live|health\/ready)$/);
              expect(ports.map(({ name }) => name)).toContain(httpGet.port);
            }
          }
        }
      });

      it('selectors choose their own pods and no others', async () => {
        const all = await render(values);
        const pods = workloads(all);
        for (const { spec } of pods) {
          const matching = pods.filter((other) =>
            isWithin(spec.selector.matchLabels ?? {}, other.spec.template.metadata.labels),
          );
          expect(matching.length).toBe(1);
          expect(matching[0]?.spec).toBe(spec);
        }
        for (const { kind, spec } of all.filter((one) => /^(Service|PodDisruptionBudget)$/.test(one.kind))) {
          const selector = kind === 'Service' ? (spec.selector as Labels) : (spec.selector.matchLabels ?? {});
          const chosen = pods.filter(({ spec: own }) => isWithin(selector, own.template.metadata.labels));
          expect([kind, chosen.length]).toEqual([kind, 1]);
          const open = chosen[0]?.spec.template.spec.containers[0]?.ports.map(({ name }) => name);
          for (const { targetPort } of spec.ports ?? []) expect(open).toContain(targetPort);
        }
      });

      it('what a container mounts is there, and what its settings refer to is mounted', async () => {
        const all = await render(values);
        for (const { spec } of workloads(all)) {
          const { containers, volumes } = spec.template.spec;
          const claims = spec.volumeClaimTemplates?.map(({ metadata }) => metadata.name) ?? [];
          const [container] = containers as [Container];
          const names = [...volumes.map(({ name }) => name), ...claims];
          expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(names.sort());
          expect(container.volumeMounts.find(({ mountPath }) => mountPath === '/data')).toBeDefined();
          for (const { configMap } of volumes.filter((one) => one.configMap !== undefined))
            expect(all.some(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap?.name)).toBe(
              true,
            );
          if (container.name === 'grafana') continue;
          const text = settingsOf(all, container, volumes);
          for (const file of referencedFiles(text)) {
            const mount = container.volumeMounts.find(({ mountPath }) => file.startsWith(`${mountPath}/`));
            expect([file, mount?.readOnly]).toEqual([file, true]);
            const items = volumes.find(({ name }) => name === mount?.name)?.secret?.items;
            if (items !== undefined) expect(items.map(({ path }) => `${mount?.mountPath}/${path}`)).toContain(file);
          }
        }
      });

      it('its settings pass watchkeeper config check with the arguments of each container', async () => {
        const all = await render(values);
        for (const { spec } of ours(all)) {
          const { containers, volumes } = spec.template.spec;
          const [container] = containers as [Container];
          const text = settingsOf(all, container, volumes);
          const { code, stderr } = await checkSettings(text, ...container.args.slice(3));
          expect([container.name, code, stderr]).toEqual([container.name, 0, '']);
        }
      });
    });
  }

  it('runs each role in a deployment of its own, kept apart from evictions', async () => {
    const all = await render({ database });
    const roles = workloads(all).map(({ spec }) => [spec.template.spec.containers[0]?.args[4], spec.replicas]);
    expect(roles.sort()).toEqual([
      ['api', 2],
      ['forwarder', 2],
      ['health', 2],
      ['processor', 2],
      ['scheduler', 2],
    ]);
    expect(all.filter(({ kind }) => kind === 'PodDisruptionBudget').length).toBe(5);
    const one = await render({ database, roles: { health: { replicas: 1 } } });
    expect(one.filter(({ kind }) => kind === 'PodDisruptionBudget').length).toBe(4);
  });

  it('gives every instance of Grafana the same provisioning, and secrets from nothing but secrets', async () => {
    const values = { database, grafana: { ...grafana, datasources: { 'environments.yaml': environments } } };
    const all = await render(values);
    const mapOf = (name: string) =>
      all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === `wk-watchkeeper-grafana-${name}`)
        ?.data ?? {};
    const files = readdirSync(join(deployFolder, 'grafana/dashboards'));
    expect(Object.keys(mapOf('dashboards')).sort()).toEqual(files.sort());
    for (const file of files) {
      const text = readFileSync(join(deployFolder, 'grafana/dashboards', file), 'utf8');
      expect(JSON.parse(mapOf('dashboards')[file] ?? '')).toEqual(JSON.parse(text));
    }
    expect(JSON.stringify(mapOf('dashboards')).length).toBeLessThan(1024 * 1024);
    expect(parse(mapOf('sources')['environments.yaml'] ?? '')).toEqual(parse(environments));

    const set = workloads(all).find(({ metadata }) => metadata.name === 'wk-watchkeeper-grafana');
    expect([set?.kind, set?.spec.replicas]).toEqual(['StatefulSet', 2]);
    const env = set?.spec.template.spec.containers[0]?.env ?? [];
    const named = (mapOf('sources')['watchkeeper.yaml'] ?? '').matchAll(/\$(WATCHKEEPER_\w+)/g);
    for (const [, variable] of named) expect(env.map(({ name }) => name)).toContain(variable);
    for (const { name, value, valueFrom } of env.filter((one) => /PASSWORD|SECRET_KEY/.test(one.name)))
      expect([name, value, valueFrom]).toEqual([name, undefined, { secretKeyRef: expect.anything() }]);
    const peers = env.find(({ name }) => name === 'GF_UNIFIED_ALERTING_HA_PEERS')?.value?.split(':')[0];
    expect(all.some(({ kind, metadata }) => kind === 'Service' && metadata.name === peers)).toBe(true);
    expect(workloads(await render({ database })).some(({ metadata }) => /grafana/.test(metadata.name))).toBe(false);
  });

  it('opens the ports of listeners within the cluster when there are some', async () => {
    expect((await render({ database })).filter(({ metadata }) => metadata.name.endsWith('-listener'))).toEqual([]);
    const all = await render({ database, roles: { listener: { replicas: 1 } } });
    const own = all.filter(({ metadata }) => metadata.name.endsWith('-listener'));
    expect(own.map(({ kind }) => kind).sort()).toEqual(['Deployment', 'Service']);
    const settings = all.find(({ kind, data }) => kind === 'ConfigMap' && data?.['settings.yaml'] !== undefined);
    expect(settings?.data?.['settings.yaml']).toMatch(/statsd:\n +host: 0\.0\.0\.0/);
  });

  it('says what is missing or wrong', async () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{}, /database\.existingSecret: name the secret/],
      [{ database, eventLog: { driver: 'kafka' } }, /kafka\.brokers: say which brokers/],
      [{ database, eventLog: { driver: 'rabbit' } }, /driver/],
      [{ database, rolls: {} }, /rolls/],
      [{ database, grafana: { enabled: true } }, /grafana\.existingSecret: name the secret/],
      [{ database, grafana: { ...grafana, database: { host: '' } } }, /grafana\.database\.host: say where/],
      [{ database, grafana: { ...grafana, views: { address: '' } } }, /grafana\.views\.address: say where/],
      [{ database, grafana: { ...grafana, prometheusUrl: '' } }, /grafana\.prometheusUrl: say where/],
      [{ database, grafana: { ...grafana, datasources: { 'watchkeeper.yaml': 'x' } } }, /watchkeeper\.yaml/],
      [{ database, settings: { databaseUrl: 'postgres://in.the/clear' } }, /settings/],
      [{ database, terminationGracePeriodSeconds: 5 }, /terminationGracePeriodSeconds/],
      [
        { server: { enabled: false }, remoteZone: { ...remoteZone, server: '' } },
        /remoteZone\.server: say which server/,
      ],
      [{ server: { enabled: false }, remoteZone: { ...remoteZone, zones: [] } }, /remoteZone\.zones: say which zones/],
    ];
    for (const [values, message] of wrong) {
      const { code, stderr } = await ask('template', values);
      expect([code, message.test(stderr)], stderr).toEqual([1, true]);
    }
  });

  function settingsOf(all: readonly Manifest[], { volumeMounts, args }: Container, volumes: readonly Volume[]): string {
    const file = args[args.indexOf('--config') + 1];
    const mount = volumeMounts.find(({ mountPath }) => mountPath === file);
    const map = volumes.find(({ name }) => name === mount?.name)?.configMap?.name;
    const text = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === map)?.data?.[
      mount?.subPath ?? ''
    ];
    expect(text, `settings of ${file}`).toBeDefined();
    return text ?? '';
  }
});
