import type { Clock } from '@watchkeeper/kit';
import {
  canonicalSeries,
  decodeEventMessage,
  type EventBatch,
  type EventMapping,
  eventMessageLimits,
  isMappingFor,
  mapEvent,
  type NewEvent,
  type Series,
} from '@watchkeeper/model';
import type { NewDeadLetter } from '@watchkeeper/store';
import type { TopicMessage } from './topic-reader.ts';

/** What became of a message: batches to store, and what could not be taken. */
export interface MessageEvents {
  readonly batches: readonly EventBatch[];
  readonly deadLetters: readonly NewDeadLetter[];
}

export interface MessageSource {
  readonly topic: string;
  readonly partition: number;
  /** Number of the topic under this name, as the epoch of messages that carry no identity. */
  readonly epoch: number;
  /** For messages that are not in our format; tried in order. */
  readonly mappings: readonly EventMapping[];
  readonly clock: Clock;
}

/** Producer of events that are made of messages of others: their identity is their place in the topic. */
export const foreignProducer = ({ topic, partition }: { topic: string; partition: number }) =>
  `kafka/${topic}/${partition}`;

/** Series that are kept, so that equal ones of different messages are one object. */
const keptSeries = 50_000;

/** Reads messages of a topic as events. What cannot be read is set aside with its reason and stops nothing. */
export class MessageDecoder {
  readonly #source: MessageSource;
  readonly #series = new Map<string, Series>();

  constructor(source: MessageSource) {
    this.#source = source;
  }

  /** Never throws for what stands in a message: one that nobody can read must not stop those behind it. */
  decode(message: TopicMessage): MessageEvents {
    try {
      return this.#read(message);
    } catch (error) {
      return this.#refused(message, `the message cannot be read (${(error as Error).message})`);
    }
  }

  #read(message: TopicMessage): MessageEvents {
    const { value, offset, timestampMs } = message;
    if (value === null || value.length === 0) return this.#refused(message, 'the message is empty');
    if (value.length > eventMessageLimits.bytes)
      return this.#refused(message, `the message has ${value.length} bytes; ${eventMessageLimits.bytes} are read`);
    let parsed: unknown;
    try {
      parsed = JSON.parse(value.toString('utf8'));
    } catch (error) {
      return this.#refused(message, `the message is not JSON (${(error as Error).message})`);
    }
    if (!isOurs(parsed)) {
      const mapping = this.#source.mappings.find((candidate) => isMappingFor(candidate, parsed));
      if (mapping === undefined)
        return this.#refused(message, 'the message is not an event message of Watchkeeper, and no mapping is for it');
      const event = mapEvent(mapping, parsed, timestampMs);
      if (typeof event === 'string') return this.#refused(message, event);
      const { epoch } = this.#source;
      return {
        batches: [
          this.#shared({ producer: foreignProducer(this.#source), epoch, firstSeq: offset + 1, events: [event] }),
        ],
        deadLetters: [],
      };
    }
    const { batches, problems } = decodeEventMessage(parsed, { nowMs: this.#source.clock.wallMs() });
    return {
      batches: batches.map((batch) => this.#shared(batch)),
      deadLetters: problems.map(({ index, code, pointer, message: why }) => ({
        ...this.#letter(message),
        eventIndex: index,
        reason: code,
        message: `${pointer}: ${why}`,
        body: index === null ? value.toString('utf8') : textOf((parsed as { events: unknown[] }).events[index]),
      })),
    };
  }

  /** A batch that was refused after it was read. */
  refusal(batch: EventBatch, index: number | null, reason: NewDeadLetter['reason'], message: string): NewDeadLetter {
    const body = JSON.stringify(index === null ? { ...batch, events: batch.events.length } : batch.events[index]);
    const { topic, partition } = this.#source;
    return {
      ...{ tenantId: null, reason, message, body, eventIndex: index, sizeBytes: Buffer.byteLength(body) },
      origin: `kafka ${topic}/${partition}, producer ${batch.producer}, epoch ${batch.epoch}, from ${batch.firstSeq}`,
    };
  }

  #refused(message: TopicMessage, why: string): MessageEvents {
    const body = message.value?.toString('utf8') ?? '';
    return {
      batches: [],
      deadLetters: [{ ...this.#letter(message), eventIndex: null, reason: 'validation_failed', message: why, body }],
    };
  }

  #letter({ offset, value }: TopicMessage) {
    const { topic, partition } = this.#source;
    return { tenantId: null, origin: `kafka ${topic}/${partition} at ${offset}`, sizeBytes: value?.length ?? 0 };
  }

  /** The same batch with series that earlier messages had already. */
  #shared(batch: EventBatch): EventBatch {
    const known = new Map<Series, Series>();
    const events = batch.events.map((event): NewEvent => {
      let series = known.get(event.series);
      if (series === undefined) {
        series = this.#intern(event.series);
        known.set(event.series, series);
      }
      return series === event.series ? event : { ...event, series };
    });
    return { ...batch, events };
  }

  #intern(series: Series): Series {
    const text = canonicalSeries(series);
    const known = this.#series.get(text);
    if (known !== undefined) return known;
    if (this.#series.size >= keptSeries) this.#series.delete(this.#series.keys().next().value as string);
    this.#series.set(text, series);
    return series;
  }
}

/** As JSON; null for what is nested deeper than JSON can be written. */
function textOf(event: unknown): string | null {
  try {
    return JSON.stringify(event);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Ours are told by their form: a version beside a list of events. */
function isOurs(parsed: unknown): boolean {
  return (
    typeof parsed === 'object' && parsed !== null && 'version' in parsed && 'events' in parsed && 'producer' in parsed
  );
}
