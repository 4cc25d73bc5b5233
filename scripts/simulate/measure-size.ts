import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@watchkeeper/kit';
import { type EventBatch, encodeEventMessage } from '@watchkeeper/model';
import { defaultTenantId, ensurePlaces, insertMonitor } from '@watchkeeper/store';
import { sql } from 'kysely';
import { startLoad } from '../../bench/paced-load.ts';
import { postmasterPid, processCpuSeconds, serverCpuSeconds } from '../../bench/postgres-cpu.ts';
import { openProcessWorld, type ProcessWorld, secondsUntil } from '../../bench/real-processes.ts';
import type { RunningServer } from '../../e2e/running-server.ts';
import type { MeasuredRole, RowBytes, SizePoint } from './size-plan.ts';

export interface MeasureOptions {
  /** How long each load is held before and while it is measured, seconds. */
  readonly settleSeconds: number;
  readonly measureSeconds: number;
  readonly progress: (text: string) => void;
}

/** Every role in a process of its own, on the embedded database. */
interface Roles {
  readonly world: ProcessWorld;
  readonly processes: Readonly<Record<Exclude<MeasuredRole, 'database'>, RunningServer>>;
  readonly databasePid: number;
}

async function withRoles<T>(work: (roles: Roles) => Promise<T>): Promise<T> {
  const world = await openProcessWorld();
  try {
    const processes = {
      api: await world.start('--roles', 'api'),
      scheduler: await world.start('--roles', 'scheduler', '--zones', 'local'),
      processor: await world.start('--roles', 'processor'),
      health: await world.start('--roles', 'health'),
    };
    return await work({ world, processes, databasePid: await postmasterPid(world.connection) });
  } finally {
    await world.close();
  }
}

