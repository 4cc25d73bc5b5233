import { failpoint } from '@watchkeeper/kit';
import type { EventBatch, LoggedEvent, NewEvent, Series } from '@watchkeeper/model';
import {
  type CommitOutcome,
  encodeRows,
  openProducerRow,
  type PendingRows,
  producerRow,
  type SeriesDictionary,
  type SeriesRef,
  type SeriesRefusal,
  storableBatch,
  storableSeries,
} from '@watchkeeper/store';
import type { HeldConnection, LogClient } from './held-connection.ts';

/** A batch made ready to be stored: series committed, rows encoded. */
export interface EncodedBatch {
  readonly batch: EventBatch;
  readonly pending: PendingRows;
  readonly refused: readonly { readonly index: number; readonly code: SeriesRefusal }[];
}

const noSeriesAtAll: ReadonlySet<Series> = new Set();
const noRefusals: ReadonlyMap<Series, SeriesRefusal> = new Map();
/** Stands in for the series of a row that is left out. */
const noSeries: SeriesRef = { idBytes: Buffer.alloc(8), tenantId: 0 };

/** Makes batches ready: what needs no lock is done before the transaction begins. */
export class BatchEncoder {
  readonly #dictionary: SeriesDictionary;
  readonly #reading: HeldConnection;
  readonly #producers = new Map<string, number>();

  constructor(dictionary: SeriesDictionary, reading: HeldConnection) {
    this.#dictionary = dictionary;
    this.#reading = reading;
  }

  /** Registers a new start of a producer. */
  async openProducer(producer: string): Promise<{ readonly epoch: number }> {
    const { id, epoch } = await this.#reading.use((client) => openProducerRow(client, producer));
    this.#producers.set(producer, id);
    return { epoch };
  }

  /** Those of these series that were never stored. */
  async newSeries(given: ReadonlySet<Series>): Promise<ReadonlySet<Series>> {
    const unknown = [...given].filter((series) => this.#dictionary.known(series) === undefined);
    if (unknown.length === 0) return noSeriesAtAll;
    const storable = new Map(unknown.map((series) => [storableSeries(series), series]));
    const fresh = await this.#reading.use((client) => this.#dictionary.newOnes(client, storable.keys()));
    return new Set([...fresh].map((series) => storable.get(series) as Series));
  }

  /** Commits unknown series on their own and encodes the rows. `partitionOf` tells where a producer's events go. */
  async encode(
    given: readonly EventBatch[],
    partitionOf: (producer: string) => number,
  ): Promise<readonly EncodedBatch[]> {
    const batches = given.map(storableBatch);
    // Each series once: looking one up by its text costs far more than finding its object again.
    const all = new Set<Series>();
    for (const { events } of batches) for (const { series } of events) all.add(series);
    const unknown = [...all].filter((series) => this.#dictionary.known(series) === undefined);
    const refusals =
      unknown.length === 0 ? noRefusals : await this.#reading.use((client) => this.#dictionary.learn(client, unknown));
    failpoint('log.after-series');
    const refs = new Map([...all].map((series) => [series, this.#dictionary.known(series)]));

    const encoded: EncodedBatch[] = [];
    for (const batch of batches) {
      const producerId =
        this.#producers.get(batch.producer) ??
        (await this.#reading.use((client) => this.#producerId(client, batch.producer)));
      encoded.push(encodeBatch(batch, { producerId, partition: partitionOf(batch.producer), refs, refusals }));
    }
    return encoded;
  }

  async #producerId(client: LogClient, name: string): Promise<number> {
    const { id } = await producerRow(client, name);
    this.#producers.set(name, id);
    return id;
  }
}

interface EncodeContext {
  readonly producerId: number;
  readonly partition: number;
  readonly refs: ReadonlyMap<Series, SeriesRef | undefined>;
  readonly refusals: ReadonlyMap<Series, SeriesRefusal>;
}

function encodeBatch(batch: EventBatch, { producerId, partition, refs, refusals }: EncodeContext): EncodedBatch {
  const { epoch, firstSeq, events, delivery } = batch;
  const refused: { index: number; code: SeriesRefusal }[] = [];
  const refsOfRows = events.map(({ series }, index): SeriesRef => {
    const ref = refs.get(series);
    if (ref === undefined) refused.push({ index, code: refusals.get(series) ?? 'series_limit' });
    return ref ?? noSeries;
  });
  const rows = encodeRows(events, refsOfRows, firstSeq, { producerId, epoch, partition });
  const slots = events.map(({ slot }, index) =>
    slot === undefined ? undefined : { ...slot, tenantId: (refsOfRows[index] as SeriesRef).tenantId },
  );
  const without = refused.length === 0 ? {} : { without: new Set(refused.map(({ index }) => index)) };
  return {
    batch,
    pending: { producerId, epoch, firstSeq, partition, rows, count: events.length, slots, delivery, ...without },
    refused,
  };
}

/** The events of a batch that were stored now, as readers will see them. */
export function storedEvents(
  { batch: { events, firstSeq, epoch }, pending: { producerId, partition } }: EncodedBatch,
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
