import type { Clock, Logger } from '@watchkeeper/kit';
import { acquireLease, type Lease, releaseLease, renewLease } from './leases.ts';
import { asStoreError, type Store } from './store.ts';

export interface HoldLeaseOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly name: string;
  readonly holder: string;
  /** Length of the lease; renewed at a third of it. Take-over after a kill takes at most this long and a third. */
  readonly seconds: number;
  /** Ends the holding; the lease is given back. */
  readonly signal: AbortSignal;
  /** Works while the lease is held. Its signal is aborted when the lease is lost or the holding ends; then it must return. */
  readonly work: (lease: Lease, signal: AbortSignal) => Promise<void>;
}

/** Waits for a lease, works while it lasts, waits again when it was lost; resolves when the signal ended it. */
export async function holdLease(options: HoldLeaseOptions): Promise<void> {
  const { store, clock, logger, name, holder, seconds, signal } = options;
  const pauseMs = (seconds * 1000) / 3;

  while (!signal.aborted) {
    const lease = await acquireLease(store.db, { name, holder, seconds }).catch((error: unknown) => {
      logger.warn({ err: asStoreError(error), lease: name }, 'a lease could not be asked for; it is tried again');
      return undefined;
    });
    if (lease === undefined) {
      await clock.pause(pauseMs, signal);
      continue;
    }
    await workUnder(lease, options, pauseMs);
  }
}

async function workUnder(
  lease: Lease,
  { store, clock, logger, seconds, signal, work }: HoldLeaseOptions,
  pauseMs: number,
): Promise<void> {
  const lost = new AbortController();
  const ended = AbortSignal.any([signal, lost.signal]);
  const working = work(lease, ended).catch((error: unknown) => {
    logger.error({ err: error, lease: lease.name }, 'work under a lease failed; it is begun again');
  });
  void working.then(() => lost.abort());

  let renewedAtMs = clock.nowMs();
  while (!ended.aborted) {
    await clock.pause(pauseMs, ended);
    if (ended.aborted) break;
    const isMine = await renewLease(store.db, lease, seconds).catch((error: unknown) => {
      logger.warn({ err: asStoreError(error), lease: lease.name }, 'a lease could not be renewed yet');
      return undefined;
    });
    if (isMine) renewedAtMs = clock.nowMs();
    const isExpired = clock.nowMs() - renewedAtMs > seconds * 1000;
    if (isMine === false || isExpired) {
      logger.warn(
        { lease: lease.name },
        'a lease was lost; its work stops here and is begun again when the lease is free',
      );
      lost.abort();
    }
  }
  await working;
  await releaseLease(store.db, lease).catch((error: unknown) => {
    logger.warn(
      { err: asStoreError(error), lease: lease.name },
      'a lease could not be given back; it runs out by itself',
    );
  });
}
