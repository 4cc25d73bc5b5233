import { createServer, type Server } from 'node:http';
import { openEgress } from '@watchkeeper/guard';
import { systemClock } from '@watchkeeper/kit';
import {
  defaultTenantId,
  deleteMonitors,
  ensurePlaces,
  insertCheckRun,
  insertMonitor,
  type MonitorDefinition,
  monitorIds,
  readCheckRun,
  setMonitorsPaused,
} from '@watchkeeper/store';
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logger, openTestLog } from '../../processor/test/log-on-test-database.ts';
import {
  EventSender,
  monitorTypes,
  type Scheduler,
  slotOffsetMs,
  startScheduler,
  storeSchedule,
} from '../src/index.ts';

let under: Awaited<ReturnType<typeof openTestLog>>;
let server: Server;
let url = '';
let answer: { status: number; delayMs: number };
const asked: string[] = [];
const running: Scheduler[] = [];

beforeEach(async () => {
  under = await openTestLog(1);
  answer = { status: 200, delayMs: 0 };
  asked.length = 0;
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    setTimeout(() => response.writeHead(answer.status).end('x'), answer.delayMs);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((scheduler) => scheduler.drain()));
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await under.close();
});

function start(zones = ['fra'], holder: string = crypto.randomUUID(), checksAtOnce = 50): Scheduler {
  const { store, eventLog, messages } = under;
  const clock = systemClock;
  const scheduler = startScheduler({
    source: storeSchedule({ store, messages, clock, logger, holder, leaseSeconds: 1 }),
    outlet: new EventSender({ eventLog, clock, logger, producer: `scheduler/${holder}`, bufferEvents: 1000 }),
    ...{ clock, logger, zones, checksAtOnce },
    egress: openEgress({ policy: { private: 'allow', allow: [], deny: [] } }),
    monitorTypes,
    credential: () => undefined,
  });
  running.push(scheduler);
  return scheduler;
}

async function monitor(over: Partial<MonitorDefinition> = {}): Promise<string> {
  return under.store.write(async (tx) => {
    await ensurePlaces(tx, defaultTenantId, { service: 'shop', environment: 'production' });
    const definition = {
      ...{ name: crypto.randomUUID(), service: 'shop', environment: 'production', zones: ['fra'], type: 'http' },
      ...{
        options: {
          url,
          method: 'GET',
          headers: {},
          followRedirects: true,
          maxRedirects: 5,
          maxBodyBytes: 1000,
          tls: { verify: true, minVersion: 'TLSv1.2' },
        },
      },
      ...{ target: url, intervalMs: 1000, timeoutMs: 500, retries: 0, assertions: [], labels: {}, paused: false },
      ...over,
    };
    return (await insertMonitor(tx, defaultTenantId, definition, false)).id;
  });
}

interface Seen {
  readonly name: string;
  readonly zone: string;
  readonly outcome: number;
  readonly reason: string | null;
  readonly latenessMs: number;
  readonly attempt: number;
  readonly at: number;
}

