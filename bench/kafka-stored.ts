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
  openStore,
  putBuiltInRollup,
  startEmbeddedPostgres,
} from '@watchkeeper/store';
import { TopicReader } from '../flow/log/src/kafka/topic-reader.ts';
import { type Kafka, startKafka } from '../scripts/servers/kafka.ts';
import type { Bench, BenchRow } from './bench.ts';
import { type Measured, makeEvents, measure, measureRawCopy, median } from './event-load.ts';
import { freshDatabase, postmasterPid, processCpuSeconds } from './postgres-cpu.ts';

const rounds = 3;
const partitions = 4;
const producers = 16;
const logger = createLogger({ level: 'warn', format: 'text', destination: process.stderr });

const bench: Bench = {
  name: 'kafka-stored',
  summary:
    'Events read from a Kafka topic, stored raw and rolled up, beside the same client only reading the topic and raw binary COPY of the same rows; broker and database on this machine.',
  async run({ quick, progress }) {
    const count = quick ? 50_000 : 1_000_000;
    const dataDir = mkdtempSync(join(tmpdir(), 'wk-bench-'));
    const server = await startEmbeddedPostgres({ dataDir, log: () => undefined });
    const kafka = await startKafka();
    try {
      const pid = await postmasterPid(server.connection);
      const [ours, read, raw]: [Measured[], Measured[], Measured[]] = [[], [], []];
      let brokerCpu = 0;
      for (let round = 0; round < (quick ? 1 : rounds); round++) {
        const topic = `bench-${round}`;
        progress(`round ${round + 1}: raw COPY of ${count} rows`);
        raw.push(await measureRawCopy(await freshDatabase(server.connection, `raw_${round}`), pid, count));
        const connection = await freshDatabase(server.connection, `ours_${round}`);
        progress(`round ${round + 1}: ${count} events into the topic`);
        await withLog(connection, kafka, topic, (log) => fill(log, makeEvents(count)));
        progress(`round ${round + 1}: only reading the topic`);
        read.push(await measure(pid, () => readOnly(kafka, topic)));
        progress(`round ${round + 1}: storing and rolling up`);
        const brokerBefore = processCpuSeconds(kafka.nodes[0]?.process.pid ?? 0);
        ours.push(await measureOurs(connection, kafka, { topic, count, pid }));
        brokerCpu += processCpuSeconds(kafka.nodes[0]?.process.pid ?? 0) - brokerBefore;
      }
      return rowsOf({ count, ours, read, raw, brokerCpuPerMillion: brokerCpu / ours.length / (count / 1_000_000) });
    } finally {
      await kafka.stop();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
};
export default bench;

interface Runs {
  readonly count: number;
  readonly ours: readonly Measured[];
  readonly read: readonly Measured[];
  readonly raw: readonly Measured[];
  readonly brokerCpuPerMillion: number;
}

function rowsOf({ count, ours, read, raw, brokerCpuPerMillion }: Runs): BenchRow[] {
  const rate = (runs: readonly Measured[]) => median(runs.map((run) => count / run.wallSeconds));
  const cpu = (runs: readonly Measured[]) => median(runs.map((run) => run.cpuSeconds / (count / 1_000_000)));
  const database = ({ serverCpuSeconds }: Measured) => serverCpuSeconds;
  const own = (run: Measured) => run.cpuSeconds - run.serverCpuSeconds;
  const part = (of: (run: Measured) => number) => median(ours.map((run) => of(run) / (count / 1_000_000))).toFixed(2);
  const lower = Math.min(rate(read), rate(raw));
  return [
    {
      what: 'events per second, stored and rolled up',
      ...{ ours: rate(ours), peer: 30_000, peerName: 'wanted', unit: '1/s', ratio: rate(ours) / 30_000, goal: 1 },
    },
    {
      what: 'events per second beside the lower of reading only and raw COPY',
      ...{ ours: rate(ours), peer: lower, unit: '1/s', ratio: rate(ours) / lower, goal: 0.5 },
      peerName: rate(read) < rate(raw) ? 'reading only' : 'raw COPY',
      note: `reading only ${rate(read).toFixed(0)}, raw COPY ${rate(raw).toFixed(0)}`,
    },
    {
      what: 'CPU seconds per million events beside reading only and raw COPY together',
      ...{ ours: cpu(ours), peer: cpu(read) + cpu(raw), peerName: 'both', unit: 's/M', goal: null },
      ratio: (cpu(read) + cpu(raw)) / cpu(ours),
      note: `this process ${part(own)} and the database ${part(database)}; the broker used ${brokerCpuPerMillion.toFixed(2)} s/M more`,
    },
  ];
}

type Log = Awaited<ReturnType<typeof openLog>>;

async function openLog(connection: Connection, kafka: Kafka, topic: string) {
  const store = openStore({ connection });
  await putBuiltInRollup(store.db, monitorRollup);
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.kafka();
  const eventLog = await driver.open(
    {
      ...{ topic, partitions, replicas: 1, minInSyncReplicas: 1, retention: '1h', compression: 'zstd' },
      ...{ seriesPerTenant: 1_000_000, mappings: [], inputs: [] },
      connection: { brokers: kafka.brokers, clientId: 'bench' },
    },
    { connection, messages, clock: systemClock, logger },
  );
  return {
    ...{ store, messages, eventLog },
    async close() {
      await eventLog.close();
      await messages.close();
      await store.close();
    },
  };
}

async function withLog<T>(
  connection: Connection,
  kafka: Kafka,
  topic: string,
  work: (log: Log) => Promise<T>,
): Promise<T> {
  const log = await openLog(connection, kafka, topic);
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** Sixteen producers, each with its own monitors, requests of 2,500 events, one in flight each. */
async function fill({ eventLog }: Log, events: readonly NewEvent[]): Promise<void> {
  await Promise.all(
    Array.from({ length: producers }, async (_, index) => {
      const producer = `bench-${index}`;
      const { epoch } = await eventLog.openProducer(producer);
      const own = events.filter((_event, at) => at % producers === index);
      for (let start = 0; start < own.length; start += 2500)
        await eventLog.append({ producer, epoch, firstSeq: start + 1, events: own.slice(start, start + 2500) });
    }),
  );
}

/** The same client, the same requests; messages are taken and forgotten. */
async function readOnly(kafka: Kafka, topic: string): Promise<void> {
  const connection = { brokers: kafka.brokers, clientId: 'bench' };
  const reader = new TopicReader({ connection, clock: systemClock, logger });
  const { topicId } = await reader.find(topic, 0);
  const readers = Array.from({ length: partitions }, (_, partition) => reader.open({ topic, topicId, partition }, 0));
  await Promise.all(
    readers.map(async (partition) => {
      let nextOffset = 0;
      while (partition.endOffset === null || nextOffset < partition.endOffset)
        for (const { offset } of await partition.next(1000, new AbortController().signal)) nextOffset = offset + 1;
    }),
  );
  await reader.close();
}

async function measureOurs(
  connection: Connection,
  kafka: Kafka,
  { topic, count, pid }: { readonly topic: string; readonly count: number; readonly pid: number },
): Promise<Measured> {
  return withLog(connection, kafka, topic, async ({ store, messages, eventLog }) => {
    let processor: ReturnType<typeof startProcessor> | undefined;
    const measured = await measure(pid, async () => {
      processor = startProcessor({
        ...{ store, eventLog, messages, clock: systemClock, logger, holder: 'bench' },
        openIntake: eventLog.openIntake,
      });
      while (processor.stats().events < count) await systemClock.pause(5);
      await processor.drain();
    });
    const ends = await eventLog.ends();
    const stored = ends.reduce((sum, { offset }) => sum + offset, 0);
    const { compared, differences } = await compareRollups(store.db);
    if (stored !== count || compared === 0 || differences.length > 0)
      throw new Error(`${stored} of ${count} events are stored, ${differences.length} of ${compared} rollups differ`);
    return measured;
  });
}
