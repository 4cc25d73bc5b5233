import { setTimeout as pause } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import { kafkaOptions } from '@watchkeeper/messages/kafka';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { until } from '../../../../scripts/servers/server-process.ts';
import { type CutNetwork, makeCutNetwork, whyNoNamespace } from '../faults/cut-network.ts';
import { FaultWorld } from '../faults/fault-world.ts';

/** The broker that leads the first partition, from 1. */
async function leaderOf({ place: { topic } }: FaultWorld): Promise<number> {
  const admin = new Admin(kafkaOptions({ brokers: [...(topic?.brokers ?? [])], clientId: 'test' }));
  const { topics } = await admin.metadata({ topics: [topic?.name ?? ''], forceUpdate: true });
  await admin.close();
  return topics.get(topic?.name ?? '')?.partitions[0]?.leader ?? 0;
}

describe('Of three brokers', () => {
  let kafka: Kafka;
  let world: FaultWorld;
  beforeAll(async () => {
    kafka = await startKafka({ nodes: 3 });
  });
  afterAll(() => kafka.stop());
  afterEach(() => world.close());

  it('one may be killed and come back: others lead its partitions, and nothing is lost', async () => {
    world = await FaultWorld.open({ kafka, replicas: 3, eventsPerSecond: 2000 });
    world.startProcessor('only');
    await world.progressEverywhere('before anything happens');
    const leader = kafka.nodes[(await leaderOf(world)) - 1];
    await leader?.kill();
    await world.progressEverywhere('while one broker is away');
    await leader?.restart();
    await world.progressEverywhere('when it is back');
    await world.expectWhole();
  });

  it('two may be stopped: nothing is acknowledged meanwhile, and nothing is lost', async () => {
    world = await FaultWorld.open({ kafka, replicas: 3, eventsPerSecond: 2000 });
    world.startProcessor('only');
    await world.progressEverywhere('before anything happens');
    const [, second, third] = kafka.nodes;
    await Promise.all([second?.kill(), third?.kill()]);
    await until('producers to be told', () => (world.ledger.failures.get('log_unavailable') ?? 0) > 0);
    const { acked } = world.ledger;
    await pause(3000);
    expect(world.ledger.acked).toBe(acked);
    await Promise.all([second?.restart(), third?.restart()]);
    await world.progressEverywhere('when they are back', 30_000);
    await world.expectWhole();
    expect([...world.ledger.failures.keys()]).toEqual(['log_unavailable']);
  });
});

const why = whyNoNamespace();
if (why !== undefined)
  process.stderr.write(`MISSING: network namespaces (${why}). What cuts the network is skipped.\n`);

describe.skipIf(why !== undefined && process.env.CI === undefined)('A network to the brokers', () => {
  let network: CutNetwork;
  let kafka: Kafka;
  let world: FaultWorld;
  beforeAll(async () => {
    network = makeCutNetwork();
    kafka = await startKafka({ hosts: [network.address], prefix: () => network.prefix });
  });
  afterAll(async () => {
    await kafka?.stop();
    network?.remove();
  });
  afterEach(() => world.close());

  it('may be cut for longer than a request may take, and everything goes on when it is back', async () => {
    world = await FaultWorld.open({ kafka, eventsPerSecond: 2000 });
    world.startProcessor('only');
    await world.progressEverywhere('before anything happens');
    network.cut();
    await until('producers to be told', () => (world.ledger.failures.get('log_unavailable') ?? 0) > 0);
    network.mend();
    await world.progressEverywhere('when the network is back');
    await world.expectWhole();
  });
});