/** HTTP checks with every phase of a server on this machine, from one zone. */
export async function measureMonitors(
  counts: readonly number[],
  intervalMs: number,
  options: MeasureOptions,
): Promise<{ points: SizePoint[]; rowBytes: RowBytes }> {
  const body = Buffer.alloc(2000, 'x');
  const target = createServer((_request, response) => void response.end(body));
  await new Promise<void>((done) => target.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
  try {
    return await withRoles(async (roles) => {
      const points: SizePoint[] = [];
      const before = await readSizes(roles.world);
      for (const count of counts) {
        options.progress(`${count} monitors every ${intervalMs / 1000} s`);
        await fillUp(roles, { count, url, intervalMs });
        points.push(await measurePoint(roles, count, options));
      }
      return { points, rowBytes: rowBytesOf(before, await readSizes(roles.world)) };
    });
  } finally {
    target.closeAllConnections();
    await new Promise((done) => target.close(done));
  }
}

/** Events by HTTP, many producers, a request each half a second. */
export async function measureEvents(rates: readonly number[], options: MeasureOptions): Promise<SizePoint[]> {
  return withRoles(async (roles) => {
    const points: SizePoint[] = [];
    for (const rate of rates) {
      options.progress(`${rate} events/s by HTTP`);
      const load = startLoad(httpLog(roles.processes.api), rate);
      points.push(await measurePoint(roles, rate, options));
      await load.stop();
    }
    return points;
  });
}

/** The part of a log that a load needs, by the API. */
function httpLog({ url, key }: RunningServer) {
  let epoch = Date.now();
  return {
    openProducer: async () => ({ epoch: epoch++ }),
    async append(batch: EventBatch) {
      const answer = await fetch(`${url}/api/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(encodeEventMessage(batch)),
      });
      if (answer.status !== 200) throw new Error(`events were refused: ${answer.status} ${await answer.text()}`);
      return { stored: batch.events.length, alreadyStored: 0, refused: [] };
    },
  };
}

async function fillUp(
  { world, processes }: Roles,
  { count, url, intervalMs }: { readonly count: number; readonly url: string; readonly intervalMs: number },
): Promise<void> {
  const { store, messages } = world;
  // The first one is made as people do it, so that its options are whole; the others are copies.
  const { rows } = await sql<{ options: Record<string, unknown>; present: number }>`
    select options, (select count(*) from monitors) as present from monitors limit 1`.execute(store.db);
  const options = rows[0]?.options ?? (await createByApi(processes.api, url));
  await store.write(async (tx) => {
    await ensurePlaces(tx, defaultTenantId, { service: 'size', environment: 'production' });
    for (let number = rows[0]?.present ?? 1; number < count; number++) {
      const place = { service: 'size', environment: 'production', zones: ['local'], type: 'http', options };
      const timing = { intervalMs, timeoutMs: 5000, retries: 0, assertions: [], labels: {}, paused: false };
      await insertMonitor(tx, defaultTenantId, { name: `Page ${number}`, target: url, ...place, ...timing }, false);
    }
    await sql`update monitors set interval_ms = ${intervalMs}`.execute(tx);
  });
  await messages.publish('monitors');
}

async function createByApi({ url, key }: RunningServer, target: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}/api/v1/monitors`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ name: 'Page 0', service: 'size', environment: 'production', type: 'http', zones: ['local'] },
      options: { url: target },
    }),
  });
  if (answer.status !== 201) throw new Error(`no monitor could be made: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { options: Record<string, unknown> }).options;
}

async function measurePoint(roles: Roles, load: number, options: MeasureOptions): Promise<SizePoint> {
  const before = await countEvents(roles.world);
  await secondsUntil('events to arrive', async () => (await countEvents(roles.world)) > before, 90);
  await systemClock.pause(options.settleSeconds * 1000);
  const first = await look(roles);
  await systemClock.pause(options.measureSeconds * 1000);
  const last = await look(roles);
  const seconds = (last.atMs - first.atMs) / 1000;
  const perRole = (of: (role: MeasuredRole) => number) => ({
    ...{ scheduler: of('scheduler'), processor: of('processor'), health: of('health') },
    ...{ api: of('api'), database: of('database') },
  });
  return {
    load,
    eventsPerSecond: (last.events - first.events) / seconds,
    cores: perRole((role) => (last.cpuSeconds[role] - first.cpuSeconds[role]) / seconds),
    memoryMiB: perRole((role) => last.memoryMiB[role]),
    walBytesPerSecond: (last.walBytes - first.walBytes) / seconds,
  };
}

async function look({ world, processes, databasePid }: Roles) {
  const { rows } = await sql<{
    bytes: number;
  }>`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as bytes`.execute(world.store.db);
  const { api, scheduler, processor, health } = processes;
  const of = (read: (pid: number) => number) => ({
    ...{ api: read(api.pid), scheduler: read(scheduler.pid), processor: read(processor.pid), health: read(health.pid) },
  });
  return {
    atMs: performance.now(),
    events: await countEvents(world),
    walBytes: rows[0]?.bytes ?? 0,
    cpuSeconds: { ...of(processCpuSeconds), database: serverCpuSeconds(databasePid) },
    memoryMiB: { ...of(memoryOf), database: databaseMemory(databasePid) },
  };
}

async function countEvents({ store }: ProcessWorld): Promise<number> {
  const { rows } = await sql<{
    count: number;
  }>`select coalesce(sum(last_offset), 0)::bigint as count from log_heads`.execute(store.db);
  return rows[0]?.count ?? 0;
}

/** Proportional share of memory, MiB: pages that processes share count once in all. 0 when the process has ended. */
function memoryOf(pid: number): number {
  const file = `/proc/${pid}/smaps_rollup`;
  if (!existsSync(file)) return 0;
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1]) / 1024;
}

function databaseMemory(postmaster: number): number {
  const children = globSync(`/proc/${postmaster}/task/*/children`).flatMap((file) =>
    readFileSync(file, 'utf8').split(' '),
  );
  return [postmaster, ...children.map(Number).filter((pid) => pid > 0)].reduce((sum, pid) => sum + memoryOf(pid), 0);
}

const largeTables = { event: 'events', checkSlot: 'check_slots', rollup: 'rollups' } as const;
type Sizes = Readonly<Record<keyof typeof largeTables, { readonly bytes: number; readonly rows: number }>>;

/** Large tables with their indexes. */
async function readSizes({ store }: ProcessWorld): Promise<Sizes> {
  const sizeOf = async (table: string) => {
    const { rows } = await sql<{ bytes: number; rows: number }>`
      select coalesce((select sum(pg_total_relation_size(relid)) from pg_partition_tree(${table}::regclass)),
          pg_total_relation_size(${table}::regclass))::bigint as bytes,
        (select count(*) from ${sql.table(table)}) as rows`.execute(store.db);
    return rows[0] as (typeof rows)[number];
  };
  return {
    event: await sizeOf(largeTables.event),
    checkSlot: await sizeOf(largeTables.checkSlot),
    rollup: await sizeOf(largeTables.rollup),
  };
}

function rowBytesOf(before: Sizes, after: Sizes): RowBytes {
  const of = (table: keyof Sizes) =>
    (after[table].bytes - before[table].bytes) / Math.max(1, after[table].rows - before[table].rows);
  return { event: of('event'), checkSlot: of('checkSlot'), rollup: of('rollup') };
}
