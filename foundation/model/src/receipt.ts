import type { Delivery } from './delivery.ts';
import type { NewEvent } from './event.ts';
import type { AppendResult } from './log.ts';

/** Where the identity of events begins that come from clients without one. */
export interface EventReceipt {
  /**
   * Resolves when the events are stored, and says which were refused.
   * @param delivery names them where they may come again
   * @throws WatchkeeperError `log_overloaded`, `database_unavailable`, `log_unavailable`: then some may be stored, and a
   * sender that names its delivery can send all of it again
   */
  take(events: readonly NewEvent[], delivery?: Delivery): Promise<AppendResult>;
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
