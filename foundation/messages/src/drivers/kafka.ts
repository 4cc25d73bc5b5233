import { compatibilityPartitioner, Producer, stringSerializers } from '@platformatic/kafka';
import type { Clock } from '@watchkeeper/kit';
import { type CloudEvent, cloudEventContentType, WatchkeeperError } from '@watchkeeper/model';
import { createWhereMissing, kafkaOptions, kafkaReason, outliving } from '../kafka-client.ts';
import { KafkaMessageOptions } from '../kafka-options.ts';
import { kafkaWakes } from '../kafka-wakes.ts';
import { type Carrier, defineMessageDriver } from '../message-driver.ts';

export default defineMessageDriver({
  name: 'kafka',
  summary: 'Wake-ups and notifications by topics of Apache Kafka.',
  options: KafkaMessageOptions,
  open: kafkaWakes,
  openCarrier: (options, { clock }) => new KafkaCarrier(options, clock),
});

/** Longest time for one request and its repetitions, milliseconds; shorter than the wait of whoever sends. */
const produceMs = 4000;

/** Bytes of one request before it is sent, besides one notification: half of what brokers usually take. */
const requestBytes = 500_000;

interface Waiting {
  readonly subject: string;
  /** The CloudEvent as JSON. */
  readonly value: string;
  readonly resolve: () => void;
  readonly reject: (error: WatchkeeperError) => void;
}

/**
 * Acknowledged by all replicas in sync. One request at a time, which takes along what has come meanwhile; a producer
 * that has failed is replaced, since nobody knows how far the numbers of its messages are.
 */
class KafkaCarrier implements Carrier {
  readonly #options: KafkaMessageOptions;
  #producer: Producer<string, string, string, string> | undefined;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;
  readonly #clock: Clock;

  constructor(options: KafkaMessageOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  send(notification: CloudEvent): Promise<void> {
    if (this.#isClosed) return Promise.reject(this.#failure(new Error('this process is ending')));
    return new Promise((resolve, reject) => {
      const { subject } = notification;
      this.#waiting.push({ subject, value: JSON.stringify(notification), resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close();
  }

  async #run(): Promise<void> {
    // What is sent in the same turn goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const taken = this.#takeWaiting();
      try {
        await this.#produce(taken);
        for (const { resolve } of taken) resolve();
      } catch (error) {
        const failure = this.#failure(error);
        for (const { reject } of taken) reject(failure);
      }
    }
    this.#running = undefined;
  }

  /** At least one, and as many as one request takes. */
  #takeWaiting(): readonly Waiting[] {
    let bytes = 0;
    const beyond = this.#waiting.findIndex(({ value }, place) => {
      bytes += Buffer.byteLength(value);
      return place > 0 && bytes > requestBytes;
    });
    return this.#waiting.splice(0, beyond < 0 ? this.#waiting.length : beyond);
  }

  async #produce(notifications: readonly Waiting[]): Promise<void> {
    const { connection, topic } = this.#options;
    if (this.#producer === undefined) {
      await createWhereMissing(connection, { topic });
      this.#producer = outliving(
        new Producer({
          ...kafkaOptions(connection),
          serializers: stringSerializers,
          idempotent: true,
          // The same partition that every other client would choose for a key.
          partitioner: compatibilityPartitioner,
        }),
      );
    }
    const producer = this.#producer;
    const isSettled = new AbortController();
    // An idempotent producer of the library tries again without end; closing it makes it give up.
    const late = this.#clock.pause(produceMs, isSettled.signal).then(async () => {
      if (isSettled.signal.aborted) return;
      await producer.close();
    });
    try {
      await producer.send({
        messages: notifications.map(({ subject, value }) => ({
          topic,
          key: subject,
          value,
          headers: { 'content-type': cloudEventContentType },
        })),
      });
    } catch (error) {
      this.#producer = undefined;
      await producer.close();
      throw error;
    } finally {
      isSettled.abort();
      await late;
    }
  }

  #failure(error: unknown): WatchkeeperError {
    const { connection, topic } = this.#options;
    const why = kafkaReason(error);
    const isRefused = /AUTHENTICATION|AUTHORIZATION|SASL|TOO_LARGE|INVALID/i.test(why);
    return new WatchkeeperError(
      isRefused ? 'broker_refused' : 'broker_unavailable',
      isRefused
        ? `Kafka at ${connection.brokers.join(', ')} did not take a notification for topic "${topic}" (${why}). It is tried again; check kafka.sasl, kafka.tls, the topic and the rights of the user.`
        : `Kafka at ${connection.brokers.join(', ')} could not store a notification in topic "${topic}" (${why}). It is tried again; check that the brokers run and that enough replicas are in sync.`,
      { cause: error },
    );
  }
}
