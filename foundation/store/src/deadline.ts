import { WatchkeeperError } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** Longest time one question of a caller may take in the database, milliseconds. */
export const questionLimitMs = 10_000;

/**
 * Runs statements that may turn out to be too much work.
 * @throws WatchkeeperError `query_too_expensive` when one of them took longer than `limitMs`; the transaction is lost.
 */
export async function withinLimit<T>(
  tx: Transaction<Tables>,
  work: () => Promise<T>,
  limitMs = questionLimitMs,
): Promise<T> {
  await sql`select set_config('statement_timeout', ${String(limitMs)}, true)`.execute(tx);
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: unknown }).code !== '57014') throw error;
    throw new WatchkeeperError(
      'query_too_expensive',
      `The answer was not ready after ${limitMs / 1000} s. Ask for a shorter range, fewer series or a rollup.`,
      { cause: error, details: { limitMs } },
    );
  }
}
