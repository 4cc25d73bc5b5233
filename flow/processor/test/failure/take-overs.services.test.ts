import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { until } from '../../../../scripts/servers/server-process.ts';
import { FaultWorld, type RunningProcessor } from '../faults/fault-world.ts';
import { partitions } from '../faults/log-place.ts';

let kafka: Kafka;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka.stop());

const isStopped = (pid: number) => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

describe('Under 5,000 events a second', () => {
  let world: FaultWorld;
  afterEach(() => world.close());

  const toHold = (name: string, processor: RunningProcessor, count: number) =>
    until(`${name} to hold ${count} partitions`, () => processor.stats()?.partitions.length === count, {
      withinMs: 10_000,
    });

  it.each(['kafka', 'postgres'])(
    'in %s, a processor that is stopped in a transaction, for longer than its lease, stores nothing more',
    async (driver) => {
      world = await FaultWorld.open(driver === 'kafka' ? { kafka } : {});
      const zombie = world.startProcessor('zombie', { env: { WK_FAILPOINT: 'processor.before-commit:stop@8' } });
      await zombie.heard();
      await until('the first processor to stand still', () => isStopped(zombie.pid), { withinMs: 20_000 });
      expect(zombie.stats()?.partitions).toHaveLength(partitions);
      const other = world.startProcessor('other');
      await other.heard();
      await toHold('the other processor', other, partitions);
      await world.progressEverywhere('while the first one is stopped');
      zombie.signal('SIGCONT');
      await until('the zombie to be refused', () => (zombie.stats()?.fenced ?? 0) > 0, { withinMs: 10_000 });
      await world.expectWhole();
    },
  );

  it.each(['kafka', 'postgres'])(
    'in %s, partitions that move all the time are handed over in order',
    async (driver) => {
      world = await FaultWorld.open(driver === 'kafka' ? { kafka } : {});
      const stayer = world.startProcessor('stayer', { leaseSeconds: 3 });
      await stayer.heard();
      for (const name of ['first', 'second', 'third']) {
        const guest = world.startProcessor(name, { leaseSeconds: 3 });
        await guest.heard();
        await toHold(`the ${name} guest`, guest, partitions / 2);
        await world.progress(`while the ${name} guest is there`);
        await guest.end('SIGTERM');
        expect(await guest.ended, guest.complaints()).toMatchObject({ code: 0 });
        // Whoever gives a partition back has saved what it knew before anybody else takes it.
        expect(guest.stats()?.fenced).toBe(0);
        await toHold('the one that stays', stayer, partitions);
      }
      expect(stayer.stats()?.fenced).toBe(0);
      await world.expectWhole();
    },
  );
});
