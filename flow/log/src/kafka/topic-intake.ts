import type { Logger } from '@watchkeeper/kit';
import type { EventBatch, LoggedEvent } from '@watchkeeper/model';
import {
  advanceIntake,
  type CommitOutcome,
  type Intake,
  type IntakePlace,
  insertDeadLetters,
  isDataRefused,
  type NewDeadLetter,
  type StoreClient,
  storeGroup,
} from '@watchkeeper/store';
import { type BatchEncoder, type EncodedBatch, storedEvents } from '../batch-encoder.ts';
import { fenced } from '../check-batch.ts';
import type { StoredLog } from '../stored-log.ts';
import type { MessageDecoder } from './message-events.ts';
import type { PartitionReader } from './topic-reader.ts';

export interface TopicIntakeParts {
  readonly place: IntakePlace;
  /** Where the reader began. */
  readonly nextOffset: number;
  readonly reader: PartitionReader;
  readonly decoder: MessageDecoder;
  readonly encoder: BatchEncoder;
  readonly stored: StoredLog;
  readonly logger: Logger;
}

/** Gathers the messages of one partition of a topic and stores them as one partition of the log. */
export class TopicIntake implements Intake {
  readonly #parts: TopicIntakeParts;
  #encoded: EncodedBatch[] = [];
  #deadLetters: NewDeadLetter[] = [];
  #savedOffset: number;
  #nextOffset: number;
  #savedSkipped = 0;
  gathered = 0;

  constructor(parts: TopicIntakeParts) {
    this.#parts = parts;
    this.#savedOffset = parts.nextOffset;
    this.#nextOffset = parts.nextOffset;
  }

  get behind(): number | null {
    const { endOffset } = this.#parts.reader;
    return endOffset === null ? null : Math.max(0, endOffset - this.#nextOffset);
  }

  async gather(withinMs: number, signal: AbortSignal): Promise<void> {
    const { reader, decoder } = this.#parts;
    const messages = await reader.next(withinMs, signal);
    if (messages.length === 0) return;
    const batches: EventBatch[] = [];
    const deadLetters: NewDeadLetter[] = [];
    for (const message of messages) {
      const read = decoder.decode(message);
      batches.push(...read.batches);
      deadLetters.push(...read.deadLetters);
    }
    const { encoded, refused } = await this.#encode(batches);
    deadLetters.push(...refused);
    // From here on in one step: what is stored meanwhile takes all of these messages or none.
    this.#nextOffset = (messages.at(-1)?.offset ?? 0) + 1;
    this.#deadLetters.push(...deadLetters);
    for (const one of encoded) {
      for (const { index, code } of one.refused) {
        const { name, tenant } = one.batch.events[index]?.series ?? { name: '', tenant: '' };
        this.#deadLetters.push(
          decoder.refusal(one.batch, index, code, `the series of ${name} is one too many for tenant ${tenant}`),
        );
      }
      this.gathered += one.batch.events.length;
    }
    this.#encoded.push(...encoded);
  }

  async store(client: StoreClient): Promise<readonly LoggedEvent[]> {
    const { place, logger } = this.#parts;
    const { encoded, deadLetters, from, to, skipped } = this.#seal();
    if (to === from) return [];
    const { outcomes, refused } = await this.#storeEncoded(client, encoded);
    const events = outcomes.flatMap((outcome, index) =>
      outcome?.kind === 'committed' ? storedEvents(encoded[index] as EncodedBatch, outcome) : [],
    );
    const letters = [...deadLetters, ...refused];
    await insertDeadLetters(client, letters);
    if (letters.length > 0)
      logger.warn(
        { topic: place.topic, partition: place.topicPartition, count: letters.length, why: letters[0]?.message },
        'messages or events could not be taken; they are kept as dead letters',
      );
    await advanceIntake(client, place, { from, to, skipped });
    return events;
  }

  committed(events: readonly LoggedEvent[]): void {
    if (events.length === 0) return;
    this.#parts.stored.add(this.#parts.place.logPartition, events);
    this.#parts.stored.wake();
  }

  async close(): Promise<void> {
    this.#parts.reader.close();
  }

  /** Takes what was gathered out of the way, so that more can be gathered while it is stored. */
  #seal() {
    const { skipped } = this.#parts.reader;
    const sealed = {
      ...{ encoded: this.#encoded, deadLetters: this.#deadLetters },
      ...{ from: this.#savedOffset, to: this.#nextOffset, skipped: skipped - this.#savedSkipped },
    };
    this.#encoded = [];
    this.#deadLetters = [];
    this.#savedOffset = this.#nextOffset;
    this.#savedSkipped = skipped;
    this.gathered = 0;
    return sealed;
  }

  /** All batches together; where the database refuses what stands in one of them, each on its own. */
  async #encode(
    batches: readonly EventBatch[],
  ): Promise<{ encoded: readonly EncodedBatch[]; refused: readonly NewDeadLetter[] }> {
    const { encoder, decoder, place } = this.#parts;
    try {
      return { encoded: await encoder.encode(batches, () => place.logPartition), refused: [] };
    } catch (error) {
      if (!isDataRefused(error)) throw error;
      if (batches.length > 1) {
        const alone = [];
        for (const batch of batches) alone.push(await this.#encode([batch]));
        return { encoded: alone.flatMap((one) => one.encoded), refused: alone.flatMap((one) => one.refused) };
      }
      const why = `the database refused it: ${(error as Error).message}`;
      return { encoded: [], refused: batches.map((batch) => decoder.refusal(batch, null, 'validation_failed', why)) };
    }
  }

  /** The same for encoded batches, in the transaction. */
  async #storeEncoded(
    client: StoreClient,
    encoded: readonly EncodedBatch[],
  ): Promise<{ outcomes: readonly (CommitOutcome | undefined)[]; refused: readonly NewDeadLetter[] }> {
    if (encoded.length === 0) return { outcomes: [], refused: [] };
    const together = await tryStore(client, encoded);
    const outcomes: (CommitOutcome | undefined)[] = [];
    const refused: NewDeadLetter[] = [];
    for (const [index, one] of encoded.entries()) {
      const found = Array.isArray(together) ? together[index] : await tryStore(client, [one]);
      const outcome = Array.isArray(found) ? found[0] : found;
      if (outcome instanceof Error) {
        refused.push(
          this.#parts.decoder.refusal(
            one.batch,
            null,
            'validation_failed',
            `the database refused it: ${outcome.message}`,
          ),
        );
        outcomes.push(undefined);
        continue;
      }
      if (outcome?.kind === 'fenced')
        refused.push(this.#parts.decoder.refusal(one.batch, null, 'epoch_fenced', fenced(one.batch).message));
      outcomes.push(outcome);
    }
    return { outcomes, refused };
  }
}

/** Stores a group, or gives the error where something in it is refused; the transaction goes on either way. */
async function tryStore(
  client: StoreClient,
  group: readonly EncodedBatch[],
): Promise<readonly CommitOutcome[] | Error> {
  await client.query('savepoint intake');
  try {
    const outcomes = await storeGroup(
      client,
      group.map(({ pending }) => pending),
    );
    await client.query('release savepoint intake');
    return outcomes;
  } catch (error) {
    if (!isDataRefused(error)) throw error;
    await client.query('rollback to savepoint intake');
    return error as Error;
  }
}
