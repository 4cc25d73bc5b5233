import type { EventBatch, LoggedEvent } from './event.ts';

/** Why a door refuses an event of a series that the log has never stored. */
export type NewSeriesRefusal = 'series_request_limit' | 'series_key_limit';

/** What became of an appended batch. `stored` and `refused` add up to the batch. */
export interface AppendResult {
  /** Durable by this call. */
  readonly stored: number;
  /**
   * Already stored before: their sequence number or their check slot is not newer. Counts as success for the sender.
   * Always 0 of a log outside of the database, which finds that out as it is stored.
   */
  readonly alreadyStored: number;
  /** Refused for good, such as a series over the limit; the reason is an error code. */
  readonly refused: readonly {
    readonly index: number;
    readonly code: 'series_limit' | NewSeriesRefusal | 'series_collision' | 'event_too_large';
  }[];
}

/** A run of events of one partition, offsets rising by one. */
export interface LogSlice {
  readonly partition: number;
  readonly events: readonly LoggedEvent[];
}

/** Where a reader stands in a partition: the last offset whose effects it saved, and when the log took that event. */
export interface LogPosition {
  readonly offset: number;
  readonly receivedUs: number;
}

/**
 * The event log. Order per partition; offsets are gapless and commit order equals offset order, so a reader that
 * asks for what comes after its position never misses an event.
 */
export interface EventLog {
  /** As this process last saw it: a log may be given more partitions while it is used. */
  readonly partitionCount: number;
  /** Registers a new start of a producer and fences older ones. Sequence numbers of the new epoch begin at 1. */
  openProducer(producer: string): Promise<{ readonly epoch: number }>;
  /**
   * Resolves when the batch is durable.
   * @throws WatchkeeperError `epoch_fenced`, `database_unavailable`, `log_overloaded`, `log_unavailable`
   */
  append(batch: EventBatch): Promise<AppendResult>;
  read(partition: number, after: LogPosition, limit: number): Promise<LogSlice>;
  /** The newest position of every partition, index = partition. */
  ends(): Promise<readonly LogPosition[]>;
  /**
   * Resolves when something was probably appended after the call, at the latest after `withinMs`. A wake-up is a
   * hint: whoever waits reads again in any case.
   */
  waitForAppend(withinMs: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
