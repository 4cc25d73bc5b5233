import { backoffMs, type Clock, type Logger } from '@watchkeeper/kit';
import { isWatchkeeperError } from '@watchkeeper/model';
import { openReader, type ReaderPosition } from './reader.ts';
import { asStoreError, type Store } from './store.ts';

export interface OwnReaderOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of the reader. */
  readonly reader: string;
  readonly partition: number;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Reads on from a saved position until the signal; to be told when it got anywhere, so that the next pause is short. */
  readonly read: (saved: ReaderPosition, onProgress: () => void) => Promise<void>;
  readonly onError: (message: string) => void;
}

/**
 * Reads a partition while its lease is held: after a failure it begins again at the saved position, after a pause.
 * `lost` when another process took the partition over, `ended` when the signal ended it.
 */
export async function ownReader(options: OwnReaderOptions): Promise<'lost' | 'ended'> {
  const { store, clock, logger, reader, partition, signal, read, onError } = options;
  for (let attempt = 0; !signal.aborted; ) {
    try {
      await read(await openReader(store.db, reader, partition), () => {
        attempt = 0;
      });
    } catch (error) {
      const known = asStoreError(error);
      onError(known instanceof Error ? known.message : String(known));
      if (isWatchkeeperError(known, 'position_lost')) {
        logger.warn({ err: known, reader, partition }, 'another process reads this partition; this one stops');
        return 'lost';
      }
      attempt += 1;
      logger.warn({ err: known, reader, partition }, 'reading failed; it begins again at the saved position');
      await clock.pause(backoffMs(attempt, { firstMs: 200, longestMs: 10_000 }), signal);
    }
  }
  return 'ended';
}
