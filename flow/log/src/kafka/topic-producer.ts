import { Producer } from '@platformatic/kafka';
import { kafkaOptions, outliving } from '@watchkeeper/messages/kafka';
import {
  type AppendResult,
  type EventBatch,
  encodeEventMessage,
  type KafkaConnection,
  partOfBatch,
} from '@watchkeeper/model';
import { AppendLane } from '../append-lane.ts';
import type { SendStats } from '../log-driver.ts';
import { asKafkaError } from './kafka-error.ts';

/** Most events of one request to a broker. */
const groupEvents = 5000;
/** Events of one message: small enough for the usual largest message of a broker, 1 MiB. */
const messageEvents = 2500;
/** Bytes of one message, and of one request, before compression. */
const messageBytes = 900_000;

export interface TopicProducerOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitions: number;
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
}

interface EncodedMessages {
  readonly messages: readonly { readonly key: Buffer; readonly value: Buffer }[];
  readonly results: readonly AppendResult[];
}

/**
 * Brings batches into a topic: one request at a time per partition, so that order is kept, acknowledged by all replicas
 * in sync. Batches that arrive meanwhile share the next request.
 */
export class TopicProducer {
  readonly #options: TopicProducerOptions;
  readonly #producer: Producer;
  readonly #lanes: readonly AppendLane<EncodedMessages>[];
  #sent = 0;
  #retried = 0;
  #refused = 0;
  #lastError: string | null = null;

  constructor(options: TopicProducerOptions) {
    this.#options = options;
    this.#producer = outliving(
      new Producer({
        ...kafkaOptions(options.connection),
        idempotent: true,
        // Fewer than two would make the library try for ever. What lasts longer is the sender's to repeat: it keeps the
        // identity, so whatever was written meanwhile is stored once.
        retries: 2,
        retryDelay: (_producer, operation) => {
          if (operation === 'produce') this.#retried += 1;
          return 250;
        },
        compression: options.compression,
        autocreateTopics: false,
      }),
    );
    this.#lanes = Array.from(
      { length: options.partitions },
      (_, partition) =>
        new AppendLane({
          groupEvents,
          prepare: async (batches) => this.#encode(batches),
          commit: (encoded) => this.#send(partition, encoded),
        }),
    );
  }

  stats(): SendStats {
    const waiting = this.#lanes.reduce((sum, lane) => sum + lane.waitingEvents, 0);
    return {
      ...{ waiting, sent: this.#sent, retried: this.#retried, refused: this.#refused },
      lastError: this.#lastError,
    };
  }

  append(partition: number, batch: EventBatch): Promise<AppendResult> {
    return (this.#lanes[partition] as AppendLane<EncodedMessages>).add(batch);
  }

  async close(): Promise<void> {
    for (const lane of this.#lanes) await lane.idle();
    await this.#producer.close();
  }

  #encode(batches: readonly EventBatch[]): EncodedMessages {
    const messages: { key: Buffer; value: Buffer }[] = [];
    const results = batches.map((batch): AppendResult => {
      const refused: number[] = [];
      const key = Buffer.from(batch.producer);
      for (let start = 0; start < batch.events.length; start += messageEvents) {
        const part = partOfBatch(batch, start, start + messageEvents);
        for (const value of valuesOf(part, start, refused)) messages.push({ key, value });
      }
      this.#refused += refused.length;
      return {
        stored: batch.events.length - refused.length,
        alreadyStored: 0,
        refused: refused.map((index) => ({ index, code: 'event_too_large' })),
      };
    });
    return { messages, results };
  }

  async #send(partition: number, { messages, results }: EncodedMessages): Promise<readonly AppendResult[]> {
    const { topic, connection } = this.#options;
    for (const request of requestsOf(messages)) {
      try {
        await this.#producer.send({ messages: request.map((message) => ({ ...message, topic, partition })) });
      } catch (error) {
        const known = asKafkaError(error, `storing events in ${topic}/${partition}`, connection);
        this.#lastError = known.message;
        throw known;
      }
    }
    this.#lastError = null;
    this.#sent += results.reduce((sum, { stored }) => sum + stored, 0);
    return results;
  }
}

/** A batch as messages of at most `messageBytes`; events that are too large even alone are named in `refused`. */
function valuesOf(batch: EventBatch, start: number, refused: number[]): Buffer[] {
  const value = Buffer.from(JSON.stringify(encodeEventMessage(batch)));
  if (value.length <= messageBytes) return [value];
  if (batch.events.length === 1) {
    refused.push(start);
    return [];
  }
  const half = batch.events.length >> 1;
  return [
    ...valuesOf(partOfBatch(batch, 0, half), start, refused),
    ...valuesOf(partOfBatch(batch, half, batch.events.length), start + half, refused),
  ];
}

/** Messages in order, as many in a request as fit into `messageBytes`. */
function requestsOf<Message extends { readonly value: Buffer }>(messages: readonly Message[]): Message[][] {
  const requests: Message[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    if (bytes + message.value.length > messageBytes) {
      requests.push([]);
      bytes = 0;
    }
    bytes += message.value.length;
    requests.at(-1)?.push(message);
  }
  return requests;
}
