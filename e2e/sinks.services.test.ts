import type { QueryResult, Sink } from '@watchkeeper/model';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InfluxDb, startInfluxDb } from '../scripts/servers/influxdb.ts';
import { pageFlaws } from './page-flaws.ts';
import { RunningServer, run, until } from './running-server.ts';

const missing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ');
const isMissing = missing.includes('chromium') || missing.includes('influxd');
const program = new URL('../apps/cli/bin/watchkeeper.mjs', import.meta.url).pathname;

/** The product as a user starts it, beside a real InfluxDB. */
describe.skipIf(isMissing)('Events are sent on', () => {
  let server: RunningServer;
  let influx: InfluxDb;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    influx = await startInfluxDb('wk');
    server = await RunningServer.start('--demo');
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(server.link);
    await page.waitForURL(`${server.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await influx?.stop();
  });

  const sink = (name: string) => server.api<Sink>(`/api/v1/sinks/${name}`);
  const put = (yaml: string) =>
    run(process.execPath, [program, '--data-dir', server.dataDir, 'sink', 'put', '-f', '-'], { input: yaml });

  it('to InfluxDB by a few lines, and it has the same totals as the store', async () => {
    const made = await put(`
name: influx
type: influxdb
options: { url: "${influx.url}", database: wk }
events: { names: [monitor.checked] }
begin: oldest
batchWait: 200ms
`);
    expect(made.stdout, made.stderr).toMatch(/Sink "influx" has version 1 now/);
    await until('some events', async () => (await sink('influx')).status.forwarded > 30);
    const [from, to] = [new Date(Date.now() - 3_600_000), new Date(Date.now() - 1000)].map((at) => at.toISOString());
    await until('what happened before that', async () => ((await sink('influx')).status.lagMs ?? 9999) < 500);
    const response = await fetch(`${server.url}/api/v1/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        events: 'monitor.checked',
        from,
        to,
        groupBy: ['service'],
        aggregates: ['count', 'sum(durationMs)'],
      }),
    });
    const { rows } = (await response.json()) as QueryResult;
    const there = await influx.series(
      `select sum(events), sum(durationMs) from "monitor.checked" where time >= '${from}' and time < '${to}' group by service`,
      'wk',
    );
    const ours = rows.map(({ group, values }) => [group.service, values.count, round(values['sum(durationMs)'])]);
    const theirs = there.map(({ tags, values }) => [tags?.service, values[0]?.[1], round(values[0]?.[2])]);
    expect(ours.length).toBeGreaterThan(1);
    expect(theirs).toEqual(ours);
  });

  it('an outage shows on the command line and in the browser, with why and how far behind; then it catches up', async () => {
    await influx.kill();
    await until('the failure', async () => (await sink('influx')).status.state === 'failing');
    const listed = await server.wk('sink', 'list');
    expect(listed.stdout).toMatch(/influx +influxdb +monitor\.checked +failing .*ECONNREFUSED/);
    await page.goto(`${server.url}/system/processes`);
    const row = page.getByRole('row', { name: /^influx/ });
    await row.getByText(/failing since/).waitFor();
    await row.getByText(/ECONNREFUSED/).waitFor();
    await influx.restart();
    await row.getByText('forwarding').waitFor({ timeout: 30_000 });
    expect((await sink('influx')).status).toMatchObject({ refused: 0, skipped: 0, lastError: null });
  });

  it('a sink is made, changed and deleted in the browser, its fields made from its type', async () => {
    await page.goto(`${server.url}/settings/sinks`);
    await page.getByRole('button', { name: 'New sink' }).click();
    await page
      .getByLabel(/^Name(?!s)/)
      .first()
      .fill('files');
    await page.getByLabel('Type').selectOption('file');
    await page.getByLabel(/^Folder/).fill('../up');
    await page.getByRole('button', { name: 'Make the sink' }).click();
    await page
      .getByText(/must match|is not/)
      .first()
      .waitFor();
    await page.getByLabel(/^Folder/).fill('kept');
    await page.getByLabel('What', { exact: true }).selectOption('monitors');
    await page.getByLabel('Periods of').selectOption('1h');
    await page.getByLabel('What', { exact: true }).selectOption('');
    await page.getByLabel(/^Names of events/).fill('monitor.*');
    await page.getByLabel(/^Only with/).fill('service: shop, search');
    await page.getByRole('button', { name: 'Make the sink' }).click();
    await page.getByRole('row', { name: /^files/ }).waitFor();
    expect(await sink('files')).toMatchObject({
      ...{ type: 'file', options: { folder: 'kept', files: 10 }, rollup: null, paused: false },
      events: { names: ['monitor.*'], where: { service: ['shop', 'search'] } },
    });
    await until('lines in the files', async () => (await sink('files')).status.forwarded > 0);
    await page
      .getByRole('row', { name: /^files/ })
      .getByRole('button', { name: 'Edit' })
      .click();
    await page.getByLabel(/^Paused/).check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page
      .getByRole('row', { name: /^files/ })
      .getByText('paused')
      .waitFor();
    await page
      .getByRole('row', { name: /^files/ })
      .getByRole('button', { name: 'Delete' })
      .click();
    await page.getByRole('button', { name: 'Delete the sink' }).click();
    await page.getByRole('row', { name: /^files/ }).waitFor({ state: 'detached' });
  });

  it('a target that wants a key is told of, and nothing counts as refused', async () => {
    const made = await put(`
name: locked
type: webhook
options: { url: "${server.url}/api/v1/check-runs" }
`);
    expect(made.stdout, made.stderr).toMatch(/version 1/);
    await until('a failure', async () => (await sink('locked')).status.state === 'failing');
    expect((await sink('locked')).status.lastError).toMatch(/answered 401/);
    expect((await server.wk('sink', 'refusals', 'locked')).stdout).toMatch(/Nothing was refused/);
    expect((await server.wk('sink', 'delete', 'locked')).stdout).toMatch(/Deleted sink "locked"/);
  });

  it('the pages have no flaw that axe finds, in both themes, and nothing went wrong in the browser', async () => {
    await page.goto(`${server.url}/settings/sinks`);
    const flaws = await pageFlaws(page, async () => {
      await page.getByRole('button', { name: 'New sink' }).click();
      await page.getByRole('dialog').getByLabel('Type').waitFor();
    });
    expect(flaws).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

const round = (value: unknown) => Math.round(Number(value) * 1000);
