import { createHash } from 'node:crypto';
import { WatchkeeperError } from '@watchkeeper/model';
import { contentHash, type IdempotencyKey, keepAnswer, releaseKey, reserveKey, type Store } from '@watchkeeper/store';
import type { Caller } from './handler.ts';

export interface Repeatable {
  readonly caller: Caller;
  /** The Idempotency-Key header. */
  readonly key: string;
  /** What makes two requests the same: operation, parameters and body. */
  readonly request: unknown;
}

export interface Repeated {
  readonly status: number;
  readonly answer: unknown;
  /** True when it is the kept answer of an earlier request. */
  readonly isReplayed: boolean;
}

/**
 * Does a piece of work at most once per idempotency key and gives the kept answer to repetitions. A failure is not kept.
 * @throws WatchkeeperError `idempotency_key_reused`, `conflict` while the first request is under way, and what the work throws
 */
export async function onceFor(
  store: Store,
  { caller, key, request }: Repeatable,
  work: () => Promise<{ readonly status: number; readonly answer: unknown }>,
): Promise<Repeated> {
  if (!/^[\x20-\x7e]{1,200}$/.test(key)) {
    throw new WatchkeeperError(
      'validation_failed',
      'The header Idempotency-Key must be 1 to 200 printable characters.',
      {
        problems: [{ pointer: 'header:idempotency-key', message: 'must be 1 to 200 printable ASCII characters' }],
      },
    );
  }
  const owner: IdempotencyKey = { tenantId: caller.tenantId, caller: caller.keyId ?? `session ${caller.name}`, key };
  const hash = createHash('sha256').update(contentHash(request)).digest();
  const reservation = await reserveKey(store.db, owner, hash);
  switch (reservation.kind) {
    case 'answered':
      return { status: reservation.status, answer: reservation.answer, isReplayed: true };
    case 'reused':
      throw new WatchkeeperError(
        'idempotency_key_reused',
        'The Idempotency-Key was used for another request. Choose a new key for every new request.',
      );
    case 'busy':
      throw new WatchkeeperError('conflict', 'The same request is under way. Ask again in a moment for its answer.');
    case 'reserved':
      try {
        const { status, answer } = await work();
        await keepAnswer(store.db, owner, status, answer);
        return { status, answer, isReplayed: false };
      } catch (error) {
        await releaseKey(store.db, owner);
        throw error;
      }
  }
}
