import { Consumer, Producer, stringSerializers } from '@platformatic/kafka';
import { backoffMs } from '@watchkeeper/kit';
import type { KafkaConnection } from '@watchkeeper/model';
import { HandlersByTopic } from './handlers-by-topic.ts';
import { createWhereMissing, kafkaOptions, kafkaReason, outliving } from './kafka-client.ts';
import type { MessageDriverContext } from './message-driver.ts';
import type { Messages } from './messages.ts';
import { WakeSender } from './wake-sender.ts';

/** Wake-ups are of no use later; after a reconnect everything is read again in any case. */
const retentionMs = 600_000;
/** Longest time a broker holds a request back when there is nothing new, milliseconds. */
const waitAtBrokerMs = 500;
/** A wake-up is its key, so this is a lot. */
const requestBytes = 64 * 1024;

export interface KafkaWakesOptions {
  readonly connection: KafkaConnection;
  readonly wakeTopic: string;
}

/**
 * Wake-ups by a topic that every process reads from its end, without a consumer group and without a saved position.
 * Whenever reading fails it begins anew at the end, and every handler is called.
 */
export function kafkaWakes({ connection, wakeTopic }: KafkaWakesOptions, context: MessageDriverContext): Messages {
  const { clock, logger } = context;
  const handlers = new HandlersByTopic();
  const stop = new AbortController();
  const producer = outliving(new Producer({ ...kafkaOptions(connection), serializers: stringSerializers }));
  const sender = new WakeSender({
    async send(topic) {
      await producer.send({ messages: [{ topic: wakeTopic, key: topic, value: '' }] });
    },
    clock,
    logger,
  });

  const read = async (onProgress: () => void) => {
    await createWhereMissing(connection, { topic: wakeTopic, partitions: 1, retentionMs });
    const consumer = outliving(new Consumer({ ...kafkaOptions(connection), groupId: `${connection.clientId}-wake` }));
    try {
      const places = await ends(consumer, wakeTopic);
      handlers.callAll();
      onProgress();
      const leaders = Map.groupBy(places, ({ leader }) => leader);
      await Promise.all(
        [...leaders].map(async ([leader, led]) => {
          while (!stop.signal.aborted) {
            for (const topic of await fetchNext(consumer, leader, led)) handlers.call(topic);
            onProgress();
          }
        }),
      );
    } finally {
      await consumer.close(true);
    }
  };
  const run = async () => {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        await read(() => {
          failures = 0;
        });
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        if (failures === 1)
          logger.warn({ reason: kafkaReason(error) }, 'wake-ups cannot be received from Kafka; it is tried again');
        await clock.pause(backoffMs(failures, { firstMs: 200, longestMs: 5000 }), stop.signal);
      }
    }
  };
  const running = run();

  let closing: Promise<void> | undefined;
  return {
    publish: async (topic) => sender.add(topic),
    subscribe: (topic, handler) => handlers.add(topic, handler),
    close() {
      closing ??= (async () => {
        await sender.close();
        stop.abort();
        await running;
        await producer.close();
      })();
      return closing;
    },
  };
}

/** A partition of the topic and what is to be read next of it. */
interface Place {
  readonly topicId: string;
  readonly partition: number;
  readonly leader: number;
  nextOffset: bigint;
}

async function ends(consumer: Consumer, topic: string): Promise<Place[]> {
  const metadata = await consumer.metadata({ topics: [topic], forceUpdate: true });
  const found = metadata.topics.get(topic);
  const offsets = (await consumer.listOffsets({ topics: [topic] })).get(topic);
  if (found === undefined || offsets === undefined) throw new Error(`Kafka does not show the topic "${topic}" yet`);
  return found.partitions.map(({ leader }, partition) => {
    if (leader < 0) throw new Error(`partition ${partition} of "${topic}" has no leader`);
    return { topicId: found.id, partition, leader, nextOffset: offsets[partition] ?? 0n };
  });
}

/** Keys of what has come since, from partitions with one leader. */
async function fetchNext(consumer: Consumer, leader: number, places: readonly Place[]): Promise<string[]> {
  const { responses } = await consumer.fetch({
    node: leader,
    maxWaitTime: waitAtBrokerMs,
    minBytes: 1,
    maxBytes: requestBytes,
    topics: [
      {
        topicId: places[0]?.topicId ?? '',
        partitions: places.map(({ partition, nextOffset }) => ({
          ...{ partition, currentLeaderEpoch: -1, fetchOffset: nextOffset, lastFetchedEpoch: -1 },
          partitionMaxBytes: requestBytes,
        })),
      },
    ],
  });
  const keys: string[] = [];
  for (const { partitionIndex, records } of responses.flatMap(({ partitions }) => partitions)) {
    const place = places.find(({ partition }) => partition === partitionIndex);
    if (place === undefined) continue;
    for (const batch of records ?? []) {
      // A batch comes whole, also the part before the offset that was asked for.
      for (const { offsetDelta, key } of batch.records)
        if (batch.firstOffset + BigInt(offsetDelta) >= place.nextOffset) keys.push(key?.toString() ?? '');
      const next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
      if (next > place.nextOffset) place.nextOffset = next;
    }
  }
  return keys;
}
