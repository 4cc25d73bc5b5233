import { fileURLToPath } from 'node:url';
import { type EventMapping, monitorRollup } from '@watchkeeper/model';
import {
  type Connection,
  compareRollups,
  openStore,
  putBuiltInRollup,
  readerLags,
  type Store,
} from '@watchkeeper/store';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { createTestDatabase } from '../../../../foundation/store/test/test-database.ts';
import type { Kafka } from '../../../../scripts/servers/kafka.ts';
import { until } from '../../../../scripts/servers/server-process.ts';
import type { ProcessorStats } from '../../src/index.ts';
import { type RunningChild, startChild } from './child-process.ts';
import { Ledger } from './ledger.ts';
import { type LogPlace, partitions } from './log-place.ts';

const program = fileURLToPath(new URL('./processor-child.ts', import.meta.url));

/** Longest time until events are stored again during a fault or after it, milliseconds. */
export const recoveryMs = 15_000;

export interface RunningProcessor extends RunningChild {
  /** What it said last; undefined before it runs. */
  readonly stats: () => ProcessorStats | undefined;
  /** Resolves when it runs. */
  heard(): Promise<void>;
}

export interface FaultWorldOptions {
  /** Absent: the log is in the database. */
  readonly kafka?: Kafka;
  readonly replicas?: number;
  readonly mappings?: readonly EventMapping[];
  /** Default 5,000; with 0 there are no producers. */
  readonly eventsPerSecond?: number;
  /** A migrated, empty database; default one of the test run's server. */
  readonly connection?: Connection;
}

/** A log, producers that note what was acknowledged, processors that are hurt, and the checks at the end. */
export class FaultWorld {
  readonly place: LogPlace;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly #processors: RunningProcessor[] = [];
  readonly #drop: () => Promise<void>;

  private constructor(place: LogPlace, store: Store, drop: () => Promise<void>, eventsPerSecond: number) {
    this.place = place;
    this.store = store;
    this.#drop = drop;
    this.ledger = new Ledger(place, { eventsPerSecond, processes: eventsPerSecond > 0 ? 2 : 0 });
  }

  static async open({
    kafka,
    replicas = 1,
    connection,
    mappings = [],
    eventsPerSecond = 5000,
  }: FaultWorldOptions = {}): Promise<FaultWorld> {
    const database =
      connection === undefined ? await createTestDatabase() : { connection, drop: async () => undefined };
    const store = openStore({ connection: database.connection });
    await putBuiltInRollup(store.db, monitorRollup);
    const topic = kafka && {
      ...{ name: `faults-${crypto.randomUUID()}`, brokers: kafka.brokers },
      ...{ replicas, minInSyncReplicas: Math.min(replicas, 2), mappings },
    };
    const place: LogPlace = { connection: database.connection, ...(topic === undefined ? {} : { topic }) };
    return new FaultWorld(place, store, database.drop, eventsPerSecond);
  }

  startProcessor(
    holder: string,
    { env = {}, leaseSeconds = 1 }: { env?: Readonly<Record<string, string>>; leaseSeconds?: number } = {},
  ): RunningProcessor {
    let stats: ProcessorStats | undefined;
    const child = startChild(program, [JSON.stringify(this.place), holder, String(leaseSeconds)], {
      env,
      onLine: (line) => {
        stats = JSON.parse(line) as ProcessorStats;
      },
    });
    const processor = {
      ...child,
      stats: () => stats,
      heard: () => until(`${holder} to run`, () => stats !== undefined, { withinMs: 30_000, everyMs: 20 }),
    };
    this.#processors.push(processor);
    return processor;
  }

  /** Events stored until now. */
  async stored(): Promise<number> {
    const { rows } = await sql<{ sum: number }>`select sum(last_offset)::bigint as sum from log_heads`.execute(
      this.store.db,
    );
    return rows[0]?.sum ?? 0;
  }

  /** Resolves when events were stored that were not there at the call. */
  async progress(during: string, withinMs = recoveryMs): Promise<void> {
    const before = await this.stored();
    await until(`events to be stored ${during}`, async () => (await this.stored()) > before, { withinMs });
  }

  /** Resolves when events were stored in every partition that were not there at the call. */
  async progressEverywhere(during: string, withinMs = recoveryMs): Promise<void> {
    const ends = async () => {
      const { rows } = await sql<{ end: number }>`
        select last_offset as end from log_heads order by log_partition`.execute(this.store.db);
      return rows.map(({ end }) => end);
    };
    const before = await ends();
    let seen: readonly number[] = [];
    const isFurther = async () => {
      seen = await ends();
      return seen.length === partitions && seen.every((end, partition) => end > (before[partition] ?? 0));
    };
    await until(`events to be stored in every partition ${during}`, isFurther, { withinMs }).catch((error: Error) => {
      throw new Error(`${error.message}: before ${before}, now ${seen}`, { cause: error });
    });
  }

  /**
   * Producers finish; then, without a hand: acknowledged ⊆ stored, each (producer, epoch, seq) once, and the rollups are
   * the sums of the events.
   */
  async expectWhole(): Promise<void> {
    await this.ledger.stop();
    const acked = [...this.ledger.accounts].map(([name, account]) => ({ name, ...account }));
    expect(this.ledger.acked).toBeGreaterThan(0);
    let seen: unknown;
    const isAllCounted = async () => {
      const lags = await readerLags(this.store.db);
      const stored = await this.#storedOf(acked.map(({ name }) => name));
      seen = { acked, stored, lags };
      return (
        lags.every(({ lag }) => lag === 0) &&
        acked.every((one) => (stored.find(({ name }) => name === one.name)?.count ?? 0) >= one.acked)
      );
    };
    try {
      await until('all that was acknowledged to be stored and counted', isAllCounted, { withinMs: recoveryMs });
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${JSON.stringify(seen)}`, { cause: error });
    }
    const stored = await this.#storedOf(acked.map(({ name }) => name));
    // Everything that was sent is acknowledged by now: each number from 1 on stands there once.
    expect(stored).toEqual(
      acked.map(({ name, epoch, acked: count }) => ({ name, epoch, count, different: count, last: count })),
    );
    await this.expectRollupsAreSums();
  }

  async expectRollupsAreSums(): Promise<void> {
    const { compared, differences } = await compareRollups(this.store.db);
    expect(compared).toBeGreaterThan(0);
    expect(differences).toEqual([]);
  }

  async #storedOf(names: readonly string[]) {
    const { rows } = await sql<{ name: string; epoch: number; count: number; different: number; last: number }>`
      select p.name, e.epoch, count(*) as count, count(distinct e.seq) as different, max(e.seq) as last
      from events e join producers p on p.id = e.producer_id
      where p.name = any(${names}) group by 1, 2 order by 1, 2`.execute(this.store.db);
    return rows;
  }

  async close(): Promise<void> {
    await this.ledger.kill();
    await Promise.all(this.#processors.map((processor) => processor.end('SIGKILL')));
    await this.store.close();
    await this.#drop();
  }
}
