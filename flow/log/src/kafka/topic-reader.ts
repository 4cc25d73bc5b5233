import { type ClusterTopicMetadata, Consumer, type KafkaRecord } from '@platformatic/kafka';
import { backoffMs, type Clock, type Logger } from '@watchkeeper/kit';
import { isKafkaError, kafkaOptions, outliving } from '@watchkeeper/messages/kafka';
import { type KafkaConnection, WatchkeeperError } from '@watchkeeper/model';
import { asKafkaError } from './kafka-error.ts';

/** A message as it stands in a partition. */
export interface TopicMessage {
  readonly offset: number;
  /** When the sender or the broker wrote it, milliseconds since 1970-01-01 UTC. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** Longest time a broker holds a request back when there is nothing new, milliseconds. */
const waitAtBrokerMs = 250;
const partitionBytes = 1024 * 1024;
/** Stand for the two ends of a partition where offsets are asked for by time. */
const [oldest, newest] = [-2n, -1n];
const requestBytes = 8 * 1024 * 1024;
/** Bytes of one partition that wait to be taken; beyond it the partition is not asked for. */
const waitingBytes = 4 * 1024 * 1024;

/** What one holder of a partition reads, from a position that is kept elsewhere. */
export interface PartitionReader {
  /** Messages that have come, in order; empty when none came within `withinMs`. @throws WatchkeeperError */
  next(withinMs: number, signal: AbortSignal): Promise<readonly TopicMessage[]>;
  /** Offset behind the newest message of the partition, as far as is known; null before the first answer. */
  readonly endOffset: number | null;
  /** Messages that the topic had dropped before they were read, since this reader was opened. */
  readonly skipped: number;
  close(): void;
}

interface Reading {
  readonly topic: string;
  /** Of the topic whose offsets these are: another one under the same name begins anew. */
  readonly topicId: string;
  readonly partition: number;
  nextOffset: number;
  endOffset: number | null;
  skipped: number;
  waiting: TopicMessage[];
  waitingBytes: number;
  error: WatchkeeperError | undefined;
  wake: () => void;
}

export interface TopicReaderOptions {
  readonly connection: KafkaConnection;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Reads partitions from given offsets, without a consumer group: who reads what is decided by leases in the database,
 * and how far by positions in it. One request at a time per broker asks for all partitions that it leads; a partition
 * whose messages nobody takes is left out until they are taken.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions;
  readonly #consumer: Consumer;
  readonly #readings = new Map<string, Reading>();
  readonly #loops = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  #wake = new AbortController();
  readonly #topics = new Map<string, ClusterTopicMetadata>();

  constructor(options: TopicReaderOptions) {
    this.#options = options;
    this.#consumer = outliving(
      new Consumer({
        ...kafkaOptions(options.connection),
        // Messages of transactions that were given up are not for us.
        isolationLevel: 1,
        groupId: `${options.connection.clientId}-reader`,
      }),
    );
  }

