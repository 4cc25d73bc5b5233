import { Admin, Producer } from '@platformatic/kafka';
import { kafkaOptions } from '@watchkeeper/messages/kafka';
import { type EventBatch, encodeEventMessage } from '@watchkeeper/model';
import { readDeadLetters } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { until } from '../../../../scripts/servers/server-process.ts';
import { startProcessor } from '../../src/index.ts';
import { FaultWorld } from '../faults/fault-world.ts';
import { openPlace } from '../faults/log-place.ts';
import { numberedEvents } from '../faults/numbered-event.ts';

let kafka: Kafka;
let admin: Admin;
let producer: Producer;
beforeAll(async () => {
  kafka = await startKafka();
  const options = kafkaOptions({ brokers: kafka.brokers, clientId: 'stranger' });
  admin = new Admin(options);
  producer = new Producer(options);
});
afterAll(async () => {
  await producer.close();
  await admin.close();
  await kafka.stop();
});

describe('A topic', () => {
  let world: FaultWorld;
  let log: Awaited<ReturnType<typeof openPlace>>;
  let processors: ReturnType<typeof startProcessor>[];
  const topic = () => world.place.topic?.name ?? '';
  const start = () => {
    const { store, eventLog, messages, clock, logger } = log;
    const started = startProcessor({
      ...{ store, eventLog, messages, clock, logger, holder: `in-test-${processors.length}` },
      ...{ openIntake: eventLog.openIntake, writeEveryMs: 100, leaseSeconds: 1 },
    });
    processors.push(started);
    return started;
  };
  beforeEach(async () => {
    const mappings = [{ when: { '/kind': 'order' }, name: { text: 'order.placed' }, attributes: {}, values: {} }];
    world = await FaultWorld.open({ kafka, mappings, eventsPerSecond: 0 });
    log = await openPlace(world.place);
    processors = [];
  });
  afterEach(async () => {
    await Promise.all(processors.map((processor) => processor.drain()));
    await log.close();
    await world.close();
  });

  const send = (values: readonly (string | EventBatch)[], timestampMs = Date.now(), partition = 0) =>
    producer.send({
      messages: values.map((value) => ({
        ...{ topic: topic(), partition, timestamp: BigInt(timestampMs) },
        value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(encodeEventMessage(value))),
      })),
      acks: -1,
    });
  const batch = (name: string, firstSeq: number, count: number): EventBatch => ({
    ...{ producer: name, epoch: 1, firstSeq },
    events: numberedEvents(firstSeq, count),
  });
  const seqsOf = async (name: string) => {
    const { rows } = await sql<{ seq: number }>`
      select e.seq from events e join producers p on p.id = e.producer_id where p.name = ${name} order by 1`.execute(
      world.store.db,
    );
    return rows.map(({ seq }) => seq);
  };
  const toBeStored = (name: string, count: number, withinMs: number) =>
    until(`${count} events of ${name}`, async () => (await seqsOf(name)).length >= count, { withinMs, everyMs: 20 });
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it('with messages twice, out of order and hours late is stored once and whole', async () => {
    start();
    const batches = Array.from({ length: 20 }, (_, index) => batch('shuffled', 1 + index * 50, 50));
    // Every third late by hours, neighbours changed, and all of it once more from its end.
    const late = batches.filter((_, index) => index % 3 === 0);
    const rest = batches.filter((_, index) => index % 3 !== 0);
    await send([...rest].reverse());
    await send(rest);
    await send(late, Date.now() - 6 * 3_600_000);
    await send([...batches].reverse());
    await toBeStored('shuffled', 1000, 10_000);
    await send([batch('behind', 1, 10)]);
    await toBeStored('behind', 10, 10_000);
    expect(await seqsOf('shuffled')).toEqual(numbers(1000));
    await world.expectRollupsAreSums();
  });

  it('with messages that nobody can read goes on within a second, and they are set aside with the reason', async () => {
    start();
    await send([batch('good', 1, 10)]);
    await toBeStored('good', 10, 10_000);
    await send(['{"kind":', '{"kind":"order","id":1}', '{"kind":"unknown"}', '', batch('good', 11, 10)]);
    await toBeStored('good', 20, 1500);
    const letters = await readDeadLetters(world.store.db, { limit: 10 });
    expect(letters.map(({ body, message }) => [body, message]).reverse()).toEqual([
      ['{"kind":', expect.stringContaining('not JSON')],
      ['{"kind":"unknown"}', expect.stringContaining('no mapping is for it')],
      ['', expect.stringContaining('is empty')],
    ]);
    expect(await seqsOf(`kafka/${topic()}/0`)).toHaveLength(1);
    await world.expectRollupsAreSums();
  });

  it('that is given more partitions is read whole by processes that run already', async () => {
    const processor = start();
    await send([batch('first', 1, 10)]);
    await toBeStored('first', 10, 10_000);
    await admin.createPartitions({ topics: [{ name: topic(), count: 6 }] });
    // A process that starts now gives them their places.
    const late = await openPlace(world.place);
    try {
      await send([batch('more', 1, 10)], Date.now(), 5);
      await toBeStored('more', 10, 15_000);
      expect(processor.stats().partitions).toHaveLength(6);
      await world.expectRollupsAreSums();
    } finally {
      await late.close();
    }
  });

  it('that is deleted and made anew under its name is read from its beginning', async () => {
    const { eventLog } = log;
    start();
    const { epoch } = await eventLog.openProducer('owner');
    const append = (firstSeq: number, count: number) =>
      eventLog.append({ producer: 'owner', epoch, firstSeq, events: numberedEvents(firstSeq, count) });
    for (let firstSeq = 1; firstSeq <= 500; firstSeq += 50) await append(firstSeq, 50);
    await toBeStored('owner', 500, 10_000);
    await admin.deleteTopics({ topics: [topic()] });
    await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topic()));
    await admin.createTopics({ topics: [topic()], partitions: 4, replicas: 1 });
    await until('the log to take events again', () =>
      append(501, 100).then(
        () => true,
        () => false,
      ),
    );
    await toBeStored('owner', 600, 15_000);
    expect(await seqsOf('owner')).toEqual(numbers(600));
    await world.expectRollupsAreSums();
  });

  it('that drops messages before they are read is read on, and what was skipped is counted', async () => {
    const first = start();
    await send([batch('before', 1, 10)]);
    await toBeStored('before', 10, 10_000);
    await first.drain();
    for (let count = 0; count < 7; count++) await send([batch('dropped', 1 + count, 1)]);
    await admin.deleteRecords({ topics: [{ name: topic(), partitions: [{ partition: 0, offset: 8n }] }] });
    await send([batch('after', 1, 10)]);
    start();
    await toBeStored('after', 10, 15_000);
    expect(await seqsOf('dropped')).toEqual([]);
    const { rows } = await sql<{ skipped: number }>`
      select sum(skipped)::integer as skipped from intake_positions where topic = ${topic()}`.execute(world.store.db);
    expect(rows).toEqual([{ skipped: 7 }]);
    await world.expectRollupsAreSums();
  });
});
