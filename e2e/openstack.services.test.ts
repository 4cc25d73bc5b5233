import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventView } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { freePort, RunningServer, run, until } from './running-server.ts';

const missing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ');

/** Calls of one kind each: an answer, an answer that there is none, one of a service that is down. */
const script = `
import sys, openstack
from openstack import exceptions
cloud = openstack.connect(cloud=sys.argv[1])
assert list(cloud.compute.servers()) == []
for call, status in (
    (lambda: cloud.compute.get_server('0f0e0d0c-0000-4000-8000-000000000000'), 404),
    (lambda: list(cloud.compute.flavors()), 503),
):
    try:
        call()
    except exceptions.HttpException as error:
        assert error.status_code == status, error
    else:
        raise AssertionError('%s was expected' % status)
`;

/** openstacksdk of Debian as it stands, against a small cloud, and the product as a user starts it. */
describe.skipIf(missing.includes('openstack-inventory'))('What openstacksdk reports', () => {
  let folder: string;
  let cloud: FakeCloud;
  let server: RunningServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wk-openstack-'));
    cloud = await startFakeCloud();
    const [statsd, graphite, lines] = [await freePort(), await freePort(), await freePort()];
    const settings = join(folder, 'settings.yaml');
    writeFileSync(
      settings,
      `listeners:
  environment: unnamed
  zone: here
  statsd: { port: ${statsd} }
  graphite: { port: ${graphite} }
  line-protocol-udp: { port: ${lines} }
`,
    );
    server = await RunningServer.start('--config', settings);
    const cloudOf = (metrics: string, more = '') => `
    auth: { auth_url: "${cloud.authUrl}", username: demo, password: demo, project_name: demo, user_domain_id: default, project_domain_id: default }
    region_name: one
    compute_api_version: "2.1"
    metrics: ${metrics}
    ${more}`;
    const tags = (environment: string) => `additional_metric_tags: { environment: ${environment}, zone: ams }`;
    const influx = `measurement: openstack_api, database: watchkeeper, username: sdk, password: "${server.key}"`;
    writeFileSync(
      join(folder, 'clouds.yaml'),
      `clouds:
  by-statsd:${cloudOf(`{ statsd: { host: 127.0.0.1, port: ${statsd}, prefix: openstack.api.lab.ams } }`)}
  by-plain-statsd:${cloudOf(`{ statsd: { host: 127.0.0.1, port: ${statsd} } }`)}
  by-http:${cloudOf(`{ influxdb: { host: 127.0.0.1, port: ${server.port}, ${influx} } }`, tags('by-http'))}
  by-udp:${cloudOf(`{ influxdb: { host: 127.0.0.1, port: ${lines}, use_udp: true, ${influx} } }`, tags('by-udp'))}
`,
    );
    writeFileSync(join(folder, 'calls.py'), script);
  });
  afterAll(async () => {
    await server?.close();
    await cloud?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['by-statsd', 'lab', 'ams'],
    ['by-plain-statsd', 'unnamed', 'here'],
    ['by-http', 'by-http', 'ams'],
    ['by-udp', 'by-udp', 'ams'],
  ])(
    '%s is an event per call with service, method, operation, status, environment and zone',
    async (name, environment, zone) => {
      // Not the python of the PATH, which may be another one than that of the packages.
      const ran = await run('/usr/bin/python3', [join(folder, 'calls.py'), name], { cwd: folder });
      expect(ran.code, ran.stderr).toBe(0);
      const calls = await until('the calls', async () => {
        const { items } = await server.api<{ items: EventView[] }>(`/api/v1/events?name=openstack.api&limit=200`);
        const own = items.filter((event) => event.environment === environment);
        return own.some(({ attributes }) => attributes.operation === 'flavors_detail') && own;
      });
      const shown = calls.map((event) => {
        const { service, attributes, outcome, reason, values } = event;
        expect([event.zone, values.durationMs]).toEqual([zone, expect.any(Number)]);
        return [service, attributes.method, attributes.operation, attributes.status, outcome, reason ?? '']
          .join(' ')
          .trim();
      });
      // Each call once, as the cloud itself has counted them.
      expect(shown.sort()).toEqual([
        'compute GET flavors_detail 503 failed status',
        'compute GET server 404 ok',
        'compute GET servers_detail 200 ok',
      ]);
      expect(cloud.calls.splice(0).sort()).toEqual([
        'GET /compute/v2.1/flavors/detail',
        'GET /compute/v2.1/servers/0f0e0d0c-0000-4000-8000-000000000000',
        'GET /compute/v2.1/servers/detail',
      ]);
    },
  );

  it('is stored by those names alone, no counter beside it', async () => {
    const { items } = await server.api<{ items: EventView[] }>('/api/v1/events?limit=500');
    expect(items.map(({ name }) => name).filter((name) => name.startsWith('openstack.api.'))).toEqual([]);
  });
});
