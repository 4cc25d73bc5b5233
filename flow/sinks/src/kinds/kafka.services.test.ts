import { Admin, Consumer, MessagesStreamModes } from '@platformatic/kafka';
import { kafkaOptions, kafkaReason } from '@watchkeeper/messages/kafka';
import { decodeEventMessage, type EventBatch, type KafkaConnection } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { aBatch, aContext, anOutgoing, someEvents } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import kafka from './kafka.ts';

const isMissing = /\b(java|mvn)\b/.test(process.env.WK_MISSING_PROGRAMS ?? '');

describe.skipIf(isMissing)('With a real Kafka', () => {
  let broker: Kafka;
  let connection: KafkaConnection;
  beforeAll(async () => {
    broker = await startKafka();
    connection = { brokers: broker.brokers, clientId: 'watchkeeper' };
  });
  afterAll(() => broker?.stop());

  /** A topic of its own, and what stands in it. */
  async function openTarget() {
    const topic = `sink-${crypto.randomUUID()}`;
    const batches = async (): Promise<EventBatch[]> => {
      const texts = await readTopic(connection, topic);
      return texts.flatMap((text) => {
        const { batches: read, problems } = decodeEventMessage(JSON.parse(text));
        expect(problems).toEqual([]);
        return [...read];
      });
    };
    return {
      ...{ batches, options: { topic, compression: 'none' as const }, context: { kafka: connection, timeoutMs: 5000 } },
      values: async () => (await batches()).flatMap(({ events }) => events.flatMap(({ values }) => values[0] ?? [])),
      goAway: async () => broker.nodes[0]?.kill(),
      comeBack: async () => broker.nodes[0]?.restart(),
      close: async () => undefined,
    };
  }

  describeSinkContract(kafka, { openTarget, sentTwice: 'twice', withinMs: 60_000 });

  it('messages are event messages whose identity lets another Watchkeeper drop repetitions', async () => {
    const target = await openTarget();
    const sink = kafka.open(target.options, aContext(target.context));
    const failed = anOutgoing({
      values: [5],
      outcome: 'failed',
      reason: 'timeout',
      timeNs: 9,
      detail: { message: 'x' },
    });
    await sink.write(aBatch([...someEvents(2), failed], { firstSeq: 41, epoch: 7 }), new AbortController().signal);
    const [batch] = await target.batches();
    expect(batch).toMatchObject({ producer: 'sink/default/out/0', epoch: 7, firstSeq: 41 });
    expect(batch?.events[2]).toMatchObject({
      series: { name: 'monitor.checked', environment: 'production', service: 'shop', attributes: { status: '200' } },
      ...{ outcome: 'failed', reason: 'timeout', timeNs: 9, values: [5], detail: { message: 'x' } },
    });
    await sink.close();
  });

  it('an event that is too large for a message is refused with the reason, and the others go out', async () => {
    const target = await openTarget();
    const sink = kafka.open(target.options, aContext(target.context));
    const large = anOutgoing({ values: [2], detail: { message: 'x'.repeat(1_000_000) } });
    const written = await sink.write(
      aBatch([...someEvents(1), large, ...someEvents(1, 3)]),
      new AbortController().signal,
    );
    expect(written).toEqual({ ok: true, refused: [{ index: 1, reason: expect.stringMatching(/has 1\d{6} bytes/) }] });
    expect((await target.values()).toSorted((a, b) => a - b)).toEqual([1, 3]);
    await sink.close();
  });

  it('without a cluster in the settings it says so, and nothing is lost', async () => {
    const sink = kafka.open({ topic: 't', compression: 'none' }, aContext());
    expect(await sink.write(aBatch(someEvents(1)), new AbortController().signal)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/kafka.brokers/),
    });
  });
});

/** Everything that stands in a topic now; nothing where there is none. */
async function readTopic(connection: KafkaConnection, topic: string): Promise<string[]> {
  const admin = new Admin(kafkaOptions(connection));
  const consumer = new Consumer({ ...kafkaOptions(connection), groupId: crypto.randomUUID(), autocommit: false });
  try {
    const metadata = await admin.metadata({ topics: [topic] }).catch(() => undefined);
    if (!metadata?.topics.has(topic)) return [];
    const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [];
    const wanted = Number(ends.reduce((sum, end) => sum + end, 0n));
    const texts: string[] = [];
    if (wanted === 0) return texts;
    const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, maxWaitTime: 100 });
    for await (const message of stream) {
      texts.push(String(message.value));
      if (texts.length >= wanted) break;
    }
    await stream.close();
    return texts;
  } catch (error) {
    // A broker that has just started knows no groups yet; whoever looks looks again.
    if (/COORDINATOR/.test(kafkaReason(error))) return [];
    throw error;
  } finally {
    await consumer.close(true);
    await admin.close();
  }
}
