import type { Static, TSchema } from 'typebox';
import type { PluginHead } from './plugin.ts';
import type { Outcome } from './states.ts';

/** What repeats in events that go out, named as the mapping of the sink says. */
export interface OutgoingSeries {
  readonly name: string;
  /** Dimensions and attributes that are not empty, in the order of their names. */
  readonly labels: Readonly<Record<string, string>>;
  readonly valueNames: readonly string[];
  /** Under which names outcome and reason go out; undefined when they do not. */
  readonly outcomeLabel: string | undefined;
  readonly reasonLabel: string | undefined;
}

/** One event, or one period of a rollup, on its way to a target. */
export interface OutgoingEvent {
  /** `3-1204`: partition and offset in the log. The same at every attempt. */
  readonly id: string;
  readonly series: OutgoingSeries;
  /** When it happened: microseconds since 1970-01-01 UTC, and nanoseconds beyond, 0 to 999. */
  readonly timeUs: number;
  readonly timeNs: number;
  readonly receivedUs: number;
  readonly outcome: Outcome;
  readonly reason: string | undefined;
  /** One number, or null for "not measured", per name in `series.valueNames`. */
  readonly values: readonly (number | null)[];
  readonly detail: Readonly<Record<string, unknown>> | undefined;
  /**
   * How many events of the same series and instant stand before it in its partition of the log; the same at every
   * attempt. Always 0 for types that do not ask for it.
   */
  readonly repeats: number;
}

/** Events of one partition, in the order of the log. */
export interface OutgoingBatch {
  readonly partition: number;
  /**
   * Identity of what goes out, the same at every attempt: event i has the sequence number `firstSeq + i` of this
   * producer and epoch, so that a receiver can drop what comes again.
   */
  readonly producer: string;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly events: readonly OutgoingEvent[];
}

export interface RefusedEvent {
  /** Place in the batch. */
  readonly index: number;
  /** One sentence for people, without secrets. */
  readonly reason: string;
}

/** What became of a batch. */
export type Written =
  /** The target has all of it but what it refused for good. */
  | { readonly ok: true; readonly refused: readonly RefusedEvent[] }
  /** Nothing is known to be taken: the same batch is tried again later. */
  | {
      readonly ok: false;
      /** One sentence for people, without secrets. */
      readonly error: string;
    };

/** A target that is open for one partition of the log; used by one caller at a time. */
export interface OpenSink {
  /** Brings a batch to the target. A target that is down is an answer; nothing is thrown. */
  write(batch: OutgoingBatch, signal: AbortSignal): Promise<Written>;
  /** May be called twice. */
  close(): Promise<void>;
}

/**
 * A plug-in of the kind "sink type". `Context` is what it is given to work with; whoever only describes or validates
 * sinks leaves it out and cannot call `open`.
 */
export interface SinkType<Options extends TSchema = TSchema, Context = never> extends PluginHead<Options> {
  /** True where a target tells events apart by series and instant only, so that `repeats` must be counted. */
  readonly countsRepeats?: boolean;
  /** Prepares the way to a target; connects when first written to. */
  open(options: Static<Options>, context: Context): OpenSink;
}
