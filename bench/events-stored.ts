import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { monitorRollup, type NewEvent } from '@watchkeeper/model';
import { startProcessor } from '@watchkeeper/processor';
import {
  type Connection,
  compareRollups,
  copyEventRows,
  encodeRows,
  ensureEventPartitions,
  openLogClient,
  openStore,
  patchRow,
  putBuiltInRollup,
  readerLags,
  SeriesDictionary,
  type SeriesRef,
  startEmbeddedPostgres,
} from '@watchkeeper/store';
import { aSeries } from '../foundation/model/test/makers.ts';
import type { Bench, BenchRow } from './bench.ts';
import { freshDatabase, ownCpuSeconds, postmasterPid, serverCpuSeconds } from './postgres-cpu.ts';

const connections = 2;
const rowsPerTransaction = 5000;
const rounds = 3;
/** Keys of the rollup: monitors times zones. */
const monitorZones = 2000;

interface Measured {
  readonly wallSeconds: number;
  /** Of this process and of the server. */
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number;
}

const bench: Bench = {
  name: 'events-stored',
  summary:
    'Events appended, acknowledged after commit and rolled up, beside raw binary COPY of the same rows into the same table, indexes and connections.',
  async run({ quick, progress }) {
    const count = quick ? 50_000 : 1_000_000;
    const dataDir = mkdtempSync(join(tmpdir(), 'wk-bench-'));
    const server = await startEmbeddedPostgres({ dataDir, log: () => undefined });
    try {
      const pid = await postmasterPid(server.connection);
      const ours: Measured[] = [];
      const raw: Measured[] = [];
      for (let round = 0; round < (quick ? 1 : rounds); round++) {
        progress(`round ${round + 1}: raw COPY of ${count} rows`);
        raw.push(await measureRawCopy(await freshDatabase(server.connection, `raw_${round}`), pid, count));
        progress(`round ${round + 1}: ${count} events through the log and the processor`);
        ours.push(await measureOurs(await freshDatabase(server.connection, `ours_${round}`), pid, count));
      }
      const millions = count / 1_000_000;
      const cpu = (runs: readonly Measured[]) => median(runs.map((run) => run.cpuSeconds / millions));
      const rate = (runs: readonly Measured[]) => median(runs.map((run) => count / run.wallSeconds));
      const rows: BenchRow[] = [
        {
          what: 'CPU seconds per million events, stored and rolled up',
          ours: cpu(ours),
          peer: cpu(raw),
          peerName: 'raw COPY',
          unit: 's/M',
          ratio: cpu(raw) / cpu(ours),
          goal: 0.5,
        },
        {
          what: 'events per second, stored and rolled up',
          ours: rate(ours),
          peer: rate(raw),
          peerName: 'raw COPY',
          unit: '1/s',
          ratio: rate(ours) / rate(raw),
          goal: 0.5,
        },
      ];
      return rows;
    } finally {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
};
export default bench;

/** Events of `monitorZones` monitors in turn, some seconds apart, as a scheduler would send them. */
function makeEvents(count: number): NewEvent[] {
  const valueNames = [
    'durationMs',
    'latenessMs',
    'attempt',
    'dnsMs',
    'connectMs',
    'tlsMs',
    'firstByteMs',
    'transferMs',
    'sizeBytes',
  ];
  const series = Array.from({ length: monitorZones }, (_, index) =>
    ['200', '503'].map((status) =>
      aSeries({
        source: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        attributes: { type: 'http', status, protocol: 'HTTP/1.1' },
        valueNames,
      }),
    ),
  );
  const startUs = Date.now() * 1000;
  return Array.from({ length: count }, (_, index) => {
    const isFailed = index % 97 === 0;
    const of = series[index % monitorZones] as (typeof series)[number];
    const durationMs = 5 + ((index * 7919) % 1000) / 10;
    return {
      series: of[isFailed ? 1 : 0] as NewEvent['series'],
      timeUs: startUs + index * 100,
      outcome: isFailed ? 'failed' : 'ok',
      ...(isFailed ? { reason: 'status' } : {}),
      values: [durationMs, 0.5, 1, 0.2, 0.4, null, durationMs - 1, 0.3, 1024],
    };
  });
}

async function measureRawCopy(connection: Connection, serverPid: number, count: number): Promise<Measured> {
  const events = makeEvents(count);
  const clients = await Promise.all(Array.from({ length: connections }, () => openLogClient(connection)));
  const [first] = clients as [(typeof clients)[number]];
  await ensureEventPartitions(first);
  const dictionary = new SeriesDictionary({ perTenant: 1_000_000 });
  await dictionary.learn(first, new Set(events.map((event) => event.series)));
  const receivedUs = Date.now() * 1000;
  const chunks: Buffer[] = [];
  for (let start = 0; start < count; start += rowsPerTransaction) {
    const part = events.slice(start, start + rowsPerTransaction);
    const refs = part.map((event) => dictionary.known(event.series) as SeriesRef);
    const rows = encodeRows(part, refs, start + 1, { producerId: 1, epoch: 1, partition: 0 });
    for (let row = 0; row < part.length; row++) patchRow(rows, row, start + row + 1, receivedUs);
    chunks.push(rows.bytes);
  }
  const measured = await measure(serverPid, async () => {
    await Promise.all(
      clients.map(async (client) => {
        for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
          await client.query('begin');
          await copyEventRows(client, [chunk]);
          await client.query('commit');
        }
      }),
    );
  });
  await Promise.all(clients.map((client) => client.end()));
  return measured;
}

async function measureOurs(connection: Connection, serverPid: number, count: number): Promise<Measured> {
  const events = makeEvents(count);
  const logger = createLogger({ level: 'warn', format: 'text', destination: process.stderr });
  const store = openStore({ connection });
  await putBuiltInRollup(store.db, monitorRollup);
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.postgres();
  const eventLog = await driver.open(
    { partitions: 4, seriesPerTenant: 1_000_000 },
    { connection, messages, clock: systemClock, logger },
  );
  const processor = startProcessor({ store, eventLog, messages, clock: systemClock, logger, holder: 'bench' });
  try {
    while (processor.stats().partitions.length < eventLog.partitionCount) await systemClock.pause(5);
    const measured = await measure(serverPid, async () => {
      // Sixteen producers, each with its own monitors, requests of 2,500 events, one in flight each.
      const producers = 16;
      await Promise.all(
        Array.from({ length: producers }, async (_, index) => {
          const producer = `bench-${index}`;
          const { epoch } = await eventLog.openProducer(producer);
          const own = events.filter((_, at) => at % producers === index);
          let firstSeq = 1;
          for (let start = 0; start < own.length; start += 2500) {
            const part = own.slice(start, start + 2500);
            await eventLog.append({ producer, epoch, firstSeq, events: part });
            firstSeq += part.length;
          }
        }),
      );
      while (processor.stats().events < count) await systemClock.pause(5);
      await processor.drain();
    });
    const lags = await readerLags(store.db);
    const { compared, differences } = await compareRollups(store.db);
    if (lags.some(({ lag }) => lag !== 0) || compared === 0 || differences.length > 0)
      throw new Error(`the rollups do not agree with the events: ${differences.length} of ${compared} differ`);
    return measured;
  } finally {
    await processor.drain();
    await eventLog.close();
    await messages.close();
    await store.close();
  }
}

async function measure(serverPid: number, work: () => Promise<void>): Promise<Measured> {
  const [ownBefore, serverBefore] = [ownCpuSeconds(), serverCpuSeconds(serverPid)];
  const startedMs = performance.now();
  await work();
  const wallSeconds = (performance.now() - startedMs) / 1000;
  const [own, server] = [ownCpuSeconds() - ownBefore, serverCpuSeconds(serverPid) - serverBefore];
  return { wallSeconds, cpuSeconds: own + server, serverCpuSeconds: server };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
