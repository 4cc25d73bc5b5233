import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ProcessList } from '@watchkeeper/model';
import { insertDeadLetters, openSession } from '@watchkeeper/store';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningServer, until } from './running-server.ts';

const isMissing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').includes('chromium');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Two processes on one database; one is killed while somebody watches. */
describe.skipIf(isMissing)('The page of processes', () => {
  let first: RunningServer;
  let second: RunningServer;
  let browser: Browser;
  let page: Page;
  let address = '';
  const complaints: string[] = [];

  beforeAll(async () => {
    first = await RunningServer.start('--demo');
    const password = readFileSync(join(first.dataDir, 'postgres.password'), 'utf8');
    address = `postgres://watchkeeper:${password}@/watchkeeper?host=${join(first.dataDir, 'run')}`;
    second = await RunningServer.start('--roles', 'processor,health', '--database-url', address);
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(first.link);
    await page.waitForURL(`${first.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await second?.close();
    await first?.close();
  });

  const list = () => first.api<ProcessList>('/api/v1/processes');
  const nameOf = ({ host, pid }: { host: string; pid: number }) => `${host}/${pid}`;

  it('is reached by keyboard and shows both processes, what each reads, and how far readers are behind', async () => {
    const { items } = await until('both to share the partitions', async () => {
      const found = await list();
      const reads = found.items.map(({ id }) => found.readers.filter(({ holder }) => holder === id).length);
      return reads.length === 2 && reads.every((count) => count > 0) && found;
    });
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('y');
    await page.waitForURL(/\/system\/processes$/);
    await page.getByRole('heading', { name: /^Everything is read/ }).waitFor();
    for (const item of items) await page.getByText(nameOf(item), { exact: true }).first().waitFor();
    const slider = page.getByRole('slider', { name: /that processor has not read/ });
    await until('two points of the history', async () => (await slider.getAttribute('max')) !== '0');
    await slider.focus();
    await page.keyboard.press('ArrowLeft');
    await page
      .getByText(/^\d\d:\d\d:\d\d: (none|\d+ events?)/)
      .first()
      .waitFor();
    await page.locator('h1').click();
  });

  it('the command line shows the same', async () => {
    const { items } = await list();
    const shown = await first.wk('process', 'list');
    for (const item of items) expect(shown.stdout).toMatch(new RegExp(`${nameOf(item)} +Running`));
    expect(shown.stdout).toMatch(/Everything is read|is behind/);
    const json = JSON.parse((await first.wk('--json', 'process', 'list')).stdout) as ProcessList;
    expect(json.items.map(({ id }) => id)).toEqual(items.map(({ id }) => id));
    const doctor = await first.wk('doctor');
    expect(doctor.stdout).toContain('every partition of the event log is read');
    expect(doctor.stdout).toMatch(/processes +2 running/);
  });

  it('when one is killed, it is silent within 15 s, and the other one reads its partitions', async () => {
    const { items } = await list();
    const killed = items.find(({ roles }) => !roles.includes('api')) ?? items[0];
    const other = items.find(({ roles }) => roles.includes('api')) ?? items[0];
    if (killed === undefined || other === undefined) throw new Error('two processes were expected');
    const killedMs = performance.now();
    await second.signal('SIGKILL');
    const silent = page
      .getByRole('row')
      .filter({ hasText: nameOf(killed) })
      .filter({ hasText: 'Silent' });
    await silent.waitFor({ timeout: 15_000 });
    expect(performance.now() - killedMs).toBeLessThan(15_000);
    await silent.filter({ hasText: `its work is done by ${nameOf(other)}` }).waitFor({ timeout: 10_000 });
    await page.getByRole('heading', { name: /^Everything is read/ }).waitFor({ timeout: 10_000 });
    await page.getByText(`${nameOf(killed)} fell silent`, { exact: false }).waitFor();
    const doctor = await first.wk('doctor');
    expect(doctor.stdout).toContain(`1 running; ${nameOf(killed)} fell silent and others took over`);
    expect(doctor.code).toBe(0);
    expect((await first.wk('process', 'list')).stdout).toContain(`Silent, its work is done by ${nameOf(other)}`);
  });

  it('what could not be taken is in sight: on the page, in the command line, in the metrics', async () => {
    expect(await page.getByRole('heading', { name: 'Dead letters' }).count()).toBe(0);
    const session = await openSession({ connectionString: address });
    const letter = { tenantId: null, origin: 'kafka events/3 at 1204', eventIndex: null, sizeBytes: 5, body: 'hello' };
    const why = { reason: 'validation_failed', message: 'the message is no JSON' };
    await session.write((_tx, client) => insertDeadLetters(client, [{ ...letter, ...why }]));
    await session.close();
    await page.reload();
    await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
    await page.getByRole('region', { name: 'Dead letters' }).getByText('the message is no JSON').waitFor();
    await page.getByRole('link', { name: /Some messages could not be taken/ }).waitFor();
    await page.getByRole('link', { name: 'see dead letters' }).click();
    await page.getByText('Body, 5 bytes').click();
    await page.getByText('hello', { exact: true }).waitFor();
    const shown = await first.wk('dead-letter', 'list');
    expect(shown.stdout).toMatch(/validation_failed +kafka events\/3 at 1204 +the message is no JSON/);
    expect(JSON.parse((await first.wk('--json', 'dead-letter', 'list')).stdout)).toMatchObject({
      items: [{ body: 'hello', reason: 'validation_failed' }],
      next: null,
    });
    const doctor = await first.wk('doctor');
    expect(doctor.stdout).toContain('1 within the last hour, the newest from kafka events/3 at 1204');
    expect(doctor.code).toBe(69);
    const metrics = await (await fetch(`${first.url}/metrics`)).text();
    expect(metrics).toMatch(/^watchkeeper_dead_letters_total 1$/m);
  });

  it('is free of barriers that a program can find, light and dark, wide and narrow', async () => {
    for (const theme of ['light', 'dark'] as const) {
      await page.evaluate((name) => localStorage.setItem('wk-theme', name), theme);
      for (const [width, height] of [
        [1440, 900],
        [390, 844],
        [320, 700],
      ] as const) {
        await page.setViewportSize({ width, height });
        await page.reload();
        await page.getByRole('slider').first().waitFor();
        await page.evaluate(axe);
        const found = await page.evaluate(async () => {
          const { axe: library } = globalThis as unknown as {
            axe: { run(options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> };
          };
          const result = await library.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
          return result.violations.map(({ id, nodes }) => `${id} ${nodes[0]?.target.join(' ')}`);
        });
        expect([theme, width, found]).toEqual([theme, width, []]);
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect([width, overflow]).toEqual([width, 0]);
      }
    }
  });

  it('a server that goes away leaves what was known, with its age, until it is back', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await first.signal('SIGKILL');
    await page
      .getByRole('alert')
      .getByText(/Shown is what was known at/)
      .waitFor({ timeout: 30_000 });
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    await page.getByRole('link', { name: /No answer.*As of \d\d:\d\d:\d\d/ }).waitFor({ timeout: 30_000 });
    await first.start();
    await page.getByText(/Shown is what was known at/).waitFor({ state: 'detached', timeout: 30_000 });
    await page.getByRole('heading', { name: /^Everything is read/ }).waitFor({ timeout: 30_000 });
    expect(complaints).toEqual([]);
  });
});
