import { compatibilityPartitioner, Producer } from '@platformatic/kafka';
import { createWhereMissing, kafkaOptions, kafkaReason } from '@watchkeeper/messages/kafka';
import {
  type EventMessage,
  encodeEventMessage,
  type KafkaConnection,
  type OpenSink,
  type OutgoingBatch,
  type OutgoingSeries,
  type RefusedEvent,
  type Series,
  type Written,
} from '@watchkeeper/model';
import { Type } from 'typebox';
import { defineSinkType, type SinkContext } from '../sink-context.ts';

/** Events and bytes of one message: small enough for the usual largest message of a broker, 1 MiB. */
const messageEvents = 2500;
const messageBytes = 900_000;

export default defineSinkType({
  name: 'kafka',
  summary:
    'Sends events to a topic of the Kafka cluster in the settings, as messages that another Watchkeeper can read.',
  options: Type.Object(
    {
      topic: Type.String({
        title: 'Topic',
        description: 'Made where it is missing, with what the brokers give by themselves',
        pattern: '^[A-Za-z0-9._-]{1,200}$',
      }),
      compression: Type.Unsafe<'none' | 'gzip' | 'zstd'>(
        Type.Union([Type.Literal('none'), Type.Literal('gzip'), Type.Literal('zstd')], {
          title: 'Compression',
          default: 'none',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  open: (options, context) => new TopicSink(options, context),
});

/** Acknowledged by all replicas in sync. A producer that has failed is replaced: nobody knows how far its numbers are. */
class TopicSink implements OpenSink {
  readonly #options: { readonly topic: string; readonly compression: 'none' | 'gzip' | 'zstd' };
  readonly #context: SinkContext;
  #producer: Producer | undefined;

  constructor(options: { topic: string; compression: 'none' | 'gzip' | 'zstd' }, context: SinkContext) {
    this.#options = options;
    this.#context = context;
  }

  async write(batch: OutgoingBatch, signal: AbortSignal): Promise<Written> {
    const { kafka } = this.#context;
    if (kafka === undefined) return { ok: false, error: 'the settings name no Kafka cluster; write kafka.brokers' };
    const refused: RefusedEvent[] = [];
    const values: Buffer[] = [];
    for (let start = 0; start < batch.events.length; start += messageEvents)
      values.push(...valuesOf(batch, start, Math.min(batch.events.length, start + messageEvents), refused));
    try {
      for (const value of values) await this.#send(kafka, batch.producer, value, signal);
      return { ok: true, refused };
    } catch (error) {
      return { ok: false, error: `Kafka at ${kafka.brokers.join(', ')}: ${kafkaReason(error)}` };
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.close();
  }

  async #send(kafka: KafkaConnection, key: string, value: Buffer, signal: AbortSignal): Promise<void> {
    const { topic, compression } = this.#options;
    if (this.#producer === undefined) {
      await createWhereMissing(kafka, { topic });
      this.#producer = new Producer({
        ...kafkaOptions(kafka),
        idempotent: true,
        compression,
        autocreateTopics: false,
        // The same partition that every other client would choose for a key.
        partitioner: compatibilityPartitioner as never,
      });
    }
    const producer = this.#producer;
    const isSettled = new AbortController();
    const given = AbortSignal.any([signal, isSettled.signal]);
    // An idempotent producer of the library tries again without end; closing it makes it give up.
    const late = this.#context.clock.pause(this.#context.timeoutMs, given).then(async () => {
      if (!isSettled.signal.aborted) await producer.close();
    });
    try {
      await producer.send({ messages: [{ topic, key: Buffer.from(key), value }] });
    } catch (error) {
      this.#producer = undefined;
      await producer.close();
      throw error;
    } finally {
      isSettled.abort();
      await late;
    }
  }
}

/** Events of a batch as messages of at most `messageBytes`; one that is too large even alone is named in `refused`. */
function valuesOf(batch: OutgoingBatch, start: number, end: number, refused: RefusedEvent[]): Buffer[] {
  const value = Buffer.from(JSON.stringify(messageOf(batch, start, end)));
  if (value.length <= messageBytes) return [value];
  if (end - start === 1) {
    refused.push({ index: start, reason: `has ${value.length} bytes; a message may have ${messageBytes}` });
    return [];
  }
  const middle = (start + end) >> 1;
  return [...valuesOf(batch, start, middle, refused), ...valuesOf(batch, middle, end, refused)];
}

function messageOf({ producer, epoch, firstSeq, events }: OutgoingBatch, start: number, end: number): EventMessage {
  const known = new Map<OutgoingSeries, Series>();
  return encodeEventMessage({
    ...{ producer, epoch, firstSeq: firstSeq + start },
    events: events.slice(start, end).map(({ series, timeUs, timeNs, outcome, reason, values, detail }) => {
      const written = known.get(series) ?? seriesOf(series);
      known.set(series, written);
      return {
        ...{ series: written, timeUs, outcome, values },
        ...(timeNs === 0 ? {} : { timeNs }),
        ...(reason === undefined ? {} : { reason }),
        ...(detail === undefined ? {} : { detail }),
      };
    }),
  });
}

/** Labels that are called like dimensions are dimensions again; the tenant is the receiver's to say. */
function seriesOf({ name, labels, valueNames }: OutgoingSeries): Series {
  const { environment = '', zone = '', host = '', guest = '', service = '', source = '', ...attributes } = labels;
  return { tenant: 'default', environment, zone, host, guest, service, name, source, attributes, valueNames };
}
