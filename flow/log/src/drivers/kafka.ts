import {
  type AppendResult,
  type EventBatch,
  type EventLog,
  type EventMapping,
  type KafkaConnection,
  parseDuration,
} from '@watchkeeper/model';
import {
  ensureEventPartitions,
  type Intake,
  type OpenIntake,
  openIntakePosition,
  openProducerRow,
  openTopicPlaces,
  producerRow,
  SeriesDictionary,
  storableBatch,
} from '@watchkeeper/store';
import { Type } from 'typebox';
import { BatchEncoder } from '../batch-encoder.ts';
import { checkBatch, checkRoom, fenced, partitionOf } from '../check-batch.ts';
import { HeldConnection } from '../held-connection.ts';
import { foreignProducer, MessageDecoder } from '../kafka/message-events.ts';
import { KafkaLogOptions } from '../kafka/options.ts';
import { ensureTopic, findTopic } from '../kafka/topic.ts';
import { TopicIntake } from '../kafka/topic-intake.ts';
import { TopicProducer } from '../kafka/topic-producer.ts';
import { TopicReader } from '../kafka/topic-reader.ts';
import { defineLogDriver, type LogDriverContext, type OpenedLog } from '../log-driver.ts';
import { StoredLog } from '../stored-log.ts';

/** Events that may wait to be sent; beyond it callers are told to come again. */
const waitingLimit = 200_000;
/** Topics are asked this often whether they have got more partitions, milliseconds. */
const growthEveryMs = 30_000;

export default defineLogDriver({
  name: 'kafka',
  summary: 'A Kafka topic is the log; processors store it in PostgreSQL in the transaction that counts it.',
  options: Type.Object(
    {
      ...KafkaLogOptions.properties,
      connection: Type.Unsafe<KafkaConnection>(Type.Object({}, { description: 'How to reach the brokers' })),
      partitions: Type.Integer({ description: 'Partitions of the topic', minimum: 1, maximum: 1000, default: 4 }),
      seriesPerTenant: Type.Integer({
        description: 'Series one tenant may have; events of new ones beyond it become dead letters',
        minimum: 1,
        default: 1_000_000,
      }),
    },
    { additionalProperties: false },
  ),
  async open(options, context) {
    const { connection, topic, partitions, replicas, minInSyncReplicas, retention } = options;
    const reading = new HeldConnection(context.connection, context.logger);
    try {
      const retentionMs = parseDuration(retention) as number;
      const wanted = { topic, partitions, replicas, minInSyncReplicas, retentionMs };
      const own = await ensureTopic(connection, wanted);
      await reading.use(ensureEventPartitions);
      const sources = [await openSource(reading, { topic, partitions: own.partitions, mappings: options.mappings })];
      for (const input of options.inputs) {
        const { partitions: count } = await findTopic(connection, input.topic);
        sources.push(await openSource(reading, { ...input, partitions: count }));
      }
      return new KafkaLog({ ...context, options, reading, sources });
    } catch (error) {
      await reading.close();
      throw error;
    }
  },
});

/** A topic that is read, and the partitions of the log that its partitions are stored as. */
interface TopicSource {
  readonly topic: string;
  readonly mappings: readonly EventMapping[];
  readonly logPartitions: readonly number[];
}

async function openSource(
  reading: HeldConnection,
  { topic, partitions, mappings }: Omit<TopicSource, 'logPartitions'> & { readonly partitions: number },
): Promise<TopicSource> {
  const logPartitions = await reading.use((client) => openTopicPlaces(client, topic, partitions));
  return { topic, mappings, logPartitions };
}

/** The last partition of the log that belongs to any of these topics. */
function lastPlace(sources: readonly TopicSource[]): number {
  return Math.max(...sources.flatMap(({ logPartitions }) => logPartitions));
}

interface Parts extends LogDriverContext {
  readonly options: Omit<KafkaLogOptions, 'inputs'> & {
    readonly connection: KafkaConnection;
    readonly seriesPerTenant: number;
  };
  readonly reading: HeldConnection;
  /** The log's own topic first. */
  readonly sources: readonly TopicSource[];
}

