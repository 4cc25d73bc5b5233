import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePort, RunningServer, run, until } from '../../e2e/running-server.ts';
import { type Prometheus, startPrometheus } from '../../scripts/servers/prometheus.ts';
import { type ServerProcess, startProcess } from '../../scripts/servers/server-process.ts';
import { deployFolder, isMissing } from './deployed-settings.ts';

const source = join(deployFolder, 'prometheus');
const shopFile = fileURLToPath(new URL('../../edge/middleware/examples/node.mjs', import.meta.url));
const names = readdirSync(join(source, 'rules'));
interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly record?: string; readonly alert?: string }[] }[];
}
const rules = names.flatMap((name) =>
  (parse(readFileSync(join(source, 'rules', name), 'utf8')) as RuleFile).groups.flatMap((group) => group.rules),
);

describe.skipIf(isMissing('promtool'))('The files for Prometheus', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wk-prometheus-'));
    cpSync(source, folder, { recursive: true });
    for (const name of ['viewer-key', 'editor-key']) writeFileSync(join(folder, name), 'wk_key\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are taken by promtool', async () => {
    const { code, stdout, stderr } = await run('promtool', ['check', 'config', join(folder, 'prometheus.yml')]);
    expect([code, stderr], stdout).toEqual([0, '']);
    expect(stdout).toContain(`${names.length} rule files found`);
    const checked = await run('promtool', ['check', 'rules', ...names.map((name) => join(folder, 'rules', name))]);
    expect([checked.code, checked.stderr], checked.stdout).toEqual([0, '']);
    const found = [...checked.stdout.matchAll(/(\d+) rules found/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    expect(found).toBe(rules.length);
  });

  it('have rules that hold their unit tests, every one of them tested', async () => {
    const tests = names.map((name) => join(folder, 'tests', name));
    const { code, stdout, stderr } = await run('promtool', ['test', 'rules', ...tests]);
    expect([code, stderr], stdout).toEqual([0, '']);
    const tested = tests.map((file) => readFileSync(file, 'utf8')).join('\n');
    for (const { record, alert } of rules)
      expect(tested).toMatch(
        new RegExp(alert === undefined ? `expr: ${record}` : `alertname: ${alert}\n[^]*exp_alerts`),
      );
  });
});

describe.skipIf(isMissing('promtool'))('The real Prometheus with these files', () => {
  let folder = '';
  let server: RunningServer;
  let shop: ServerProcess;
  let shopPort = 0;
  let prometheus: Prometheus;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wk-prometheus-'));
    cpSync(source, folder, { recursive: true });
    const healthPort = await freePort();
    shopPort = await freePort();
    server = await RunningServer.start('--demo', '--health-listen', `127.0.0.1:${healthPort}`);
    for (const role of ['viewer', 'editor']) {
      const { stdout } = await server.wk('--json', 'key', 'create', '--name', `Prometheus (${role})`, '--role', role);
      writeFileSync(join(folder, `${role}-key`), (JSON.parse(stdout) as { secret: string }).secret);
    }
    shop = startProcess(process.execPath, [shopFile], { env: { PORT: String(shopPort) } });
    await until('the shop', () =>
      fetch(`http://127.0.0.1:${shopPort}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    // The same files with other addresses and shorter times.
    const places: readonly (readonly [string | RegExp, string])[] = [
      ['127.0.0.1:7301', `127.0.0.1:${healthPort}`],
      [/127\.0\.0\.1:7300/g, `127.0.0.1:${server.port}`],
      ['127.0.0.1:3000', `127.0.0.1:${shopPort}`],
      ['https://example.org/', `http://127.0.0.1:${shopPort}/orders/7`],
      ['example.org:443', `127.0.0.1:${shopPort}`],
      [/(_interval): \w+/g, '$1: 1s'],
    ];
    const file = join(folder, 'prometheus.yml');
    const text = places.reduce((all, [from, to]) => all.replace(from, to), readFileSync(file, 'utf8'));
    writeFileSync(file, text);
    prometheus = await startPrometheus({ file });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await shop?.stop();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const answersTo = (question: string, withinMs?: number) =>
    until(
      question,
      async () => {
        const series = await prometheus.query(question);
        return series.length > 0 && series;
      },
      withinMs,
    );
  const labelsOf = async (question: string, label: string) =>
    (await answersTo(question)).map(({ metric }) => metric[label]).toSorted();

  it('reaches every target', async () => {
    await until('every target', async () => (await prometheus.query('up == 1')).length === 5);
    expect(await labelsOf('up', 'job')).toEqual(
      ['shop', 'watchkeeper', 'watchkeeper-monitors', 'watchkeeper-probe', 'watchkeeper-probe'].toSorted(),
    );
  });

  it('knows what Watchkeeper tells of itself', async () => {
    await answersTo('watchkeeper_log_events_total > 0');
    await answersTo('rate(watchkeeper_scheduler_checks_total[30s]) > 0');
    expect(await labelsOf('sum by (reader) (watchkeeper_reader_lag_events)', 'reader')).toContain('processor');
  });

  it('has its targets probed, each by its module', async () => {
    expect(await labelsOf('probe_success == 1', 'instance')).toEqual(
      [`127.0.0.1:${shopPort}`, `http://127.0.0.1:${shopPort}/orders/7`].toSorted(),
    );
    expect(await labelsOf('probe_success == 1', 'module')).toEqual(['http_2xx', 'tcp_connect']);
    expect((await answersTo('probe_http_status_code'))[0]?.value?.[1]).toBe('200');
    await answersTo('sum(probe_http_duration_seconds) < 1');
    const [steady] = await answersTo('min(instance_module:probe_success:avg_5m)');
    expect(steady?.value?.[1]).toBe('1');
  });

  it('measures the application by its route', async () => {
    const question = 'http_requests_total{job="shop", route="/orders/:id"} > 2';
    expect(await labelsOf(question, 'status')).toEqual(['200']);
    await answersTo('job_route:http_requests:rate5m{job="shop", route="/orders/:id"} > 0');
    await answersTo('job_route:http_request_duration_seconds:p95_5m{job="shop"} < 1');
    await answersTo('job:http_requests_failed:ratio_rate5m{job="shop"} == 0');
  });

  it('notices that the application has ended', async () => {
    await shop.stop();
    await answersTo('ALERTS{alertname="TargetFails", alertstate="pending", module="http_2xx"}');
    const [reason] = await answersTo('watchkeeper_probe_reason_info{module="tcp_connect"}');
    expect(reason?.metric).toMatchObject({ outcome: 'failed', reason: 'connect_refused' });
  });

  it('knows what monitors saw, once a minute is whole', async () => {
    const question = 'environment_zone_service:monitors_failed:ratio{service="shop", environment="production"}';
    const series = await answersTo(question, 110_000);
    expect(series.map(({ metric, value }) => [metric.zone, value?.[1]]).toSorted()).toEqual([
      ['amsterdam', '0'],
      ['frankfurt', '0'],
    ]);
    expect(await labelsOf('environment_zone_service:monitors_checks:sum > 0', 'service')).toContain('payments');
  });
});
