import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Kafka, startKafka } from '../../../../scripts/servers/kafka.ts';
import { FaultWorld } from '../faults/fault-world.ts';
import { type OwnDatabase, startOwnDatabase } from '../faults/own-database.ts';

/** How long the server stands still, seconds: longer than any lease here. */
const frozenSeconds = Number(process.env.WK_FROZEN_SECONDS ?? 6);

describe('Under 5,000 events a second', () => {
  let kafka: Kafka;
  let database: OwnDatabase;
  let world: FaultWorld;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka.stop());
  beforeEach(async () => {
    database = await startOwnDatabase();
  });
  afterEach(async () => {
    database.thaw();
    await world.close();
    await database.remove();
  });
  const open = (driver: string) =>
    FaultWorld.open({ connection: database.connection, ...(driver === 'kafka' ? { kafka } : {}) });

  it.each(['kafka', 'postgres'])(
    'in %s, a database whose connections are cut and that is restarted loses nothing and counts nothing twice',
    async (driver) => {
      world = await open(driver);
      world.startProcessor('a');
      world.startProcessor('b');
      await world.ledger.heard();
      await world.progressEverywhere('before anything happens');
      for (let time = 0; time < 3; time++) {
        expect(await database.killBackends()).toBeGreaterThan(3);
        await world.progress('after connections were cut');
      }
      await database.restart();
      await world.progressEverywhere('after the restart');
      await world.expectWhole();
    },
  );

  it.each(['kafka', 'postgres'])(
    'in %s, a database that stands still for longer than any lease loses nothing and counts nothing twice',
    async (driver) => {
      world = await open(driver);
      world.startProcessor('only');
      await world.ledger.heard();
      await world.progressEverywhere('before anything happens');
      database.freeze();
      await pause(frozenSeconds * 1000);
      database.thaw();
      await world.progressEverywhere('when it goes on');
      await world.expectWhole();
    },
    120_000,
  );
});
