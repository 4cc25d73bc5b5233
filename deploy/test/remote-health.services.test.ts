import type { ProcessList } from '@watchkeeper/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunningRemoteZone } from '../../e2e/running-remote-zone.ts';
import { freePort, RunningServer, until } from '../../e2e/running-server.ts';

let server: RunningServer;
let zone: RunningRemoteZone;
let port = 0;
beforeAll(async () => {
  server = await RunningServer.start();
  const made = await server.wk('--json', 'key', 'create', '--name', 'zone', '--role', 'agent');
  const { secret } = JSON.parse(made.stdout) as { secret: string };
  port = await freePort();
  const place = ['--zones', 'local', '--health-listen', `127.0.0.1:${port}`];
  zone = new RunningRemoteZone('--server', server.url, '--key', secret, ...place);
  await zone.start();
});
afterAll(async () => {
  await zone?.close();
  await server?.close();
});

const health = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);

it('a remote zone, as the chart probes it, tells health and metrics and is on the page of processes', async () => {
  expect((await health('/health/live')).status).toBe(200);
  expect((await health('/health/ready')).status).toBe(200);
  const metrics = await (await health('/metrics')).text();
  expect(metrics).toContain('watchkeeper_buffer_backlog_events 0');
  expect(metrics).toContain('watchkeeper_scheduler_checks_total 0');
  await until('the zone to be listed', async () =>
    (await server.api<ProcessList>('/api/v1/processes')).items.some(({ isRemote }) => isRemote),
  );
  expect((await server.wk('process', 'list')).stdout).toMatch(/\(remote\) +Running +scheduler \(stands by for local\)/);
});

it('it stays ready while the server is away: that is what its buffer is for', async () => {
  await server.signal('SIGINT');
  const answer = await health('/health/ready');
  expect([answer.status, ((await answer.json()) as { checks: { name: string }[] }).checks[0]?.name]).toEqual([
    200,
    'buffer',
  ]);
});
