import { hostname } from 'node:os';
import type { EventView, Overview, ProcessList, ProcessView } from '@watchkeeper/model';
import { compareRollups, openStore } from '@watchkeeper/store';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, clusterZones, startCluster } from '../scripts/cluster/cluster.ts';
import type { ClusterMember } from '../scripts/cluster/member.ts';
import { remoteZone } from '../scripts/cluster/remote-zone.ts';
import { CountingProducer } from './counting-producer.ts';
import { ReceivingTarget } from './receiving-target.ts';
import { until } from './running-server.ts';
import { StoredEvents } from './stored-events.ts';

const needed = ['chromium', 'java', 'mvn', 'postgres', 'rabbitmq-server'];
const missing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').filter((name) => needed.includes(name));

/** Longest time until the page says that somebody is gone, and until somebody else does the work, milliseconds. */
const noticeMs = 15_000;
/** A check that was under way when its scheduler died is lost with it: it began at most so long before, milliseconds. */
const checkMs = 5000;

interface Kill {
  /** Somebody else does its work at once. */
  readonly replaced?: boolean;
  /** Zones that it watches from. */
  readonly zones?: readonly string[];
  /** What the page says above everything else, while it is away. */
  readonly title?: string;
}

/** The whole product on Kafka, PostgreSQL and RabbitMQ: one process after the other is killed while somebody watches. */
describe.skipIf(missing.length > 0)('A cluster', { timeout: 60_000 }, () => {
  let cluster: Cluster;
  let browser: Browser;
  let page: Page;
  let overview: Page;
  let producer: CountingProducer;
  let target: ReceivingTarget;
  const complaints: string[] = [];
  /** States of Payments in production, in the order in which they were seen. */
  const payments: string[] = [];
  /** When nobody may have watched from a zone. */
  const outages: { readonly zones: readonly string[]; readonly fromMs: number; toMs: number }[] = [];
  /** Zones of the scheduler that is killed. */
  let takenOver: readonly string[] = [];
  let isOver = false;
  let watching: Promise<void> | undefined;

  beforeAll(async () => {
    cluster = await startCluster();
    target = await ReceivingTarget.start();
    await putSink();
    producer = new CountingProducer(cluster);
    watching = watchPayments();
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    overview = await context.newPage();
    page = await context.newPage();
    for (const one of [overview, page]) one.on('pageerror', (error) => complaints.push(error.message));
    await overview.goto(cluster.link);
    await overview.waitForURL(`${cluster.url}/`);
    await page.goto(`${cluster.url}/system/processes`);
  }, 240_000);
  afterAll(async () => {
    isOver = true;
    await watching;
    await browser?.close();
    await cluster?.stop();
    await target?.stop();
  }, 60_000);

  async function api<T>(path: string): Promise<T> {
    const response = await fetch(`${cluster.url}${path}`, { headers: { authorization: `Bearer ${cluster.key}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** What the counting producer sends goes on to the target. */
  async function putSink(): Promise<void> {
    const response = await fetch(`${cluster.url}/api/v1/sinks/target`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${cluster.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'target',
        type: 'webhook',
        options: { url: target.url },
        events: { names: ['door.opened'] },
        batchWait: '200ms',
      }),
    });
    expect(response.status, await response.text()).toBe(200);
  }

  async function watchPayments(): Promise<void> {
    while (!isOver) {
      const seen = await api<Overview>('/api/v1/overview').catch(() => undefined);
      const cells = seen?.services.find(({ name }) => name === 'payments')?.cells;
      const state = cells?.find(({ environment }) => environment === 'production')?.state;
      if (state !== undefined && payments.at(-1) !== state) payments.push(state);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  const member = (name: string) => {
    const found = [...cluster.members, ...cluster.engines].find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  const seenAs = async ({ process: { pid } }: ClusterMember): Promise<ProcessView> => {
    const { items } = await api<ProcessList>('/api/v1/processes');
    const found = items.find((item) => item.pid === pid);
    if (found === undefined) throw new Error(`the process ${pid} is not listed`);
    return found;
  };
  const zonesOf = ({ leases }: ProcessView) =>
    leases.filter((name) => name.startsWith('scheduler/')).map((name) => name.slice('scheduler/'.length));
  const rowOf = ({ process: { pid } }: ClusterMember) =>
    page.getByRole('row').filter({ has: page.getByText(`${hostname()}/${pid}`, { exact: true }) });

  /** Whether somebody checks from all these zones after that moment, and everything is counted and judged. */
  async function goesOn(afterMs: number, zones: readonly string[] = [...clusterZones, remoteZone]): Promise<boolean> {
    const newest = await Promise.all(
      zones.map((zone) => api<{ items: EventView[] }>(`/api/v1/events?zone=${zone}&name=monitor.checked&limit=1`)),
    );
    if (!newest.every(({ items }) => Date.parse(items[0]?.time ?? '') > afterMs)) return false;
    const { readers } = await api<ProcessList>('/api/v1/processes');
    return readers.every(({ holder, lagMs }) => holder !== null && (lagMs ?? 0) < 5000);
  }
  /** Events of this moment arrive from everywhere. */
  async function allGoOn(): Promise<void> {
    const afterMs = Date.now();
    await until('everything to go on', () => goesOn(afterMs), noticeMs + checkMs);
  }
  const isLive = () => overview.getByText(/^Live/).first().waitFor({ timeout: noticeMs });

  /** Kills a process of Watchkeeper: the page says that it is silent, others go on, and it comes back. */
  async function kill(victim: ClusterMember, { replaced = false, zones = [], title }: Kill = {}): Promise<void> {
    const row = rowOf(victim);
    await row.filter({ hasText: 'Running' }).waitFor();
    const killedMs = Date.now();
    await victim.process.stop('SIGKILL');
    const outage = { zones, fromMs: killedMs - checkMs, toMs: killedMs + noticeMs };
    outages.push(outage);
    await row.filter({ hasText: 'Silent' }).waitFor({ timeout: noticeMs });
    if (title !== undefined) await page.getByRole('heading', { name: title }).waitFor({ timeout: noticeMs });
    if (replaced) await row.filter({ hasText: 'its work is done by' }).waitFor({ timeout: noticeMs });
    const elsewhere = replaced ? undefined : zones;
    await until(
      `others to go on without ${victim.name}`,
      () =>
        goesOn(
          killedMs,
          [...clusterZones, remoteZone].filter((zone) => !elsewhere?.includes(zone)),
        ),
      Math.max(1, killedMs + noticeMs + checkMs - Date.now()),
    );
    await isLive();
    // Zones are shared out anew then, and no slot is left out: who takes one checks what has just begun.
    await victim.start();
    if (!replaced) outage.toMs = Math.max(outage.toMs, Date.now() + noticeMs);
    await rowOf(victim).filter({ hasText: 'Running' }).waitFor({ timeout: noticeMs });
  }

  it('plays the demo: answers arrive live, and the page shows every process', async () => {
    await overview.getByText('Search is degraded in Production', { exact: false }).first().waitFor();
    await isLive();
    for (const one of cluster.members) await rowOf(one).filter({ hasText: 'Running' }).waitFor();
    // Only root can give it a network of its own.
    if (process.getuid?.() === 0) expect(cluster.network).toHaveProperty('gateway');
    await rowOf(member('remote-scheduler')).filter({ hasText: 'remote' }).waitFor();
    await until('all partitions to be read', () => goesOn(0));
  });

  it('an API process is killed: another one answers at the same address', async () => {
    await kill(member('api-1'));
  });

  it('a processor is killed: the other one stores and counts its partitions', async () => {
    await kill(member('processor-1'), { replaced: true });
  });

  it('a health process is killed: the other one judges', async () => {
    await kill(member('health-2'), { replaced: true });
  });

  it('a forwarder is killed: the other one sends on what its partitions have', async () => {
    await kill(member('forwarder-1'), { replaced: true });
    const before = target.values.size;
    await until('events to be sent on', async () => target.values.size > before, noticeMs);
  });

  it('a scheduler is killed: the other one watches from its zones', async () => {
    takenOver = zonesOf(await seenAs(member('scheduler-1')));
    expect(takenOver).not.toEqual([]);
    await kill(member('scheduler-1'), { replaced: true, zones: takenOver });
  });

  it('the remote scheduler is killed: the page says that nobody watches from there, until it is back', async () => {
    await kill(member('remote-scheduler'), { zones: [remoteZone], title: `Nobody watches from ${remoteZone}` });
    await allGoOn();
  });

  it('a broker of Kafka is killed: the page says so, and nothing waits for it', async () => {
    await killEngine('kafka-2', /Kafka .*could not do this/);
  });

  it('RabbitMQ is killed: the page says so, and everything goes on without wake-ups', async () => {
    await killEngine('rabbitmq', /RabbitMQ|wake-up/);
  });

  /** Kills a server that can be done without: the page tells the reason beside those that miss it. */
  async function killEngine(name: string, reason: RegExp): Promise<void> {
    const victim = member(name);
    const said = page.getByText(/told of an error within a minute/).filter({ hasText: reason });
    await said.waitFor({ state: 'detached', timeout: 50_000 });
    await victim.process.stop('SIGKILL');
    await said.waitFor({ timeout: noticeMs });
    await allGoOn();
    await isLive();
    await victim.start();
    await allGoOn();
  }

  it('PostgreSQL is killed: the page shows what was known, and catches up when it is back', async () => {
    const victim = member('postgres');
    const killedMs = Date.now();
    await victim.process.stop('SIGKILL');
    await page
      .getByText(/Shown is what was known at/)
      .first()
      .waitFor({ timeout: noticeMs });
    await overview.getByRole('link', { name: /As of \d\d:\d\d:\d\d/ }).waitFor({ timeout: noticeMs });
    await victim.start();
    outages.push({ zones: clusterZones, fromMs: killedMs - checkMs, toMs: Date.now() + noticeMs });
    await allGoOn();
    await page.getByText(/Shown is what was known at/).waitFor({ state: 'detached', timeout: noticeMs });
    await isLive();
  });

  it('one service has failed and recovered meanwhile, and the page has told so', async () => {
    const hasRecovered = () => payments.slice(payments.indexOf('failed') + 1).includes('ok');
    await until('payments to fail and to recover', async () => payments.includes('failed') && hasRecovered(), 160_000);
    await overview.getByText('Payments is OK again in Production').first().waitFor({ timeout: 20_000 });
    expect(complaints).toEqual([]);
  }, 200_000);

  it('nothing is lost, nothing is counted twice, and the totals agree', async () => {
    const acknowledged = await producer.stop();
    expect(producer.repeated).toBeGreaterThan(0);
    const stored = await StoredEvents.open(cluster.databaseUrl);
    try {
      const wanted = Array.from({ length: acknowledged }, (_, index) => index + 1);
      await until('the last event', async () => (await stored.numbersFrom('counter')).length >= acknowledged);
      const numbers = await stored.numbersFrom('counter');
      // The last message may have been stored without an answer.
      expect(numbers.slice(0, acknowledged)).toEqual(wanted);
      expect(new Set(numbers).size).toBe(numbers.length);
      await until('the last event to be sent on', async () => target.values.size >= acknowledged, noticeMs);
      expect(wanted.filter((number) => !target.values.has(number))).toEqual([]);
      const { events, identities } = await stored.count();
      expect(identities).toBe(events);
      expect(await stored.brokenPartitions()).toEqual([]);
      const checks = await stored.checks();
      expect(checks).toHaveLength(7 * clusterZones.length + 2);
      expect(checks.filter(({ results, slots }) => results !== slots)).toEqual([]);
      const missed = await stored.missedSlots();
      // To take over from a scheduler takes longer than from one check to the next.
      expect(missed.some(({ zone }) => takenOver.includes(zone))).toBe(true);
      const unexplained = missed.filter(
        ({ zone, atMs }) =>
          !outages.some(({ zones, fromMs, toMs }) => zones.includes(zone) && atMs >= fromMs && atMs <= toMs),
      );
      expect(unexplained).toEqual([]);
    } finally {
      await stored.close();
    }
    const store = openStore({ connection: { connectionString: cluster.databaseUrl } });
    const { compared, differences } = await compareRollups(store.db);
    await store.close();
    expect(compared).toBeGreaterThan(20);
    expect(differences).toEqual([]);
  });
});
