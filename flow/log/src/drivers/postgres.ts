import type { AppendResult, EventBatch, EventLog } from '@watchkeeper/model';
import {
  type CommitOutcome,
  type Connection,
  commitGroup,
  ensureEventPartitions,
  isMissingPartition,
  openHeads,
  type PendingRows,
  SeriesDictionary,
} from '@watchkeeper/store';
import { Type } from 'typebox';
import { AppendLane } from '../append-lane.ts';
import { BatchEncoder, type EncodedBatch, storedEvents } from '../batch-encoder.ts';
import { checkBatch, checkRoom, fenced, partitionOf } from '../check-batch.ts';
import { HeldConnection, type LogClient } from '../held-connection.ts';
import { defineLogDriver, type LogDriverContext, type OpenedLog } from '../log-driver.ts';
import { StoredLog } from '../stored-log.ts';

/** Most events in one transaction. */
const groupEvents = 5000;
/** Events that may wait for a place in the log; beyond it callers are told to come again. */
const waitingLimit = 200_000;
/** Lanes append side by side; a partition belongs to one lane, so lanes never wait for each other's heads. */
const laneCount = 2;

export default defineLogDriver({
  name: 'postgres',
  summary: 'The table events in PostgreSQL is the log; a locked head row per partition makes offsets gapless.',
  options: Type.Object(
    {
      partitions: Type.Integer({
        description: 'Partitions of a new log; an existing one keeps what it has',
        minimum: 1,
        maximum: 64,
        default: 4,
      }),
      seriesPerTenant: Type.Integer({
        description: 'Series one tenant may have; new ones beyond it are refused and counted',
        minimum: 1,
        default: 1_000_000,
      }),
    },
    { additionalProperties: false },
  ),
  async open({ partitions, seriesPerTenant }, context) {
    const reading = new HeldConnection(context.connection, context.logger);
    const partitionCount = await reading.use(async (client) => {
      await ensureEventPartitions(client);
      return openHeads(client, partitions);
    });
    return new PostgresLog({
      ...context,
      reading,
      partitionCount,
      dictionary: new SeriesDictionary({ perTenant: seriesPerTenant }),
    });
  },
});

interface Parts extends LogDriverContext {
  readonly connection: Connection;
  readonly reading: HeldConnection;
  readonly partitionCount: number;
  readonly dictionary: SeriesDictionary;
}

class PostgresLog implements OpenedLog {
  /** Partitions that producers are spread over: those that were there at the start. */
  readonly #appendPartitions: number;
  readonly #reading: HeldConnection;
  readonly #encoder: BatchEncoder;
  readonly #stored: StoredLog;
  readonly #lanes: readonly AppendLane<readonly EncodedBatch[]>[];
  readonly #writing: readonly HeldConnection[];
  #isClosing = false;

  constructor(parts: Parts) {
    this.#appendPartitions = parts.partitionCount;
    this.#reading = parts.reading;
    this.#encoder = new BatchEncoder(parts.dictionary, parts.reading);
    this.#stored = new StoredLog(parts);
    this.#writing = Array.from({ length: laneCount }, () => new HeldConnection(parts.connection, parts.logger));
    this.#lanes = this.#writing.map(
      (writing) =>
        new AppendLane({
          groupEvents,
          prepare: (batches) =>
            this.#encoder.encode(batches, (producer) => partitionOf(producer, this.#appendPartitions)),
          commit: (encoded) => writing.use((client) => this.#commit(client, encoded)),
        }),
    );
  }

  get partitionCount(): number {
    return this.#stored.partitionCount;
  }

  openProducer(producer: string): Promise<{ readonly epoch: number }> {
    return this.#encoder.openProducer(producer);
  }

  async append(batch: EventBatch): Promise<AppendResult> {
    checkBatch(batch);
    const waiting = this.#lanes.reduce((sum, lane) => sum + lane.waitingEvents, 0);
    checkRoom(batch, { waiting, limit: waitingLimit, isClosing: this.#isClosing });
    if (batch.events.length === 0) return { stored: 0, alreadyStored: 0, refused: [] };
    const lane = this.#lanes[partitionOf(batch.producer, this.#appendPartitions) % laneCount] as AppendLane<
      readonly EncodedBatch[]
    >;
    return lane.add(batch);
  }

  newSeries: OpenedLog['newSeries'] = (given) => this.#encoder.newSeries(given);

  read: EventLog['read'] = (partition, after, limit) => this.#stored.read(partition, after, limit);

  ends: EventLog['ends'] = () => this.#stored.ends();

  waitForAppend: EventLog['waitForAppend'] = (withinMs, signal) => this.#stored.waitForAppend(withinMs, signal);

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    for (const lane of this.#lanes) await lane.idle();
    this.#stored.close();
    await Promise.all([...this.#writing, this.#reading].map((held) => held.close()));
  }

  async #commit(client: LogClient, encoded: readonly EncodedBatch[]): Promise<(AppendResult | Error)[]> {
    const outcomes = await commitIntoPartitions(
      client,
      encoded.map(({ pending }) => pending),
    );
    let isAnyStored = false;
    const results = outcomes.map((outcome, index): AppendResult | Error => {
      const one = encoded[index] as EncodedBatch;
      if (outcome.kind === 'fenced') return fenced(one.batch);
      isAnyStored ||= outcome.stored > 0;
      this.#stored.add(one.pending.partition, storedEvents(one, outcome));
      const { refused } = one;
      return {
        stored: outcome.stored,
        alreadyStored: one.batch.events.length - outcome.stored - refused.length,
        refused,
      };
    });
    if (isAnyStored) this.#stored.wake();
    return results;
  }
}

async function commitIntoPartitions(
  client: LogClient,
  group: readonly PendingRows[],
): Promise<readonly CommitOutcome[]> {
  try {
    return await commitGroup(client, group);
  } catch (error) {
    if (!isMissingPartition(error)) throw error;
    await ensureEventPartitions(client);
    return commitGroup(client, group);
  }
}
