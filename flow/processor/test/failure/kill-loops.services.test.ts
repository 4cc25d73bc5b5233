import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { FaultWorld, type RunningProcessor } from '../faults/fault-world.ts';

let kafka: Kafka;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka.stop());

describe('Under 5,000 events a second', () => {
  let world: FaultWorld;
  afterEach(() => world.close());

  it.each(['kafka', 'postgres'])(
    'in %s, processors that are killed again and again lose nothing and count nothing twice',
    async (driver) => {
      world = await FaultWorld.open(driver === 'kafka' ? { kafka } : {});
      // In turn: before a commit, after it, and wherever it may be.
      const deaths = ['processor.before-commit:kill@4', 'processor.after-commit:kill@4', undefined];
      const starts = ['a', 'b'].map((name) => ({ name, count: 0 }));
      const start = (one: { name: string; count: number }) => {
        const death = deaths[one.count++ % deaths.length];
        return world.startProcessor(`${one.name}-${one.count}`, {
          env: death === undefined ? {} : { WK_FAILPOINT: death },
        });
      };
      const died = async (processor: RunningProcessor) => {
        await processor.heard();
        // One that has no failpoint, or still waits for the leases of the dead, is killed from outside.
        const timer = setTimeout(() => processor.signal('SIGKILL'), 2500);
        expect(await processor.ended, processor.complaints()).toMatchObject({ signal: 'SIGKILL' });
        clearTimeout(timer);
      };
      const before = await world.stored();
      await Promise.all(
        starts.map(async (one) => {
          while (one.count < 3) await died(start(one));
        }),
      );
      expect(await world.stored()).toBeGreaterThan(before);
      for (const one of starts) world.startProcessor(`${one.name}-last`);
      await world.expectWhole();
    },
  );

  it('producers that are killed again and again send what was not acknowledged, and each event is stored once', async () => {
    world = await FaultWorld.open({ kafka });
    const processor = world.startProcessor('only');
    await world.ledger.heard();
    for (const [turn, when] of (['before-noted', 'after-noted', 'before-noted', 'after-noted'] as const).entries()) {
      await world.ledger.killAndRestart(turn % 2, { when, answer: 10 });
      await world.ledger.ended(turn % 2);
    }
    await world.ledger.killAndRestart(0);
    await world.ledger.killAndRestart(1);
    await world.progress('after the last start of the producers');
    await world.expectWhole();
    expect(processor.stats()?.fenced).toBe(0);
  });
});
