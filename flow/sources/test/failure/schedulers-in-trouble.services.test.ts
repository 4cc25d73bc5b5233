import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { openEgress } from '@watchkeeper/guard';
import { type Clock, systemClock } from '@watchkeeper/kit';
import { defaultTenantId, ensurePlaces, insertMonitor, openStore, type Store } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../../scripts/servers/server-process.ts';
import { type RunningChild, startChild } from '../../../processor/test/faults/child-process.ts';
import { startOwnDatabase } from '../../../processor/test/faults/own-database.ts';
import { logger, openTestLog } from '../../../processor/test/log-on-test-database.ts';
import { EventSender, monitorTypes, startScheduler, storeSchedule } from '../../src/index.ts';

const program = fileURLToPath(new URL('./scheduler-child.ts', import.meta.url));
const monitors = 5;
/** How long a database stands still, seconds: longer than any lease here. */
const frozenSeconds = Number(process.env.WK_FROZEN_SECONDS ?? 6);

/** As many as there are, each checked every second from `fra`. */
async function insertMonitors(store: Store, url: string): Promise<void> {
  const options = { url, method: 'GET', headers: {}, followRedirects: true, maxRedirects: 5, maxBodyBytes: 1000 };
  await store.write(async (tx) => {
    await ensurePlaces(tx, defaultTenantId, { service: 'shop', environment: 'production' });
    for (let index = 0; index < monitors; index++) {
      const place = { service: 'shop', environment: 'production', zones: ['fra'], type: 'http' };
      const definition = {
        ...{ name: `monitor ${index}`, ...place, target: url, intervalMs: 1000, timeoutMs: 500, retries: 0 },
        options: { ...options, tls: { verify: true, minVersion: 'TLSv1.2' } },
        ...{ assertions: [], labels: {}, paused: false },
      };
      await insertMonitor(tx, defaultTenantId, definition, false);
    }
  });
}

