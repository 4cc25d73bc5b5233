import type { Delivery } from './delivery.ts';
import type { EventBatch, NewEvent } from './event.ts';
import type { AppendResult } from './log.ts';
import type { InputSender } from './refused-input.ts';

/** Through which events come in that others send: where the identity begins of those that have none. */
export interface EventReceipt {
  /**
   * Resolves when the events are stored, and says which were refused.
   * @param delivery names them where they may come again
   * @param sender who sent them; new series beyond what it may bring are refused, and what is refused is told and kept
   * @throws WatchkeeperError `log_overloaded`, `database_unavailable`, `log_unavailable`: then some may be stored, and a
   * sender that names its delivery can send all of it again
   */
  take(events: readonly NewEvent[], delivery?: Delivery, sender?: InputSender): Promise<AppendResult>;
  /**
   * The same for events that have an identity of their own. Refused ones leave gaps in the sequence numbers.
   * @throws WatchkeeperError as `EventLog.append`
   */
  takeNumbered(batch: EventBatch, sender: InputSender): Promise<AppendResult>;
  /** Counts lines, datagrams and the like that could not be read. */
  countUnreadable(count: number): void;
  stats(): ReceiptStats;
}

/** Since the start of the process. */
export interface ReceiptStats {
  readonly stored: number;
  /** Came again and were not stored again. */
  readonly repeated: number;
  /** Refused for good. */
  readonly refused: number;
  /** Lines, datagrams and the like that could not be read. */
  readonly unreadable: number;
  /** Taken and not stored yet. */
  readonly waiting: number;
}
