import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AlertNotification, AlertRule } from '@watchkeeper/model';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageFlaws } from './page-flaws.ts';
import { RunningServer, run, until } from './running-server.ts';

const missing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ');
const program = new URL('../apps/cli/bin/watchkeeper.mjs', import.meta.url).pathname;

/** The product as a user starts it; somebody sends what nobody has defined. */
describe.skipIf(missing.includes('chromium'))("Users' own metrics", () => {
  let server: RunningServer;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const taken: AlertNotification[] = [];
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      taken.push(JSON.parse(body) as AlertNotification);
      response.writeHead(200).end();
    });
  });

  beforeAll(async () => {
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
    server = await RunningServer.start();
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(server.link);
    await page.waitForURL(`${server.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  /** Orders that took so long, some seconds ago. */
  async function placed(shop: string, ms: number, agoS = 0): Promise<void> {
    const answer = await fetch(`${server.url}/write?db=watchkeeper&precision=ms`, {
      method: 'POST',
      headers: { authorization: `Token ${server.key}` },
      body: `order.placed,shop=${shop} durationMs=${ms} ${Date.now() - agoS * 1000}`,
    });
    expect(answer.status, await answer.text()).toBe(204);
  }
  const put = (kind: readonly string[], yaml: string) =>
    run(process.execPath, [program, '--data-dir', server.dataDir, ...kind, '-f', '-'], { input: yaml });

  it('are in the catalogue of the command line, with units and attributes', async () => {
    await placed('north', 900, 600);
    await placed('north', 12, 400);
    await placed('south', 15, 300);
    const list = await server.wk('catalogue', 'list');
    expect(list.stdout, list.stderr).toMatch(/order\.placed +2 .*durationMs \(ms\) +shop/);
    const one = await server.wk('catalogue', 'get', 'order.placed');
    expect(one.stdout).toMatch(/shop +2 +north, south/);
    expect((await server.wk('catalogue', 'attribute', 'order.placed', 'shop', '--q', 'NOR')).stdout).toBe('north\n');
    const said = await server.wk('catalogue', 'describe', 'order.placed', 'durationMs', '--unit', 'µs');
    expect(said.stdout).toMatch(/is in µs\./);
    expect((await server.wk('catalogue', 'describe', 'order.placed', 'durationMs')).stdout).toMatch(/is in ms, as its/);
    const asked = await server.wk(
      'event',
      'query',
      'count',
      'p95(durationMs)',
      '--events',
      'order.placed',
      '--group-by',
      'shop',
    );
    expect(asked.stdout, asked.stderr).toMatch(/south +1 +15/);
  });

  it('get an alert rule in the browser, which shows what it would have done', async () => {
    const { port } = receiver.address() as AddressInfo;
    const made = await put(
      ['alert', 'channel', 'put'],
      `{ name: hook, type: webhook, options: { url: "http://127.0.0.1:${port}/" }, groupWait: 0s }`,
    );
    expect(made.stdout, made.stderr).toMatch(/Channel "hook"/);
    await page.goto(`${server.url}/settings/alerts`);
    await page.getByRole('button', { name: 'New rule' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^Name \(/).fill('slow-orders');
    await dialog.getByLabel(/^Name of the events/).fill('order.placed');
    await dialog.getByText(/Values: durationMs\. Can be split by: .*shop/).waitFor();
    await dialog.getByLabel(/^What of them/).fill('max(durationMs)');
    await dialog.getByRole('button', { name: 'Make the rule' }).click();
    await dialog
      .getByText(/say when/)
      .first()
      .waitFor();
    await dialog.getByLabel('Alert above').fill('400');
    await dialog.getByLabel(/^Over/).fill('10s');
    await dialog.getByText('Groups, patience, channels').click();
    await dialog.getByLabel(/^An alert for each/).fill('shop');
    await dialog.getByRole('button', { name: 'What would it have done?' }).click();
    await dialog.getByText(/In the last hour, with 2 groups of events: 1 alert\./).waitFor();
    await dialog.getByText(/shop=north \(900\)/).waitFor();
    await dialog.getByRole('button', { name: 'Make the rule' }).click();
    const row = page.getByRole('row', { name: /^slow-orders/ });
    await row.getByText('max(durationMs) of order.placed over 10s above 400').waitFor();
    await row.getByText(/OK \(0 of \d\)|Not judged yet/).waitFor();
    expect(await server.api<AlertRule>('/api/v1/alert-rules/slow-orders')).toMatchObject({
      ...{ groupBy: ['shop'], above: 400, below: null, window: '10s', state: 'failed' },
    });
  });

  it('break it: the channel is told within seconds, and every page that shows alerts shows it, until it is over', async () => {
    await placed('south', 800);
    await until('the channel to be told', async () => taken.length === 1);
    expect(taken[0]?.title).toMatch(
      /^slow-orders \(shop=south\): max\(durationMs\) of order\.placed over 10s is 800, above 400/,
    );
    await page
      .getByRole('row', { name: /slow-orders \(shop=south\)/ })
      .getByText('hook')
      .waitFor({ timeout: 30_000 });
    expect((await server.wk('alert', 'list', '--open')).stdout).toMatch(/slow-orders \(shop=south\)/);
    await page.goto(`${server.url}/`);
    await page
      .getByRole('region', { name: 'Open alerts of rules' })
      .getByText('slow-orders (shop=south)')
      .first()
      .waitFor();
    await page.getByText('Told hook: slow-orders (shop=south) is failing').waitFor();
    await placed('south', 10);
    await until('the end to be told', async () => taken.length === 2);
    expect(taken[1]).toMatchObject({ kind: 'resolved', title: 'slow-orders (shop=south) is OK again' });
    await page.getByRole('region', { name: 'Open alerts of rules' }).waitFor({ state: 'detached' });
  });

  it('are judged by rules from files, tried before and deleted after', async () => {
    const rule = '{ name: silent, events: order.placed, aggregate: absent, window: 1h }';
    const tried = await put(['alert', 'rule', 'try'], rule);
    expect(tried.stdout, tried.stderr).toMatch(/Alert rule "silent", 1 group with events/);
    expect((await put(['alert', 'rule', 'put'], rule)).stdout).toMatch(/no event order\.placed for 1h/);
    expect((await server.wk('alert', 'rule', 'list')).stdout).toMatch(/silent +no event order\.placed for 1h/);
    await page.goto(`${server.url}/settings/alerts`);
    await page
      .getByRole('row', { name: /^silent/ })
      .getByRole('button', { name: 'Edit' })
      .click();
    await page
      .getByRole('dialog')
      .getByLabel(/^Paused/)
      .check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page
      .getByRole('row', { name: /^silent/ })
      .getByText('Paused')
      .waitFor();
    await page
      .getByRole('row', { name: /^silent/ })
      .getByRole('button', { name: 'Delete' })
      .click();
    await page.getByRole('button', { name: 'Delete the rule' }).click();
    await page.getByRole('row', { name: /^silent/ }).waitFor({ state: 'detached' });
    expect((await server.wk('alert', 'rule', 'delete', 'slow-orders')).stdout).toMatch(/Deleted alert rule/);
  });

  it('the pages have no flaw that axe finds, in both themes, and nothing went wrong in the browser', async () => {
    const flaws = await pageFlaws(page, async () => {
      await page.getByRole('button', { name: 'New rule' }).click();
      await page.getByRole('dialog').getByLabel('Alert above').waitFor();
    });
    expect(flaws).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
