import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers, type OpenedLog } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import type { EventMapping } from '@watchkeeper/model';
import { type Connection, openStore } from '@watchkeeper/store';

/** Where the event log of a test is; handed to child processes as JSON. */
export interface LogPlace {
  readonly connection: Connection;
  /** Absent: the log is in the database. */
  readonly topic?: {
    readonly name: string;
    readonly brokers: readonly string[];
    readonly replicas: number;
    readonly minInSyncReplicas: number;
    readonly mappings?: readonly EventMapping[];
  };
}

/** Partitions of every log in these tests. */
export const partitions = 4;

/** Opens store and log as a process of the product does. */
export async function openPlace({ connection, topic }: LogPlace) {
  const clock = systemClock;
  const level = (process.env.WK_TEST_LOG ?? 'silent') as 'silent';
  const logger = createLogger({ level, format: 'json', destination: process.stderr });
  const store = openStore({ connection, poolSize: 4 });
  const messages = postgresMessages({ store, clock, logger });
  const context = { connection, messages, clock, logger };
  const seriesPerTenant = 100_000;
  const eventLog: OpenedLog =
    topic === undefined
      ? await (await logDrivers.postgres()).default.open({ partitions, seriesPerTenant }, context)
      : await (await logDrivers.kafka()).default.open(
          {
            ...{ topic: topic.name, partitions, replicas: topic.replicas, minInSyncReplicas: topic.minInSyncReplicas },
            ...{ retention: '1h', compression: 'zstd', seriesPerTenant, inputs: [] },
            mappings: [...(topic.mappings ?? [])],
            connection: { brokers: [...topic.brokers], clientId: 'faults' },
          },
          context,
        );
  return {
    ...{ store, messages, eventLog, clock, logger },
    async close() {
      await eventLog.close();
      await messages.close();
      await store.close();
    },
  };
}
