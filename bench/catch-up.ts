import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { compareRollups, type Store } from '@watchkeeper/store';
import { sql } from 'kysely';
import { startKafka } from '../scripts/servers/kafka.ts';
import type { Bench } from './bench.ts';
import { startLoad } from './paced-load.ts';
import { logger, openProcessWorld, secondsUntil } from './real-processes.ts';

const eventsPerSecond = 5000;
const allowedSeconds = 15;
/**
 * Sums are written seldom, by a budget of rows per second, so a processor that keeps up is behind by some seconds of
 * load. For so long it is looked how far at most; whoever is not further behind has caught up. Seconds.
 */
const lookSeconds = 10;
const topic = { topic: 'bench-catch-up', partitions: 4, replicas: 1, minInSyncReplicas: 1, retention: '1h' } as const;

const bench: Bench = {
  name: 'catch-up',
  summary: `Lag of a processor that was away for a minute at ${eventsPerSecond} events/s through Kafka, cleared while the load goes on.`,
  async run({ quick, progress }) {
    const stopSeconds = quick ? 5 : 60;
    const kafka = await startKafka();
    const world = await openProcessWorld();
    try {
      const { store, messages, connection } = world;
      const settings = {
        eventLog: {
          driver: 'kafka',
          partitions: topic.partitions,
          kafka: { topic: topic.topic, replicas: 1, minInSyncReplicas: 1 },
        },
        kafka: { brokers: kafka.brokers },
      };
      const config = join(world.folder, 'settings.json');
      writeFileSync(config, JSON.stringify(settings));
      const { default: driver } = await logDrivers.kafka();
      const eventLog = await driver.open(
        {
          ...{ ...topic, compression: 'zstd', seriesPerTenant: 1_000_000, mappings: [], inputs: [] },
          connection: { brokers: kafka.brokers, clientId: 'bench' },
        },
        { connection, messages, clock: systemClock, logger },
      );
      const load = startLoad(eventLog, eventsPerSecond);
      const lag = async () => load.sent() - (await counted(store));
      const start = () => world.start('--roles', 'processor', '--config', config);

      const first = await start();
      await secondsUntil('the processor to count', async () => (await counted(store)) > eventsPerSecond, 60);
      let usual = 0;
      for (const endMs = performance.now() + lookSeconds * 1000; performance.now() < endMs; ) {
        usual = Math.max(usual, await lag());
        await systemClock.pause(50);
      }
      progress(`the processor is stopped for ${stopSeconds} s; before, it was at most ${usual} events behind`);
      await first.signal('SIGTERM');
      await systemClock.pause(stopSeconds * 1000);
      const behind = await lag();
      progress(`${behind} events behind; the processor is started`);
      const startedMs = performance.now();
      await start();
      const readySeconds = (performance.now() - startedMs) / 1000;
      await secondsUntil('the lag to be cleared', async () => (await lag()) <= usual, 300);
      const seconds = (performance.now() - startedMs) / 1000;

      await load.stop();
      await secondsUntil('everything to be counted', async () => (await lag()) === 0, 60);
      await eventLog.close();
      const { compared, differences } = await compareRollups(store.db);
      if (compared === 0 || differences.length > 0)
        throw new Error(`${differences.length} of ${compared} rollups differ from the events`);
      return [
        {
          what: `seconds until the lag of a stop of ${stopSeconds} s was cleared, from the start of the process`,
          ...{
            ours: seconds,
            peer: allowedSeconds,
            peerName: 'allowed',
            unit: 's',
            ratio: allowedSeconds / seconds,
            goal: 1,
          },
          note: `${behind} events behind, ready after ${readySeconds.toFixed(1)} s, at most ${usual} behind before the stop`,
        },
      ];
    } finally {
      await world.close();
      await kafka.stop();
    }
  },
};
export default bench;

/** Events whose effects the processor has saved. */
async function counted(store: Store): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select coalesce(sum(log_offset), 0)::bigint as count from reader_positions where reader = 'processor'`.execute(
    store.db,
  );
  return rows[0]?.count ?? 0;
}
