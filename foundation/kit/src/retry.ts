import { errorCatalogue, isWatchkeeperError } from '@watchkeeper/model';
import type { Clock } from './clock.ts';

export interface BackoffOptions {
  /** First pause, milliseconds. */
  readonly firstMs: number;
  /** Longest pause, milliseconds. */
  readonly longestMs: number;
  /** A number from 0 to 1, exclusive; chance as a dependency. */
  readonly random?: () => number;
}

/** Pause before attempt number `attempt` (1 = the first retry): doubling, with full jitter in its upper half. */
export function backoffMs(attempt: number, { firstMs, longestMs, random = Math.random }: BackoffOptions): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}

export interface RetryOptions extends BackoffOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told before each pause. */
  readonly onRetry?: (error: unknown, attempt: number) => void;
}

/** Repeats `work` while it fails with an error that the catalogue calls retryable; other errors end it. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isRetryable = isWatchkeeperError(error) && errorCatalogue[error.code].retryable;
      if (!isRetryable || options.signal.aborted) throw error;
      options.onRetry?.(error, attempt);
      await options.clock.pause(backoffMs(attempt, options), options.signal);
      if (options.signal.aborted) throw error;
    }
  }
}
