import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import { monitorRollup } from '@watchkeeper/model';
import { startProcessor } from '@watchkeeper/processor';
import {
  type Connection,
  compareRollups,
  openStore,
  putBuiltInRollup,
  readerLags,
  startEmbeddedPostgres,
} from '@watchkeeper/store';
import type { Bench, BenchRow } from './bench.ts';
import { type Measured, makeEvents, measure, measureRawCopy, median } from './event-load.ts';
import { freshDatabase, postmasterPid } from './postgres-cpu.ts';

const rounds = 3;

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