async function events(monitorId: string): Promise<Seen[]> {
  const { rows } = await sql<Seen>`
    select s.name, s.zone, e.outcome, e.reason, e.values[array_position(s.value_names, 'latenessMs')] as "latenessMs",
      e.values[array_position(s.value_names, 'attempt')] as attempt, (extract(epoch from e.time) * 1000)::float8 as at
    from events e join series s on s.id = e.series_id where s.source = ${monitorId} order by e.time`.execute(
    under.store.db,
  );
  return rows;
}

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited 15 s for ${what}`);
    await systemClock.pause(20);
  }
}

describe('The scheduler', () => {
  it('checks at fixed times that do not drift, and says how late each check was', async () => {
    const id = await monitor();
    start();
    const seen = await until('four checks', async () => {
      const found = await events(id);
      return found.length >= 4 && found;
    });
    const offsetMs = slotOffsetMs(id, 'fra', 1000);
    for (const { at, latenessMs, outcome } of seen) {
      expect(outcome).toBe(0);
      expect(latenessMs).toBeGreaterThanOrEqual(0);
      const inSlot = (((at - latenessMs - offsetMs) % 1000) + 1000) % 1000;
      expect(Math.min(inSlot, 1000 - inSlot)).toBeLessThan(15);
    }
    for (const [index, { at }] of seen.slice(1).entries()) expect(at - (seen[index]?.at ?? 0)).toBeLessThan(1300);
  });

  it('tries again after a failure, keeps every attempt, and only the last one is the verdict', async () => {
    answer.status = 503;
    const id = await monitor({ retries: 2, timeoutMs: 200 });
    start();
    const seen = await until('a verdict', async () => {
      const found = await events(id);
      return found.some(({ name }) => name === 'monitor.checked') && found;
    });
    expect(seen.slice(0, 3).map(({ name, attempt, reason }) => [name, attempt, reason])).toEqual([
      ['monitor.attempted', 1, 'status'],
      ['monitor.attempted', 2, 'status'],
      ['monitor.checked', 3, 'status'],
    ]);
  });

  it('takes up what is created, changed, paused and deleted while it runs', async () => {
    start();
    const id = await monitor();
    await under.messages.publish('monitors');
    await until('a check', async () => (await events(id)).length >= 1);
    await under.store.write((tx) => setMonitorsPaused(tx, monitorIds([id]), true));
    await under.messages.publish('monitors');
    const scheduler = running[0] as Scheduler;
    await until('the pause', async () => scheduler.stats().monitors === 0);
    await under.store.write((tx) => setMonitorsPaused(tx, monitorIds([id]), false));
    await under.messages.publish('monitors');
    await until('the start', async () => scheduler.stats().monitors === 1);
    await under.store.write((tx) => deleteMonitors(tx, monitorIds([id])));
    await under.messages.publish('monitors');
    await until('the end', async () => scheduler.stats().monitors === 0);
  });

  it('starts no check of a monitor while the one before is under way, and counts the slots it left out', async () => {
    answer.delayMs = 1400;
    await monitor({ timeoutMs: 5000 });
    const scheduler = start();
    await until('left-out slots', async () => scheduler.stats().skippedSlots >= 1);
    expect(scheduler.stats().running).toBeLessThanOrEqual(1);
  });

  it('runs only so many checks at once', async () => {
    answer.delayMs = 150;
    for (let count = 0; count < 12; count++) await monitor({ timeoutMs: 900 });
    const scheduler = start(['fra'], 'a', 2);
    let most = 0;
    await until('twelve checks', async () => {
      most = Math.max(most, scheduler.stats().running);
      return scheduler.stats().checks >= 12;
    });
    expect(most).toBe(2);
  });

  it('checks the slot that has just begun when it takes a zone', async () => {
    const id = await monitor({ intervalMs: 10_000 });
    const startedMs = Date.now();
    start();
    const [first] = await until('a check', async () => {
      const found = await events(id);
      return found.length > 0 && found;
    });
    expect((first?.at ?? 0) - (first?.latenessMs ?? 0)).toBeLessThan(startedMs);
  });

  it('that checks a slot late does not leave out the next one for it', async () => {
    // Whoever takes the zone does so shortly before the next slot, which begins while the late check is under way.
    answer.delayMs = 900;
    const id = await monitor({ intervalMs: 3000, timeoutMs: 2000 });
    const offsetMs = slotOffsetMs(id, 'fra', 3000);
    const untilNextMs = 3000 - ((((Date.now() - offsetMs) % 3000) + 3000) % 3000);
    await systemClock.pause((untilNextMs + 3000 - 600) % 3000);
    const scheduler = start();
    await until('three checks', async () => scheduler.stats().checks >= 3);
    expect(scheduler.stats().skippedSlots).toBe(0);
    await until('their events', async () => (await events(id)).length >= 3);
    const slots = (await events(id)).map(({ at, latenessMs }) => Math.round((at - latenessMs - offsetMs) / 3000));
    expect(slots.slice(0, 3)).toEqual([0, 1, 2].map((n) => (slots[0] ?? 0) + n));
  });

  it('leaves slots alone that began too long ago', async () => {
    const id = await monitor({ intervalMs: 86_400_000 });
    const other = await monitor();
    start();
    await until('a check of the other', async () => (await events(other)).length > 0);
    expect(await events(id)).toEqual([]);
  });

  it('of two that watch the same zone one works, and the other takes over when that ends, without leaving out a slot', async () => {
    const id = await monitor();
    const first = start(['fra'], 'first');
    await until('the first', async () => first.stats().zones.length === 1);
    const second = start(['fra'], 'second');
    await until('a check', async () => (await events(id)).length >= 1);
    expect(second.stats().zones).toEqual([]);
    await first.drain();
    await until('the take-over', async () => second.stats().zones.length === 1);
    const before = (await events(id)).length;
    await until('checks by the second', async () => (await events(id)).length > before);
    const slots = (await events(id)).map(({ at, latenessMs }) =>
      Math.round((at - latenessMs - slotOffsetMs(id, 'fra', 1000)) / 1000),
    );
    slots.sort((a, b) => a - b);
    expect(slots).toEqual(slots.map((_, index) => (slots[0] ?? 0) + index));
  });

  it('answers checks that somebody asked for, from the zones that it has', async () => {
    const id = await monitor({ intervalMs: 86_400_000 });
    start(['fra']);
    const definition = {
      name: 'x',
      service: 'shop',
      environment: 'production',
      zones: ['fra'],
      type: 'tcp',
      retries: 0,
      assertions: [],
      intervalMs: 1000,
      timeoutMs: 500,
    };
    const { port } = new URL(url);
    const run = await under.store.write((tx) =>
      insertCheckRun(tx, {
        tenantId: defaultTenantId,
        monitorId: id,
        definition: { ...definition, options: { host: '127.0.0.1', port: Number(port) } },
        zones: ['fra', 'nowhere'],
      }),
    );
    await under.messages.publish('check-runs');
    const finished = await until('an answer', async () => {
      const found = await readCheckRun(under.store.db, run.id);
      return found?.zones.some(({ finishedAt }) => finishedAt !== null) && found;
    });
    expect(finished.zones.map(({ zone, result }) => [zone, (result as { outcome?: string } | null)?.outcome])).toEqual([
      ['fra', 'ok'],
      ['nowhere', undefined],
    ]);
    await until('its event', async () => (await events(id)).length === 1);
  });

  /** Whoever asks for rows of these tables gets no answer until `free`, or until 15 s have passed. */
  async function hang(...tables: string[]): Promise<{ free(): Promise<void> }> {
    const client = new pg.Client(under.database.connection);
    await client.connect();
    await client.query(`begin; lock table ${tables.join()} in access exclusive mode`);
    return { free: () => client.end() };
  }
  const withinSeconds = (seconds: number, what: string, look: () => boolean) => {
    const startedMs = performance.now();
    return until(what, async () => {
      if (performance.now() - startedMs > seconds * 1000) throw new Error(`waited ${seconds} s for ${what}`);
      return look();
    });
  };

  it('goes on checking the monitors that it knows while the database is slow to say which there are', async () => {
    await monitor();
    const scheduler = start();
    await until('a check', async () => scheduler.stats().checks > 0);
    const hanging = await hang('monitors');
    try {
      await under.messages.publish('monitors');
      const { checks } = scheduler.stats();
      await withinSeconds(8, 'four more checks', () => scheduler.stats().checks >= checks + 4);
    } finally {
      await hanging.free();
    }
    const other = await monitor();
    await under.messages.publish('monitors');
    await until('a check of a new one', async () => (await events(other)).length > 0);
  });

  it('goes on beyond its lease while the database does not answer, and keeps its zone afterwards', async () => {
    const id = await monitor();
    const scheduler = start();
    await until('a check', async () => scheduler.stats().checks > 0);
    let wasGivenUp = false;
    const watching = setInterval(() => {
      wasGivenUp ||= !scheduler.stats().zones.includes('fra');
    }, 1);
    const hanging = await hang('leases', 'monitors');
    try {
      const { checks } = scheduler.stats();
      // The lease is one second long.
      await withinSeconds(9, 'five more checks', () => scheduler.stats().checks >= checks + 5);
    } finally {
      await hanging.free();
    }
    const { checks } = scheduler.stats();
    await until('checks under a new lease', async () => scheduler.stats().checks >= checks + 3);
    clearInterval(watching);
    expect(wasGivenUp).toBe(false);
    await until('their events', async () => scheduler.stats().waitingEvents === 0);
    const slots = (await events(id)).map(({ at, latenessMs }) =>
      Math.round((at - latenessMs - slotOffsetMs(id, 'fra', 1000)) / 1000),
    );
    expect(slots).toEqual(slots.map((_, index) => (slots[0] ?? 0) + index));
  });

  it('of two the one that went on alone stops as soon as the database says that the other has the zone', async () => {
    await monitor();
    const first = start(['fra'], 'first');
    await until('a check', async () => first.stats().checks > 0);
    const hanging = await hang('leases');
    try {
      const { checks } = first.stats();
      await withinSeconds(9, 'checks beyond its lease', () => first.stats().checks >= checks + 3);
    } finally {
      await hanging.free();
    }
    // Stays until the first one has been told.
    await sql`
      insert into leases (name, holder, expires_at) values ('scheduler/fra', 'other', now() + interval '1 minute')
      on conflict (name) do update
      set holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at`.execute(under.store.db);
    await until('the first to stop', async () => first.stats().zones.length === 0);
  });

  it('a monitor that this process cannot check fails with a message and stops nobody', async () => {
    const odd = await monitor({ type: 'telepathy' });
    const good = await monitor();
    start();
    const seen = await until(
      'both',
      async () => (await events(good)).length > 0 && (await events(odd)).length > 0 && (await events(odd)),
    );
    expect(seen[0]).toMatchObject({ outcome: 2, reason: 'internal' });
  });
});

describe('The first moments of many monitors', () => {
  it('are spread over the interval', () => {
    const buckets = new Map<number, number>();
    for (let n = 0; n < 10_000; n++) {
      const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
      const bucket = Math.floor(slotOffsetMs(id, 'fra', 30_000) / 3000);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    }
    expect(buckets.size).toBe(10);
    for (const count of buckets.values()) expect(count).toBeGreaterThan(850);
  });
});
