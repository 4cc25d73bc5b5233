import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, RunningServer, until } from '../../e2e/running-server.ts';
import { type InfluxDb, startInfluxDb } from '../../scripts/servers/influxdb.ts';
import { type Prometheus, startPrometheus } from '../../scripts/servers/prometheus.ts';
import { deployFolder } from './deployed-settings.ts';

/** Watchkeeper with data, and the three data sources of the dashboards beside it, all of them real. */
export interface GrafanaWorld {
  readonly server: RunningServer;
  /** Signed in with the role that reads the views. */
  readonly views: pg.Client;
  readonly influx: InfluxDb;
  readonly prometheus: Prometheus;
  /** Time of the first measurement; there is one every five seconds, for eight minutes and a half. */
  readonly measuredFrom: Date;
  close(): Promise<void>;
}

/** How often Prometheus scrapes, seconds. */
export const scrapeSeconds = 1;
/** A monitor that answers well and fails in turns. */
export const unsteadyMonitor = 'Unsteady';

/** Starts everything and resolves when each data source has data of the last minutes. */
export async function openGrafanaWorld(): Promise<GrafanaWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-grafana-'));
  const ends: (() => Promise<unknown> | unknown)[] = [() => rmSync(folder, { recursive: true })];
  const close = async () => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const [databasePort, healthPort] = [await freePort(), await freePort()];
    const settings = join(folder, 'settings.yaml');
    writeFileSync(settings, `databasePort: ${databasePort}\nhealthListen: 127.0.0.1:${healthPort}\n`);
    const influx = await startInfluxDb('watchkeeper');
    ends.push(() => influx.stop());
    const server = await RunningServer.start('--demo', '--config', settings);
    ends.push(() => server.close());
    await applyObjects(server, folder, influx.url);
    const measuredFrom = await sendMeasurements(server);
    const scrape = [
      job('watchkeeper', '/metrics', healthPort),
      ...['monitors', 'api-calls'].map((name) => job(name, `/api/v1/rollups/${name}/metrics`, server.port, server.key)),
    ];
    const prometheus = await startPrometheus(scrape.join('\n'));
    ends.push(() => prometheus.stop());
    const views = await signInAsReader(server, settings, databasePort);
    ends.push(() => views.end());
    await untilThereIsData(prometheus, influx, views);
    return { ...{ server, views, influx, prometheus, measuredFrom }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const job = (name: string, path: string, port: number, key?: string) => `
  - job_name: ${name}
    metrics_path: ${path}
    scrape_interval: ${scrapeSeconds}s
    ${key === undefined ? '' : `authorization: { credentials: "${key}" }`}
    static_configs: [{ targets: ["127.0.0.1:${port}"] }]`;

/** The objects that dashboards need, and a monitor that fails every other second. */
async function applyObjects(server: RunningServer, folder: string, influxUrl: string): Promise<void> {
  const objects = readFileSync(join(deployFolder, 'grafana/objects.yaml'), 'utf8').replace(
    'http://influxdb:8086',
    influxUrl,
  );
  const url = `${server.url}/website_mock?sequence=200:2s,503:2s`;
  const monitor = `kind: Monitor
name: ${unsteadyMonitor}
service: search
environment: production
zones: [frankfurt, amsterdam]
type: http
interval: 1s
timeout: 1s
options: { url: "${url}" }`;
  const file = join(folder, 'objects.yaml');
  writeFileSync(file, `${objects}---\n${monitor}\n`);
  const { code, stdout, stderr } = await server.wk('apply', '-f', file);
  if (code !== 0) throw new Error(`the objects were refused: ${stdout}${stderr}`);
}

/** Six minutes as openstacksdk and Telegraf tell them, by the doors that they use, and two and a half more that are still to come, so that every minute of the test is whole. */
async function sendMeasurements(server: RunningServer): Promise<Date> {
  const { stdout } = await server.wk('--json', 'key', 'create', '--name', 'measurements', '--role', 'ingest');
  const { secret } = JSON.parse(stdout) as { secret: string };
  const nowS = Math.floor(Date.now() / 1000 / 5) * 5;
  const lines: string[] = [];
  for (let ageS = 360; ageS >= -150; ageS -= 5) {
    const time = `${nowS - ageS}000000000`;
    for (const [environment, zone] of [
      ['production', 'eu-de'],
      ['production', 'eu-nl'],
      ['hybrid', 'eu-de'],
    ]) {
      const tags = `environment=${environment},zone=${zone},method=GET,name=servers_detail`;
      lines.push(
        `openstack_api.compute,${tags},status_code=200 200=1i,GET.200=1i,attempted=1i,duration=${20 + (ageS % 60)}i ${time}`,
        `openstack_api.image,${tags},status_code=503 503=1i,attempted=1i,duration=${300 + ageS}i ${time}`,
      );
    }
    const grown = (360 - ageS) * 1000;
    for (const host of ['web-1', 'web-2.example']) {
      lines.push(
        `cpu,host=${host},cpu=cpu-total usage_idle=${60 + (ageS % 30)},usage_user=20,usage_system=8,usage_iowait=2 ${time}`,
        `mem,host=${host} used_percent=${40 + (ageS % 10)},total=8000000000i ${time}`,
        `system,host=${host} load1=${1 + (ageS % 3)},n_cpus=4i ${time}`,
        `disk,host=${host},path=/,fstype=ext4 used_percent=72.5 ${time}`,
        `diskio,host=${host},name=vda read_bytes=${grown}i,write_bytes=${grown * 2}i ${time}`,
        `net,host=${host},interface=eth0 bytes_recv=${grown * 3}i,bytes_sent=${grown}i ${time}`,
      );
    }
  }
  const response = await fetch(`${server.url}/write?db=watchkeeper`, {
    method: 'POST',
    headers: { authorization: `Token telegraf:${secret}` },
    body: lines.join('\n'),
  });
  if (response.status !== 204) throw new Error(`/write answered ${response.status}: ${await response.text()}`);
  return new Date((nowS - 360) * 1000);
}

async function signInAsReader(server: RunningServer, settings: string, port: number): Promise<pg.Client> {
  const made = await server.wk('--json', 'db', 'reader-role', 'grafana', '--config', settings);
  if (made.code !== 0) throw new Error(`no role for the views: ${made.stderr}`);
  const { role, password, database } = JSON.parse(made.stdout) as Record<string, string>;
  const client = new pg.Client({ host: '127.0.0.1', port, user: role, password, database });
  await client.connect();
  return client;
}

/** The first whole minute of the rollups takes the longest. */
async function untilThereIsData(prometheus: Prometheus, influx: InfluxDb, views: pg.Client): Promise<void> {
  const asked = [
    'monitors_durationMs_p95',
    'api_calls_durationMs_p95',
    'rate(http_requests_total[10s])',
    'watchkeeper_sinks_forwarded_events_total > 900',
  ];
  for (const question of asked)
    await until(question, async () => (await prometheus.query(question)).length > 0, 150_000);
  await until('points in InfluxDB', async () => (await influx.query('select * from "net" limit 1')).length > 0);
  const failed = `select from event_view where name = 'monitor.checked' and outcome = 'failed' limit 1`;
  await until('a check that failed', async () => (await views.query(failed)).rowCount === 1);
}
