import { createServer } from 'node:net';
import { systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { compareRollups, defaultTenantId, ensurePlaces, ensureZones, insertMonitor } from '@watchkeeper/store';
import { sql } from 'kysely';
import type { RunningServer } from '../e2e/running-server.ts';
import type { Bench, BenchRow } from './bench.ts';
import { median } from './event-load.ts';
import { startLoad } from './paced-load.ts';
import { logger, openProcessWorld, type ProcessWorld, secondsUntil } from './real-processes.ts';

const rounds = 3;
const partitions = 4;
const zones = ['amsterdam', 'frankfurt', 'madrid'];
const allowedSeconds = { processor: 10, scheduler: 15 } as const;

const bench: Bench = {
  name: 'take-over',
  summary:
    'A process is killed (SIGKILL): time until another one has done again what it did, in each of its partitions and zones.',
  async run({ quick, progress }) {
    const world = await openProcessWorld();
    try {
      const count = quick ? 1 : rounds;
      return [
        rowOf('processor', 'its partitions are read again', await killProcessors(world, count, progress)),
        rowOf('scheduler', 'its zones are checked again', await killSchedulers(world, count, progress)),
      ];
    } finally {
      await world.close();
    }
  },
};
export default bench;

function rowOf(role: keyof typeof allowedSeconds, what: string, seconds: readonly number[]): BenchRow {
  const [ours, peer] = [median(seconds), allowedSeconds[role]];
  return {
    what: `seconds after a ${role} was killed until ${what}`,
    ...{ ours, peer, peerName: 'allowed', unit: 's', ratio: peer / ours, goal: 1 },
    note: `rounds ${seconds.map((value) => value.toFixed(1)).join(', ')}`,
  };
}

/** Two processors share the partitions; one is killed, and the next round starts another in its place. */
async function killProcessors(world: ProcessWorld, count: number, progress: (text: string) => void): Promise<number[]> {
  const { messages, connection } = world;
  const { default: driver } = await logDrivers.postgres();
  const context = { connection, messages, clock: systemClock, logger };
  const eventLog = await driver.open({ partitions, seriesPerTenant: 1_000_000 }, context);
  const load = startLoad(eventLog, 1000);
  try {
    const seconds = await takeOvers(world, count, progress);
    await load.stop();
    return seconds;
  } finally {
    await eventLog.close();
  }
}

async function takeOvers(world: ProcessWorld, count: number, progress: (text: string) => void): Promise<number[]> {
  const start = () => world.start('--roles', 'processor');
  const running = [await start()];
  const seconds: number[] = [];
  for (let round = 0; round < count; round++) {
    running.push(await start());
    await secondsUntil(
      'both processors to hold partitions',
      async () => {
        const held = await Promise.all(running.map((process) => heldBy(world, 'processor', process)));
        return held.every((names) => names.length === partitions / 2);
      },
      60,
    );
    const killed = running.shift() as RunningServer;
    const lost = (await heldBy(world, 'processor', killed)).map(Number);
    progress(`round ${round + 1}: the processor of partitions ${lost.join(', ')} is killed`);
    await killed.signal('SIGKILL');
    const before = await readersOf(world);
    const isBeyond = async (what: 'epoch' | 'offset') => {
      const now = await readersOf(world);
      return lost.every((partition) => (now.get(partition)?.[what] ?? 0) > (before.get(partition)?.[what] ?? 0));
    };
    const readAgain = await secondsUntil('its partitions to be read again', () => isBeyond('epoch'), 60);
    seconds.push(readAgain);
    const more = await secondsUntil('effects of its partitions to be saved again', () => isBeyond('offset'), 60);
    progress(`read again after ${readAgain.toFixed(1)} s, rollups written again ${more.toFixed(1)} s later`);
  }
  for (const process of running) await process.signal('SIGTERM');
  const { compared, differences } = await compareRollups(world.store.db);
  if (compared === 0 || differences.length > 0)
    throw new Error(`${differences.length} of ${compared} rollups differ from the events`);
  return seconds;
}

/** Two schedulers share the zones; one is killed, and the next round starts another in its place. */
async function killSchedulers(world: ProcessWorld, count: number, progress: (text: string) => void): Promise<number[]> {
  const { store } = world;
  const target = createServer((socket) => socket.on('error', () => undefined).end());
  await new Promise<void>((done) => target.listen(0, '127.0.0.1', done));
  const { port } = target.address() as { port: number };
  await ensureZones(store.db, zones);
  await store.write(async (tx) => {
    await ensurePlaces(tx, defaultTenantId, { service: 'bench', environment: 'production' });
    const definition = {
      ...{ name: 'Port', service: 'bench', environment: 'production', zones, type: 'tcp', retries: 0, paused: false },
      ...{ options: { host: '127.0.0.1', port }, target: `127.0.0.1:${port}`, intervalMs: 1000, timeoutMs: 500 },
      ...{ assertions: [], labels: {} },
    };
    await insertMonitor(tx, defaultTenantId, definition, false);
  });
  const start = () => world.start('--roles', 'scheduler', '--zones', zones.join(','));
  const running = [await start()];
  const seconds: number[] = [];
  for (let round = 0; round < count; round++) {
    running.push(await start());
    await secondsUntil(
      'both schedulers to hold zones',
      async () => {
        const held = await Promise.all(running.map((process) => heldBy(world, 'scheduler', process)));
        return held.every((names) => names.length > 0) && held.flat().length === zones.length;
      },
      60,
    );
    const killed = running.shift() as RunningServer;
    const lost = await heldBy(world, 'scheduler', killed);
    progress(`round ${round + 1}: the scheduler of ${lost.join(', ')} is killed`);
    const startedMs = performance.now();
    await killed.signal('SIGKILL');
    const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(store.db);
    const killedAt = rows[0]?.now ?? new Date();
    const isChecked = async () => {
      const checked = await zonesCheckedSince(world, killedAt);
      return lost.every((zone) => checked.has(zone));
    };
    await secondsUntil('its zones to be checked again', isChecked, 60);
    seconds.push((performance.now() - startedMs) / 1000);
  }
  for (const process of running) await process.signal('SIGTERM');
  await new Promise((done) => target.close(done));
  return seconds;
}

/** Partition → owner number and position of its processor. Whoever begins to read raises the number. */
async function readersOf({ store }: ProcessWorld): Promise<Map<number, { epoch: number; offset: number }>> {
  const { rows } = await sql<{ partition: number; epoch: number; offset: number }>`
    select log_partition as partition, epoch, log_offset as offset from reader_positions where reader = 'processor'`.execute(
    store.db,
  );
  return new Map(rows.map(({ partition, epoch, offset }) => [partition, { epoch, offset }]));
}

/** What comes after the slash in the names of leases that a process holds. */
async function heldBy({ store }: ProcessWorld, kind: string, { pid }: RunningServer): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select substring(name from ${kind.length + 2}::integer) as name from leases
    where starts_with(name, ${`${kind}/`}) and serves is null and expires_at > clock_timestamp()
      and split_part(holder, '/', 2) = ${String(pid)} order by 1`.execute(store.db);
  return rows.map(({ name }) => name);
}

/** Zones of which the log has taken a result since then; who was killed before sends none. */
async function zonesCheckedSince({ store }: ProcessWorld, since: Date): Promise<Set<string>> {
  const { rows } = await sql<{ zone: string }>`
    select distinct s.zone from events e join series s on s.id = e.series_id
    where e.received_at > ${since} and s.service = 'bench'`.execute(store.db);
  return new Set(rows.map(({ zone }) => zone));
}