  /** The topic that is there now under a name, and the oldest offset that a partition of it still has. @throws WatchkeeperError `log_unavailable` */
  async find(topic: string, partition: number): Promise<{ readonly topicId: string; readonly firstOffset: number }> {
    try {
      const { id } = await this.#lookUp(topic);
      return { topicId: id, firstOffset: await this.#offset(topic, partition, oldest) };
    } catch (error) {
      throw asKafkaError(error, `asking where ${keyOf(topic, partition)} begins`, this.#options.connection);
    }
  }

  open(
    { topic, topicId, partition }: { readonly topic: string; readonly topicId: string; readonly partition: number },
    nextOffset: number,
  ): PartitionReader {
    const reading: Reading = {
      ...{ topic, topicId, partition, nextOffset, endOffset: null, skipped: 0 },
      ...{ waiting: [], waitingBytes: 0, error: undefined },
      wake: () => undefined,
    };
    const key = keyOf(topic, partition);
    this.#readings.set(key, reading);
    void this.#ask();
    return {
      next: async (withinMs, signal) => {
        if (reading.waiting.length === 0 && reading.error === undefined)
          await this.#untilWoken(reading, withinMs, signal);
        if (reading.error !== undefined && reading.waiting.length === 0) {
          const { error } = reading;
          reading.error = undefined;
          throw error;
        }
        const messages = reading.waiting;
        reading.waiting = [];
        reading.waitingBytes = 0;
        if (messages.length > 0) this.#wake.abort();
        return messages;
      },
      get endOffset() {
        return reading.endOffset;
      },
      get skipped() {
        return reading.skipped;
      },
      close: () => {
        if (this.#readings.get(key) === reading) this.#readings.delete(key);
        reading.wake();
      },
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await Promise.all(this.#loops.values());
    await this.#consumer.close(true);
  }

  #untilWoken(reading: Reading, withinMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        reading.wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      signal.addEventListener('abort', done, { once: true });
      reading.wake = done;
      if (signal.aborted) done();
    });
  }

  /** Finds out who leads what, and has each leader asked by a loop of its own. */
  async #ask(): Promise<void> {
    try {
      await this.#refresh();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'Kafka did not say who leads the partitions; it is asked again');
    }
    this.#startLoops();
    this.#wake.abort();
  }

  #startLoops(): void {
    // Node -1 stands for partitions whose leader nobody knows: its loop asks for the metadata again.
    for (const node of new Set([...this.#readings.values()].map((reading) => this.#leaderOf(reading)))) {
      if (this.#loops.has(node) || this.#stop.signal.aborted) continue;
      const loop = this.#run(node).finally(() => this.#loops.delete(node));
      this.#loops.set(node, loop);
    }
  }

  async #run(node: number): Promise<void> {
    const { clock, logger } = this.#options;
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      this.#dropRecreated();
      const led = [...this.#readings.values()].filter((reading) => this.#leaderOf(reading) === node);
      if (led.length === 0) return;
      const wanted = led.filter((reading) => reading.waitingBytes < waitingBytes);
      if (wanted.length === 0) {
        this.#wake = this.#wake.signal.aborted ? new AbortController() : this.#wake;
        await clock.pause(waitAtBrokerMs, AbortSignal.any([this.#wake.signal, this.#stop.signal]));
        continue;
      }
      try {
        if (node < 0) throw new Error('a partition has no leader');
        await this.#fetch(node, wanted);
        failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        failures += 1;
        const known = asKafkaError(
          error,
          `reading ${wanted.map((one) => keyOf(one.topic, one.partition)).join(', ')}`,
          this.#options.connection,
        );
        if (failures === 3) logger.warn({ err: known }, 'Kafka cannot be read; it is tried again');
        if (failures >= 3) for (const reading of wanted) this.#fail(reading, known);
        await clock.pause(backoffMs(failures, { firstMs: 100, longestMs: 2000 }), this.#stop.signal);
        // The next turn of the loop meets the same trouble again, and tells of it.
        await this.#refresh().catch((err: unknown) => logger.debug({ err }, 'Kafka did not say who leads what'));
        this.#startLoops();
      }
    }
  }

  async #fetch(node: number, wanted: readonly Reading[]): Promise<void> {
    const topics = Map.groupBy(wanted, ({ topic }) => topic);
    const ids = new Map([...topics.keys()].map((topic) => [this.#topics.get(topic)?.id ?? '', topic]));
    const response = await this.#consumer
      .fetch({
        node,
        maxWaitTime: waitAtBrokerMs,
        minBytes: 1,
        maxBytes: requestBytes,
        topics: [...ids].map(([topicId, topic]) => ({
          topicId,
          partitions: (topics.get(topic) ?? []).map(({ partition, nextOffset }) => ({
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: BigInt(nextOffset),
            lastFetchedEpoch: -1,
            partitionMaxBytes: partitionBytes,
          })),
        })),
      })
      .catch(async (error: unknown) => {
        if (!isKafkaError(error, 'OFFSET_OUT_OF_RANGE')) throw error;
        await this.#returnIntoRange(wanted);
        return undefined;
      });
    for (const { topicId, partitions } of response?.responses ?? []) {
      const topic = ids.get(topicId);
      for (const { partitionIndex, highWatermark, records, abortedTransactions } of partitions) {
        const reading = topic === undefined ? undefined : this.#readings.get(keyOf(topic, partitionIndex));
        if (reading?.topicId !== topicId) continue;
        reading.endOffset = Number(highWatermark);
        if (records) take(reading, records, abortedTransactions ?? []);
      }
    }
  }

  /**
   * Partitions that no longer have the wanted offset go on where they begin now; what lies between is counted. One that
   * ends before it is read no more: whoever holds it asks anew.
   */
  async #returnIntoRange(wanted: readonly Reading[]): Promise<void> {
    for (const reading of wanted) {
      const { topic, partition, nextOffset } = reading;
      const begin = await this.#offset(topic, partition, oldest);
      const end = await this.#offset(topic, partition, newest);
      if (nextOffset > end) {
        const why = `it ends at ${end}, but was read up to ${nextOffset} already`;
        this.#drop(reading, `Kafka partition ${keyOf(topic, partition)} cannot be read on: ${why}. Was it restored?`);
      }
      if (nextOffset >= begin) continue;
      const skipped = begin - nextOffset;
      this.#options.logger.error(
        { topic, partition, skipped },
        'Kafka dropped messages before they were read: its retention is shorter than the processors were away',
      );
      reading.skipped += skipped;
      reading.nextOffset = begin;
    }
  }

  /** Offsets are those of one topic; another one under the same name has others. */
  #dropRecreated(): void {
    for (const reading of [...this.#readings.values()]) {
      const { topic, topicId } = reading;
      const present = this.#topics.get(topic)?.id;
      if (present !== undefined && present !== topicId)
        this.#drop(reading, `Kafka topic "${topic}" was deleted and made anew. It is opened again.`);
    }
  }

  /** Ends a reading that cannot go on from where it is: its holder is told, and opens another one. */
  #drop(reading: Reading, message: string): void {
    const key = keyOf(reading.topic, reading.partition);
    if (this.#readings.get(key) === reading) this.#readings.delete(key);
    this.#fail(reading, new WatchkeeperError('log_unavailable', message));
  }

  #fail(reading: Reading, error: WatchkeeperError): void {
    reading.error = error;
    reading.wake();
  }

  /** Each topic on its own: one that is gone must not hide who leads the others. */
  async #refresh(): Promise<void> {
    const topics = [...new Set([...this.#readings.values()].map(({ topic }) => topic))];
    const outcomes = await Promise.allSettled(topics.map((topic) => this.#lookUp(topic)));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  async #lookUp(topic: string): Promise<ClusterTopicMetadata> {
    const { topics } = await this.#consumer.metadata({ topics: [topic], forceUpdate: true });
    const found = topics.get(topic);
    if (found === undefined) throw new Error(`there is no topic "${topic}"`);
    this.#topics.set(topic, found);
    return found;
  }

  /** Asks the leader of this partition alone: another's may be away. */
  async #offset(topic: string, partition: number, timestamp: bigint): Promise<number> {
    const partitions = { [topic]: [partition] };
    const offsets = await this.#consumer.listOffsets({ topics: [topic], partitions, timestamp });
    return Number(offsets.get(topic)?.[partition] ?? 0n);
  }

  #leaderOf({ topic, partition }: Reading): number {
    return this.#topics.get(topic)?.partitions[partition]?.leader ?? -1;
  }
}

type Records = {
  readonly firstOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly firstTimestamp: bigint;
  readonly attributes: number;
  readonly producerId: bigint;
  readonly records: readonly KafkaRecord[];
};

const transactionalFlag = 0b1_0000;
const controlFlag = 0b10_0000;

function take(
  reading: Reading,
  batches: readonly Records[],
  aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[],
): void {
  // Of each producer the transactions that were given up, oldest first.
  const givenUp = Map.groupBy(aborted, ({ producerId }) => producerId);
  for (const batch of batches) {
    const isControl = (batch.attributes & controlFlag) !== 0;
    const isTransactional = (batch.attributes & transactionalFlag) !== 0;
    const next = isTransactional ? givenUp.get(batch.producerId)?.[0] : undefined;
    const isGivenUp = next !== undefined && batch.firstOffset >= next.firstOffset;
    // A marker ends the transaction; what its producer sends afterwards is another one.
    if (isControl && isGivenUp) givenUp.get(batch.producerId)?.shift();
    if (!isControl && !isGivenUp) {
      for (const { offsetDelta, timestampDelta, key, value } of batch.records) {
        const offset = Number(batch.firstOffset) + offsetDelta;
        // A batch comes whole, also the part before the offset that was asked for.
        if (offset < reading.nextOffset) continue;
        const timestampMs = Number(batch.firstTimestamp + timestampDelta);
        reading.waiting.push({ offset, timestampMs, key, value });
        reading.waitingBytes += (value?.length ?? 0) + (key?.length ?? 0) + 50;
      }
    }
    reading.nextOffset = Math.max(reading.nextOffset, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
  }
  if (reading.waiting.length > 0) reading.wake();
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
