import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Alert, AlertNotification, MonitorChecks, MonitorStatus, Overview } from '@watchkeeper/model';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Nginx } from './nginx.ts';
import { RunningServer, run, until } from './running-server.ts';

const missing = (process.env.WK_MISSING_PROGRAMS ?? '')
  .split(' ')
  .filter((name) => name === 'chromium' || name === 'nginx');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The story of a stranger: start, sign in, see the demo, watch a website of one's own break and recover. */
describe.skipIf(missing.length > 0)('The first day with Watchkeeper', () => {
  let server: RunningServer;
  let nginx: Nginx;
  let hook: Server;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let hookUrl = '';
  const told: AlertNotification[] = [];
  const complaints: string[] = [];
  let monitorId = '';

  beforeAll(async () => {
    hook = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        told.push(JSON.parse(body) as AlertNotification);
        response.end();
      });
    });
    await new Promise<void>((done) => hook.listen(0, '127.0.0.1', done));
    hookUrl = `http://127.0.0.1:${(hook.address() as { port: number }).port}/`;
    nginx = await Nginx.open();
    server = await RunningServer.start('--demo');
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (
        message.type() === 'error' &&
        !/ERR_CONNECTION_REFUSED|Failed to load resource|ERR_EMPTY_RESPONSE/.test(message.text())
      )
        complaints.push(message.text());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await nginx?.close();
    await new Promise((done) => hook.close(done));
  });

  it('the sign-in link leads to the overview, once', async () => {
    await page.goto(server.link);
    await page.waitForURL(`${server.url}/`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(page.url()).not.toContain('token');
    const second = await browser.newContext();
    const other = await second.newPage();
    await other.goto(server.link);
    await other.getByText('used up', { exact: false }).first().waitFor();
    await second.close();
  });

  it('the demo’s answers arrive live, and one service fails and recovers within three minutes', async () => {
    await page.getByText(/^Live/).first().waitFor();
    await page.getByText('Search is degraded in Production', { exact: false }).first().waitFor({ timeout: 60_000 });
    const stateOf = async () => {
      const overview = await server.api<Overview>('/api/v1/overview');
      return overview.services
        .find(({ name }) => name === 'payments')
        ?.cells.find(({ environment }) => environment === 'production')?.state;
    };
    const seen = new Set<string | undefined>();
    await until(
      'payments to fail and to recover',
      async () => {
        const state = await stateOf();
        if (state === 'failed') seen.add('failed');
        if (state === 'ok' && seen.has('failed')) seen.add('recovered');
        return seen.has('recovered');
      },
      185_000,
    );
    await page.getByText('Payments is OK again in Production').first().waitFor({ timeout: 20_000 });
  }, 200_000);

  it('a webhook is told through the command line that all is set up', async () => {
    const file = join(server.dataDir, 'channel.yaml');
    writeFileSync(file, `name: hook\ntype: webhook\noptions:\n  url: ${hookUrl}\nservices: [website]\ngroupWait: 0s\n`);
    const put = await server.wk('alert', 'channel', 'put', '-f', file);
    expect(put.stdout, put.stderr).toContain('Channel "hook" has version 1 now');
    const test = await server.wk('alert', 'test', 'hook');
    expect([test.code, test.stdout.includes('Delivered')]).toEqual([0, true]);
    expect(told.splice(0)[0]).toMatchObject({ kind: 'test' });
  });

  it('a monitor of a real website is tested and made in the form', async () => {
    await page.goto(`${server.url}/monitors/new`);
    await page.getByLabel('Name', { exact: true }).fill('Website of ours');
    await page.getByLabel('Service', { exact: true }).fill('website');
    await page.getByLabel('Environment', { exact: true }).and(page.locator('input')).fill('production');
    await page.getByLabel(/^Address/).fill(nginx.url);
    await page.getByLabel('Every', { exact: true }).fill('2s');
    await page.getByLabel('Timeout', { exact: true }).fill('1s');
    await page.getByLabel('Conditions', { exact: true }).fill('status in 200..299\nbody contains "shop');
    await page.getByText(/Line 2, column \d+/).waitFor();
    await page.getByLabel('Conditions', { exact: true }).fill('status in 200..299\nbody contains "shop"');
    await page.getByRole('button', { name: 'Test from all zones' }).click();
    await page.getByText('What the zones see').waitFor();
    await page.locator('.zone').getByText('OK', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Create monitor' }).click();
    await page.waitForURL(/\/monitors\/[0-9a-f-]{36}$/);
    monitorId = page.url().split('/').pop() ?? '';
    await page.getByText(/^OK for/).waitFor({ timeout: 20_000 });
  });

  it('when the website stops, within one interval it is failed, since when and why, and the webhook is told', async () => {
    const stoppedMs = Date.now();
    await nginx.stop();
    const status = await until('the failure', async () => {
      const found = await server.api<MonitorStatus>(`/api/v1/monitors/${monitorId}/status`);
      return found.state === 'failed' && found;
    });
    const lateMs = Date.now() - stoppedMs;
    expect(status.reason).toBe('connect_refused');
    expect(Date.parse(status.since ?? '')).toBeGreaterThanOrEqual(stoppedMs - 1000);
    // One interval of 2 s, the check itself, and the way through the log.
    expect(lateMs).toBeLessThan(3500);
    await page.getByText(/^Failing for/).waitFor({ timeout: 5000 });
    await page.getByText('Connection refused').first().waitFor();
    await until('the webhook', async () => told.some(({ kind }) => kind === 'opened'));
    expect(told.find(({ kind }) => kind === 'opened')).toMatchObject({
      title: 'website in production has failed',
      alerts: [{ service: 'website', reason: 'connect_refused', monitors: [{ id: monitorId }] }],
    });
  });

  it('each failed attempt is a mark on the chart and a row of the table', async () => {
    const failed = async () => {
      const checks = await server.api<MonitorChecks>(`/api/v1/monitors/${monitorId}/checks`);
      return checks.zones.flatMap(({ outcome }) => outcome).filter((outcome) => outcome === 'failed').length;
    };
    await until('three failed checks', async () => (await failed()) >= 3);
    await page.getByRole('button', { name: 'Failed', exact: true }).click();
    await until('rows of failed checks', async () => (await page.locator('.latest tbody tr').count()) >= 3);
    const label = await page.locator('.plot canvas[role=img]').getAttribute('aria-label');
    expect(Number(/(\d+) failed/.exec(label ?? '')?.[1])).toBeGreaterThanOrEqual(3);
    await page.getByRole('button', { name: 'All', exact: true }).click();
  });

  it('the command line and curl see the same', async () => {
    const status = await server.wk('monitor', 'status', 'Website of ours');
    expect(status.stdout).toMatch(/Website of ours: Failed since .*could not be reached/);
    const list = await server.wk('--json', 'monitor', 'list', '--state', 'failed');
    expect(JSON.parse(list.stdout)).toMatchObject({ items: [{ monitor: { name: 'Website of ours' } }] });
    const curl = await run('curl', [
      '-sf',
      '-H',
      `authorization: Bearer ${server.key}`,
      `${server.url}/api/v1/alerts?open=true&service=website`,
    ]);
    const [alert] = (JSON.parse(curl.stdout) as { items: Alert[] }).items;
    expect(alert?.state).toBe('failed');
    expect(alert?.deliveries.find(({ channel }) => channel === 'hook')).toMatchObject({ kind: 'opened', attempts: 1 });
    const events = await server.wk('event', 'list', '--service', 'website', '--outcome', 'failed', '--limit', '2');
    expect(events.stdout.trim().split('\n').length).toBe(2);
  });

  it('when it starts again it is OK again, on the page, at the webhook and at the command line', async () => {
    await nginx.start();
    await page.getByText(/^OK for/).waitFor({ timeout: 10_000 });
    await until('the webhook', async () => told.some(({ kind }) => kind === 'resolved'));
    expect(told.map(({ kind }) => kind)).toEqual(['opened', 'resolved']);
    expect((await server.wk('monitor', 'status', 'Website of ours')).stdout).toContain('Website of ours: OK');
    const stats = await server.wk('--json', 'stats', 'Website of ours');
    const answers = (JSON.parse(stats.stdout) as { data: Record<string, number> }[]).flatMap(({ data }) =>
      Object.keys(data),
    );
    expect(answers).toContain('200');
    expect(answers).toContain('connect_refused');
  });

  it('the same through the command line and through curl, from making the monitor to its recovery', async () => {
    const site = await Nginx.open();
    try {
      const file = join(server.dataDir, 'channel.yaml');
      const services = '[website, by-command-line, by-curl]';
      writeFileSync(
        file,
        `name: hook\ntype: webhook\noptions:\n  url: ${hookUrl}\nservices: ${services}\ngroupWait: 0s\n`,
      );
      await server.wk('alert', 'channel', 'put', '-f', file);
      told.splice(0);
      const where = ['--environment', 'production', '--url', site.url, '--interval', '1s'];
      const made = await server.wk('monitor', 'create', '--name', 'One', '--service', 'by-command-line', ...where);
      expect(made.code, made.stderr).toBe(0);
      const curl = (...args: string[]) => run('curl', ['-s', '-H', `authorization: Bearer ${server.key}`, ...args]);
      const body = {
        ...{ name: 'Two', service: 'by-curl', environment: 'production', type: 'http', interval: '1s' },
        options: { url: site.url },
      };
      const json = ['-H', 'content-type: application/json', '-d', JSON.stringify(body)];
      const { id } = JSON.parse((await curl(...json, `${server.url}/api/v1/monitors`)).stdout) as { id: string };
      const statusOfOne = async () => (await server.wk('monitor', 'status', 'One')).stdout;
      const statusOfTwo = async () =>
        JSON.parse((await curl(`${server.url}/api/v1/monitors/${id}/status`)).stdout) as MonitorStatus;
      const servicesTold = (kind: string) =>
        told
          .filter((notification) => notification.kind === kind)
          .flatMap(({ alerts }) => alerts.map(({ service }) => service));

      await until(
        'both to be OK',
        async () => (await statusOfOne()).includes('One: OK') && (await statusOfTwo()).state === 'ok',
      );
      await site.stop();
      await until(
        'both to fail',
        async () => (await statusOfOne()).includes('One: Failed since') && (await statusOfTwo()).state === 'failed',
      );
      expect(await statusOfTwo()).toMatchObject({ reason: 'connect_refused', since: expect.stringMatching(/^20/) });
      await until('both to be told', async () => servicesTold('opened').length === 2);
      await site.start();
      await until(
        'both to recover',
        async () => (await statusOfOne()).includes('One: OK') && (await statusOfTwo()).state === 'ok',
      );
      await until('both ends to be told', async () => servicesTold('resolved').length === 2);
      expect([...servicesTold('opened')].sort()).toEqual(['by-command-line', 'by-curl']);
      expect((await server.wk('monitor', 'delete', 'One')).code).toBe(0);
      const deleted = await curl(
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '-X',
        'DELETE',
        `${server.url}/api/v1/monitors/${id}`,
      );
      expect(deleted.stdout).toBe('204');
    } finally {
      await site.close();
    }
  }, 60_000);

  it('a server that is killed comes back by a plain start, and the open page by itself', async () => {
    await page.goto(`${server.url}/`);
    await page.getByText(/^Live/).first().waitFor();
    await server.signal('SIGKILL');
    await page
      .getByText(/Not live since/)
      .first()
      .waitFor({ timeout: 15_000 });
    const seconds = await server.start();
    expect(seconds).toBeLessThan(5);
    await page.getByText(/^Live/).first().waitFor({ timeout: 20_000 });
    expect((await server.wk('doctor')).stdout).toContain('key works');
  });

  it('every page is free of barriers that a program can find, light and dark, wide and narrow', async () => {
    const pages = [
      '/',
      '/monitors',
      `/monitors/${monitorId}`,
      '/monitors/new',
      '/settings/keys',
      '/settings/alerts',
      '/settings/changes',
      '/system/processes',
      '/explore',
      '/explore?metric=monitor.checked',
    ];
    for (const theme of ['light', 'dark'] as const) {
      await page.evaluate((name) => localStorage.setItem('wk-theme', name), theme);
      for (const [width, height] of [
        [1440, 900],
        [390, 844],
      ] as const) {
        await page.setViewportSize({ width, height });
        for (const path of pages) {
          await page.goto(server.url + path);
          await page.getByRole('heading', { level: 1 }).first().waitFor();
          await page.evaluate(axe);
          const found = await page.evaluate(async () => {
            const { axe: library } = globalThis as unknown as {
              axe: { run(options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> };
            };
            const result = await library.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
            return result.violations.map(({ id, nodes }) => `${id} ${nodes[0]?.target.join(' ')}`);
          });
          expect([path, theme, width, found]).toEqual([path, theme, width, []]);
          const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          expect([path, width, overflow]).toEqual([path, width, 0]);
        }
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it('an operator without a key gets in by the database, beside the running server', async () => {
    const made = await server.wk('--json', 'db', 'login-link');
    expect(made.code, made.stderr).toBe(0);
    const operator = await browser.newContext();
    const own = await operator.newPage();
    await own.goto(`${server.url}/login${new URL((JSON.parse(made.stdout) as { url: string }).url).hash}`);
    await own.waitForURL(`${server.url}/`);
    await operator.close();
  });

  it('a reader sees no button that changes anything', async () => {
    const link = await server.wk('--json', 'login-link', '--role', 'viewer');
    const reader = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const own = await reader.newPage();
    await own.goto((JSON.parse(link.stdout) as { url: string }).url);
    await own.waitForURL(`${server.url}/`);
    await own.goto(`${server.url}/monitors/${monitorId}`);
    await own.getByRole('heading', { name: 'Website of ours' }).waitFor();
    for (const name of ['Run now', 'Pause', 'Delete', 'Edit'])
      expect((await own.getByRole('button', { name }).count()) + (await own.getByRole('link', { name }).count())).toBe(
        0,
      );
    await own.goto(`${server.url}/settings/keys`);
    await own.getByText('the role admin is needed').waitFor();
    await reader.close();
  });

  it('the monitor is found, paused and deleted with the keyboard alone', async () => {
    await page.goto(`${server.url}/`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('of ours');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=of/);
    await page.locator('[data-row]').first().waitFor();
    await page.locator('body').click({ position: { x: 700, y: 880 } });
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(monitorId));
    await page.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Start' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Delete the monitor' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/monitors$/);
    const gone = await server.wk('monitor', 'status', monitorId);
    expect([gone.code, gone.stderr.includes('not_found')]).toEqual([66, true]);
  });

  it('the browser had nothing to complain about', () => expect(complaints).toEqual([]));
});
