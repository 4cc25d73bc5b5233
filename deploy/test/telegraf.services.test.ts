import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventView } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, RunningServer, run, until } from '../../e2e/running-server.ts';
import { goToolPath } from '../../scripts/go-tools.ts';
import { type InfluxDb, startInfluxDb } from '../../scripts/servers/influxdb.ts';
import { type ServerProcess, startProcess } from '../../scripts/servers/server-process.ts';
import { deployFolder, isMissing } from './deployed-settings.ts';

const telegraf = goToolPath('telegraf');
const fileOf = (name: string) => join(deployFolder, 'telegraf', name);

/** The program itself, with the files of deploy/telegraf; only how often it works is another. */
describe.skipIf(!existsSync(telegraf) || isMissing('influxd'))('The real Telegraf', () => {
  const place = mkdtempSync(join(tmpdir(), 'wk-telegraf-'));
  const often = join(place, 'often.conf');
  const keyFile = join(place, 'key');
  const running: ServerProcess[] = [];
  let server: RunningServer;
  let influx: InfluxDb;
  let environment: Record<string, string> = {};

  beforeAll(async () => {
    writeFileSync(often, '[agent]\n  interval = "1s"\n  flush_interval = "1s"\n  flush_jitter = "0s"\n');
    const healthPort = await freePort();
    influx = await startInfluxDb('watchkeeper');
    server = await RunningServer.start('--demo', '--health-listen', `127.0.0.1:${healthPort}`);
    writeFileSync(keyFile, await newKey('viewer'));
    environment = {
      ...{ WATCHKEEPER_URL: server.url, WATCHKEEPER_KEY: await newKey('ingest'), WATCHKEEPER_KEY_FILE: keyFile },
      ...{ WATCHKEEPER_HEALTH_URL: `http://127.0.0.1:${healthPort}`, INFLUXDB_URL: influx.url },
      ...{ WATCHKEEPER_ENVIRONMENT: 'production', WATCHKEEPER_ZONE: 'fra' },
    };
  });
  afterAll(async () => {
    for (const one of running) await one.stop();
    await server?.close();
    await influx?.stop();
    rmSync(place, { recursive: true });
  });

  async function newKey(role: string): Promise<string> {
    const { stdout } = await server.wk('--json', 'key', 'create', '--name', `telegraf ${role}`, '--role', role);
    return (JSON.parse(stdout) as { secret: string }).secret;
  }
  const start = (...files: string[]) => {
    const args = [...files.map(fileOf), often].flatMap((file) => ['--config', file]);
    const started = startProcess(telegraf, args, { env: environment, cwd: place });
    running.push(started);
    return started;
  };
  const eventsOf = async (name: string) => {
    const { items } = await server.api<{ readonly items: readonly EventView[] }>(
      `/api/v1/events?name=${name}&limit=200`,
    );
    return items;
  };

  it('finds no mistake in the files', async () => {
    for (const files of [
      ['inputs-of-a-host.conf', 'to-watchkeeper.conf'],
      ['inputs-of-a-host.conf', 'to-watchkeeper-v1.conf'],
      ['from-watchkeeper.conf'],
    ]) {
      const args = files.flatMap((file) => ['--config', fileOf(file)]);
      const { code, stderr } = await run('env', [
        ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        ...[telegraf, 'config', 'check', ...args],
      ]);
      expect([files, code], stderr).toEqual([files, 0]);
    }
  });

  it.each(['to-watchkeeper.conf', 'to-watchkeeper-v1.conf'])(
    'measures a host for Watchkeeper by %s',
    async (output) => {
      const began = new Date().toISOString();
      const process = start('inputs-of-a-host.conf', output);
      for (const name of ['cpu', 'mem', 'system', 'disk', 'net']) {
        const [event] = await until(`${name} from Telegraf\n${process.said()}`, async () => {
          const found = (await eventsOf(name)).filter(({ time }) => time > began);
          return found.length > 0 && found;
        });
        expect(event).toMatchObject({ environment: 'production', zone: 'fra', outcome: 'ok' });
        expect(event?.host).toMatch(/\S/);
      }
      const [cpu] = await eventsOf('cpu');
      expect(cpu?.values.usage_idle).toBeGreaterThanOrEqual(0);
      await process.stop();
      expect(process.said()).not.toMatch(/ E! /);
    },
  );

  it('reads the metrics and the newest minute of Watchkeeper for an InfluxDB', async () => {
    const process = start('from-watchkeeper.conf');
    const newest = async (field: string, job: string) => {
      const [series] = await influx.series(`select last("${field}") from "prometheus" where "job" = '${job}'`);
      return Number(series?.values[0]?.[1] ?? 0);
    };
    await until('events of the log', async () => (await newest('watchkeeper_log_events_total', 'watchkeeper')) > 0);
    await until('a minute', async () => (await newest('monitors_count', 'watchkeeper-monitors')) > 0, 180_000);
    await process.stop();
  }, 200_000);
});