/** Events go into a topic; what readers see is what processors have stored of it. */
class KafkaLog implements OpenedLog {
  readonly #parts: Parts;
  /** The log's own topic first; a topic may be given more partitions while it is read. */
  readonly #sources: TopicSource[];
  /** Partitions of the own topic that producers are spread over: those that were there at the start. */
  readonly #appendPartitions: number;
  readonly #encoder: BatchEncoder;
  readonly #stored: StoredLog;
  readonly #producer: TopicProducer;
  readonly #reader: TopicReader;
  /** Newest epoch of producers that this process has seen. */
  readonly #epochs = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  #isClosing = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { options, reading, sources } = parts;
    const dictionary = new SeriesDictionary({ perTenant: options.seriesPerTenant });
    this.#sources = [...sources];
    this.#appendPartitions = (sources[0] as TopicSource).logPartitions.length;
    const partitionCount = 1 + lastPlace(sources);
    this.#encoder = new BatchEncoder(dictionary, reading);
    this.#stored = new StoredLog({ ...parts, dictionary, partitionCount });
    this.#producer = new TopicProducer({
      ...options,
      ...parts,
      connection: options.connection,
      partitions: this.#appendPartitions,
    });
    this.#reader = new TopicReader({ ...parts, connection: options.connection });
    this.#watching = this.#watchTopics();
  }

  get partitionCount(): number {
    return this.#stored.partitionCount;
  }

  sendStats = () => this.#producer.stats();

  async openProducer(producer: string): Promise<{ readonly epoch: number }> {
    const opened = await this.#encoder.openProducer(producer);
    this.#epochs.set(producer, opened.epoch);
    return opened;
  }

  async append(batch: EventBatch): Promise<AppendResult> {
    checkBatch(batch);
    const { waiting } = this.#producer.stats();
    checkRoom(batch, { waiting, limit: waitingLimit, isClosing: this.#isClosing });
    // Other processes may know of a newer start: then it is set aside as the event is stored.
    if (batch.epoch < (this.#epochs.get(batch.producer) ?? 0)) throw fenced(batch);
    this.#epochs.set(batch.producer, batch.epoch);
    if (batch.events.length === 0) return { stored: 0, alreadyStored: 0, refused: [] };
    return this.#producer.append(partitionOf(batch.producer, this.#appendPartitions), storableBatch(batch));
  }

  newSeries: OpenedLog['newSeries'] = (given) => this.#encoder.newSeries(given);

  read: EventLog['read'] = (partition, after, limit) => this.#stored.read(partition, after, limit);

  ends: EventLog['ends'] = () => this.#stored.ends();

  waitForAppend: EventLog['waitForAppend'] = (withinMs, signal) => this.#stored.waitForAppend(withinMs, signal);

  openIntake: OpenIntake = async (logPartition): Promise<Intake | undefined> => {
    const { reading, logger, clock } = this.#parts;
    // Somebody else has seen a topic grow.
    if (logPartition > lastPlace(this.#sources)) await this.#findPartitions();
    const source = this.#sources.find(({ logPartitions }) => logPartitions.includes(logPartition));
    // A partition of a log that was in PostgreSQL, or of a topic that is read no more: nothing is added to it.
    if (source === undefined) return undefined;
    const { topic, logPartitions, mappings } = source;
    const topicPartition = logPartitions.indexOf(logPartition);
    // Asked for every time: the topic may have been made anew since this process began.
    const { topicId, firstOffset } = await this.#reader.find(topic, topicPartition);
    const place = { topic, topicId, topicPartition, logPartition };
    const producer = foreignProducer({ topic, partition: topicPartition });
    const { nextOffset, epoch } = await reading.use(async (client) => {
      await ensureEventPartitions(client);
      const position = await openIntakePosition(client, place, firstOffset);
      if (position.isRecreated) {
        logger.warn(
          { topic, partition: topicPartition },
          'the topic is another one than before under this name; it is read from its beginning',
        );
        return { ...position, ...(await openProducerRow(client, producer)) };
      }
      return { ...position, ...(await producerRow(client, producer)) };
    });
    return new TopicIntake({
      ...{ place, nextOffset, logger },
      reader: this.#reader.open({ topic, topicId, partition: topicPartition }, nextOffset),
      decoder: new MessageDecoder({ topic, partition: topicPartition, epoch: Math.max(1, epoch), mappings, clock }),
      encoder: this.#encoder,
      stored: this.#stored,
    });
  };

  async #watchTopics(): Promise<void> {
    const { clock, logger } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.pause(growthEveryMs, signal);
      if (signal.aborted) return;
      await this.#findPartitions().catch((error: unknown) =>
        logger.warn(
          { err: error },
          'topics could not be asked whether they have more partitions; they are asked again',
        ),
      );
    }
  }

  /** Gives partitions that topics have got meanwhile their places in the log. */
  async #findPartitions(): Promise<void> {
    const { options, reading, logger } = this.#parts;
    for (const [index, source] of this.#sources.entries()) {
      const { partitions } = await findTopic(options.connection, source.topic);
      const known = source.logPartitions.length;
      if (partitions <= known) continue;
      this.#sources[index] = await openSource(reading, { ...source, partitions });
      await this.#stored.ends();
      logger.info({ topic: source.topic, partitions, known }, 'a topic has more partitions; they are read too');
    }
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#stop.abort();
    await this.#watching;
    await this.#producer.close();
    await this.#reader.close();
    this.#stored.close();
    await this.#parts.reading.close();
  }
}