describe('Schedulers of five monitors that are checked every second', () => {
  let under: Awaited<ReturnType<typeof openTestLog>>;
  let server: Server;
  let asked: number;
  const children: RunningChild[] = [];

  beforeEach(async () => {
    under = await openTestLog(1);
    asked = 0;
    server = createServer((_request, response) => {
      asked += 1;
      response.end('x');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    await insertMonitors(under.store, url());
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.end('SIGKILL')));
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await under.close();
  });

  const url = () => `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const start = (holder: string) => {
    const args = [JSON.stringify(under.database.connection), holder];
    const child = startChild(program, args, { onLine: () => undefined });
    children.push(child);
    return child;
  };
  const held = async () => {
    const { rows } = await sql<{ holder: string; epoch: number }>`
      select holder, epoch from leases where name = 'scheduler/fra' and expires_at > clock_timestamp()`.execute(
      under.store.db,
    );
    return rows[0];
  };
  const toHold = (holder: string) =>
    until(`${holder} to watch`, async () => (await held())?.holder === holder, { withinMs: 10_000, everyMs: 20 });
  /** Every result has its slot, and every slot one result. */
  const counts = async (store = under.store) => {
    const { rows } = await sql<{ results: number; slots: number }>`
      select (select count(*) from events)::integer as results, (select count(*) from check_slots)::integer as slots`.execute(
      store.db,
    );
    return rows[0] as { results: number; slots: number };
  };
  const moreResults = async (during: string) => {
    const { results } = await counts();
    await until(`results ${during}`, async () => (await counts()).results >= results + monitors, { withinMs: 10_000 });
  };
  const expectEachSlotOnce = async (store = under.store) => {
    const { results, slots } = await counts(store);
    expect(results).toBe(slots);
  };

  it('go on while the database stands still, and afterwards every slot has its one result', async () => {
    const database = await startOwnDatabase();
    const store = openStore({ connection: database.connection, poolSize: 2 });
    const schedulers: RunningChild[] = [];
    try {
      await insertMonitors(store, url());
      for (const holder of ['first', 'second']) {
        schedulers.push(
          startChild(program, [JSON.stringify(database.connection), holder], { onLine: () => undefined }),
        );
        await until(`checks with ${holder} there`, () => asked >= monitors * schedulers.length);
      }
      const startedMs = performance.now();
      const before = asked;
      database.freeze();
      await until('checks all the time', () => asked >= before + monitors * frozenSeconds, {
        withinMs: (frozenSeconds + 2) * 1000,
      });
      database.thaw();
      const frozenMs = performance.now() - startedMs;
      const slots = async () => {
        const { rows } = await sql<{ results: number; first: Date; last: Date }>`
          select count(*)::integer as results, min(slot_at) as first, max(slot_at) as last
          from check_slots group by monitor_id`.execute(store.db);
        return rows.map(({ results, first, last }) => ({ results, first: first.getTime(), last: last.getTime() }));
      };
      const laterMs = Date.now() + 3000;
      await until('results of what came after', async () => (await slots()).every(({ last }) => last > laterMs));
      const seen = await slots();
      expect(seen).toHaveLength(monitors);
      for (const { results, first, last } of seen) {
        expect(last - first).toBeGreaterThan(frozenMs);
        expect(results).toBe((last - first) / 1000 + 1);
      }
      await expectEachSlotOnce(store);
    } finally {
      database.thaw();
      await Promise.all(schedulers.map((child) => child.end('SIGKILL')));
      await store.close();
      await database.remove();
    }
  });

  it('that are killed one after the other are replaced, and no slot has two results', async () => {
    let present = start('start-0');
    await toHold('start-0');
    for (let turn = 1; turn <= 3; turn++) {
      const next = start(`start-${turn}`);
      await moreResults(`of start ${turn - 1}`);
      await present.end('SIGKILL');
      await toHold(`start-${turn}`);
      present = next;
    }
    await moreResults('of the last one');
    await expectEachSlotOnce();
  });

  it('of which one is stopped and goes on after another has taken over: no slot has two results', async () => {
    const zombie = start('zombie');
    await toHold('zombie');
    await moreResults('before anything happens');
    zombie.signal('SIGSTOP');
    start('other');
    await toHold('other');
    await moreResults('while the first one is stopped');
    const askedBefore = asked;
    zombie.signal('SIGCONT');
    // The newest slots have begun as it goes on: it checks them before it knows that they are another's.
    await until('both to have checked', () => asked >= askedBefore + 2 * monitors, { withinMs: 10_000 });
    await moreResults('when the first one has gone on');
    expect((await held())?.holder).toBe('other');
    await expectEachSlotOnce();
  });

  it('go on evenly when the clock of their machine jumps by an hour, forth and back', async () => {
    const { store, eventLog, messages } = under;
    let offsetMs = 0;
    const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + offsetMs };
    const scheduler = startScheduler({
      source: storeSchedule({ store, messages, clock, logger, holder: 'jumps', leaseSeconds: 1 }),
      outlet: new EventSender({ eventLog, clock, logger, producer: 'scheduler/jumps', bufferEvents: 1000 }),
      ...{ clock, logger, zones: ['fra'], checksAtOnce: 50 },
      egress: openEgress({ policy: { private: 'allow', allow: [], deny: [] } }),
      monitorTypes,
      credential: () => undefined,
    });
    try {
      await toHold('jumps');
      await until('the first checks', () => asked >= monitors);
      for (const jumpMs of [3_600_000, -3_600_000, -3_600_000, 3_600_000]) {
        offsetMs += jumpMs;
        const [askedBefore, startedMs] = [asked, clock.nowMs()];
        await until(`checks after a jump of ${jumpMs} ms`, () => asked >= askedBefore + 3 * monitors, {
          ...{ withinMs: 8000, everyMs: 20 },
        });
        // Three seconds' worth; a jump forth may bring each monitor one slot at once.
        expect(clock.nowMs() - startedMs).toBeGreaterThan(1500);
      }
      // Leases go by the clock of the database: nobody else could have had it.
      expect((await held())?.epoch).toBe(1);
    } finally {
      await scheduler.drain();
    }
    await expectEachSlotOnce();
  });
});
