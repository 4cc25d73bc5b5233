import { createHash } from 'node:crypto';
import { type Clock, failpoint, type Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import {
  type AppendResult,
  type EventBatch,
  type EventLog,
  type LoggedEvent,
  type NewEvent,
  type Series,
  WatchkeeperError,
} from '@watchkeeper/model';
import {
  type CommitOutcome,
  type Connection,
  commitGroup,
  encodeRows,
  ensureEventPartitions,
  isMissingPartition,
  LogReader,
  openHeads,
  openProducerRow,
  type PendingRows,
  producerRow,
  readHeads,
  SeriesDictionary,
  type SeriesRef,
  type SeriesRefusal,
} from '@watchkeeper/store';
import { Type } from 'typebox';
import { AppendLane } from '../append-lane.ts';
import { HeldConnection, type LogClient } from '../held-connection.ts';
import { defineLogDriver } from '../log-driver.ts';
import { LogTail } from '../log-tail.ts';

/** Most events in one transaction. */
const groupEvents = 5000;
/** Events that may wait for a place in the log; beyond it callers are told to come again. */
const waitingLimit = 200_000;
/** Lanes append side by side; a partition belongs to one lane, so lanes never wait for each other's heads. */
const laneCount = 2;
/** Shortest time between two wake-ups of other processes, milliseconds. */
const wakeEveryMs = 100;

export default defineLogDriver({
  name: 'postgres',
  summary: 'The table events in PostgreSQL is the log; a locked head row per partition makes offsets gapless.',
  options: Type.Object(
    {
      partitions: Type.Integer({
        description: 'Partitions of a new log; an existing one keeps what it has',
        minimum: 1,
        maximum: 64,
        default: 4,
      }),
      seriesPerTenant: Type.Integer({
        description: 'Series one tenant may have; new ones beyond it are refused and counted',
        minimum: 1,
        default: 1_000_000,
      }),
    },
    { additionalProperties: false },
  ),
  async open({ partitions, seriesPerTenant }, { connection, messages, clock, logger }) {
    const reading = new HeldConnection(connection, logger);
    const partitionCount = await reading.use(async (client) => {
      await ensureEventPartitions(client);
      return openHeads(client, partitions);
    });
    return new PostgresLog({ connection, messages, clock, logger, reading, partitionCount, seriesPerTenant });
  },
});

interface Parts {
  readonly connection: Connection;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reading: HeldConnection;
  readonly partitionCount: number;
  readonly seriesPerTenant: number;
}

class PostgresLog implements EventLog {
  readonly partitionCount: number;
  readonly #parts: Parts;
  readonly #dictionary: SeriesDictionary;
  readonly #reader: LogReader;
  readonly #tail: LogTail;
  readonly #lanes: readonly AppendLane<readonly Prepared[]>[];
  readonly #writing: readonly HeldConnection[];
  readonly #producers = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #isClosing = false;
  #wokeAtMs = Number.NEGATIVE_INFINITY;
  #waking: NodeJS.Timeout | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.partitionCount = parts.partitionCount;
    this.#dictionary = new SeriesDictionary({ perTenant: parts.seriesPerTenant });
    this.#reader = new LogReader(this.#dictionary);
    this.#tail = new LogTail(parts.partitionCount);
    this.#writing = Array.from({ length: laneCount }, () => new HeldConnection(parts.connection, parts.logger));
    this.#lanes = this.#writing.map(
      (writing) =>
        new AppendLane({
          groupEvents,
          prepare: (batches) => this.#prepare(batches),
          commit: (prepared) => writing.use((client) => this.#commit(client, prepared)),
        }),
    );
    this.#unsubscribe = parts.messages.subscribe('events', () => this.#tail.wake(true));
  }

  async openProducer(producer: string): Promise<{ readonly epoch: number }> {
    const { id, epoch } = await this.#parts.reading.use((client) => openProducerRow(client, producer));
    this.#producers.set(producer, id);
    return { epoch };
  }

  async append(batch: EventBatch): Promise<AppendResult> {
    if (this.#isClosing)
      throw new WatchkeeperError(
        'log_overloaded',
        'The event log of this process is closing. Send the events to another process or again later.',
      );
    checkBatch(batch);
    if (batch.events.length === 0) return { stored: 0, alreadyStored: 0, refused: [] };
    const waiting = this.#lanes.reduce((sum, lane) => sum + lane.waitingEvents, 0);
    if (waiting + batch.events.length > waitingLimit) {
      throw new WatchkeeperError(
        'log_overloaded',
        `${waiting} events wait for the event log already. Send these ${batch.events.length} again later.`,
        {
          details: { waiting, limit: waitingLimit },
        },
      );
    }
    const lane = this.#lanes[partitionOf(batch.producer, this.partitionCount) % laneCount] as AppendLane<
      readonly Prepared[]
    >;
    return lane.add(batch);
  }

  async read(partition: number, after: { offset: number; receivedUs: number }, limit: number) {
    const near = this.#tail.read(partition, after.offset, limit);
    if (near !== undefined && (near.length > 0 || this.#tail.isFresh(this.#parts.clock.nowMs())))
      return { partition, events: near };
    const ends = await this.ends();
    this.#tail.sawHeads(ends, this.#parts.clock.nowMs());
    if ((ends[partition]?.offset ?? 0) <= after.offset) return { partition, events: [] };
    return {
      partition,
      events: await this.#parts.reading.use((client) => this.#reader.read(client, partition, after, limit)),
    };
  }

  ends() {
    return this.#parts.reading.use(readHeads);
  }

  waitForAppend(withinMs: number, signal: AbortSignal): Promise<void> {
    return this.#tail.wait(withinMs, signal);
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    for (const lane of this.#lanes) await lane.idle();
    clearTimeout(this.#waking);
    this.#unsubscribe();
    this.#tail.wake();
    await Promise.all([...this.#writing, this.#parts.reading].map((held) => held.close()));
  }

  /** Commits unknown series on their own and encodes the rows; needs no lock. */
  async #prepare(batches: readonly EventBatch[]): Promise<readonly Prepared[]> {
    const unknown = new Set<Series>();
    for (const { events } of batches)
      for (const { series } of events) if (this.#dictionary.known(series) === undefined) unknown.add(series);
    const { reading } = this.#parts;
    const refusals =
      unknown.size === 0 ? noRefusals : await reading.use((client) => this.#dictionary.learn(client, unknown));
    failpoint('log.after-series');

    const prepared: Prepared[] = [];
    for (const batch of batches) {
      const producerId =
        this.#producers.get(batch.producer) ??
        (await reading.use((client) => this.#producerId(client, batch.producer)));
      prepared.push(this.#encode(batch, producerId, refusals));
    }
    return prepared;
  }

  async #commit(client: LogClient, prepared: readonly Prepared[]): Promise<(AppendResult | Error)[]> {
    const outcomes = await commitIntoPartitions(
      client,
      prepared.map(({ pending }) => pending),
    );
    let isAnyStored = false;
    const results = outcomes.map((outcome, index): AppendResult | Error => {
      const { batch, pending, refused } = prepared[index] as Prepared;
      if (outcome.kind === 'fenced') return fenced(batch);
      isAnyStored ||= outcome.stored > 0;
      this.#tail.add(pending.partition, loggedEvents(batch, pending, outcome));
      return { stored: outcome.stored, alreadyStored: batch.events.length - outcome.stored - refused.length, refused };
    });
    if (isAnyStored) {
      this.#tail.wake();
      this.#wakeOthers();
    }
    return results;
  }

  #encode(batch: EventBatch, producerId: number, refusals: ReadonlyMap<Series, SeriesRefusal>): Prepared {
    const { producer, epoch, firstSeq, events } = batch;
    const partition = partitionOf(producer, this.partitionCount);
    const refused: { index: number; code: SeriesRefusal }[] = [];
    const refs = events.map(({ series }, index): SeriesRef => {
      const ref = this.#dictionary.known(series);
      if (ref === undefined) refused.push({ index, code: refusals.get(series) ?? 'series_limit' });
      return ref ?? noSeries;
    });
    const rows = encodeRows(events, refs, firstSeq, { producerId, epoch, partition });
    const slots = events.map(({ slot }) => slot);
    const without = refused.length === 0 ? {} : { without: new Set(refused.map(({ index }) => index)) };
    return {
      batch,
      pending: { producerId, epoch, firstSeq, partition, rows, count: events.length, slots, ...without },
      refused,
    };
  }

  async #producerId(client: LogClient, name: string): Promise<number> {
    const { id } = await producerRow(client, name);
    this.#producers.set(name, id);
    return id;
  }

  /** Tells other processes, not more often than every `wakeEveryMs`. */
  #wakeOthers(): void {
    if (this.#waking !== undefined || this.#isClosing) return;
    const { clock, messages, logger } = this.#parts;
    this.#waking = setTimeout(
      () => {
        this.#waking = undefined;
        this.#wokeAtMs = clock.nowMs();
        messages
          .publish('events')
          .catch((error: unknown) => logger.warn({ err: error }, 'other processes could not be told of new events'));
      },
      Math.max(0, this.#wokeAtMs + wakeEveryMs - clock.nowMs()),
    );
  }
}

interface Prepared {
  readonly batch: EventBatch;
  readonly pending: PendingRows;
  readonly refused: { index: number; code: SeriesRefusal }[];
}

const noRefusals: ReadonlyMap<Series, SeriesRefusal> = new Map();
/** Stands in for the series of a row that is left out. */
const noSeries: SeriesRef = { idBytes: Buffer.alloc(8), tenantId: 0 };

/** The partition of a producer's events: a hash of its name, the same in every process. */
export function partitionOf(producer: string, partitionCount: number): number {
  return createHash('sha256').update(producer).digest().readUInt32BE(0) % partitionCount;
}

async function commitIntoPartitions(
  client: LogClient,
  group: readonly PendingRows[],
): Promise<readonly CommitOutcome[]> {
  try {
    return await commitGroup(client, group);
  } catch (error) {
    if (!isMissingPartition(error)) throw error;
    await ensureEventPartitions(client);
    return commitGroup(client, group);
  }
}

function fenced({ producer, epoch }: EventBatch): WatchkeeperError {
  return new WatchkeeperError(
    'epoch_fenced',
    `Producer ${producer} sent events of epoch ${epoch}, but a newer start of it has taken over. This one must stop.`,
    {
      details: { producer, epoch },
    },
  );
}

function loggedEvents(
  { events, firstSeq, epoch }: EventBatch,
  { producerId, partition }: PendingRows,
  outcome: CommitOutcome & { kind: 'committed' },
): LoggedEvent[] {
  const logged: LoggedEvent[] = [];
  for (let index = 0; index < events.length; index++) {
    const offset = outcome.offsets[index] as number;
    if (offset === 0) continue;
    const event = events[index] as NewEvent;
    logged.push({
      ...event,
      partition,
      offset,
      receivedUs: outcome.receivedUs,
      producerId,
      epoch,
      seq: firstSeq + index,
    });
  }
  return logged;
}

/** A batch that does not fit its type is a bug of the caller; it is refused before it can fail its neighbours. */
function checkBatch({ producer, epoch, firstSeq, events }: EventBatch): void {
  const isWhole = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (producer === '' || !isWhole(epoch) || !isWhole(firstSeq) || firstSeq === 0)
    throw new TypeError(`a batch of "${producer}" has no valid identity`);
  for (const { timeUs, timeNs, values, series } of events) {
    if (!Number.isSafeInteger(timeUs)) throw new TypeError(`an event of ${series.name} has no valid time`);
    if (timeNs !== undefined && !(isWhole(timeNs) && timeNs < 1000))
      throw new TypeError(`an event of ${series.name} has no valid nanoseconds`);
    if (values.length !== series.valueNames.length)
      throw new TypeError(
        `an event of ${series.name} has ${values.length} values for ${series.valueNames.length} names`,
      );
  }
}
