import { backoffMs, failpoint } from '@watchkeeper/kit';
import {
  isWatchkeeperError,
  type OpenSink,
  type OutgoingBatch,
  parseDuration,
  type RefusedEvent,
  type Written,
} from '@watchkeeper/model';
import { asStoreError, type NewSinkRefusal, noteSinkFailure, type SinkRow } from '@watchkeeper/store';
import type { ForwarderOptions, WorkerFigures } from './forwarder-options.ts';
import { plainEvent } from './plain-event.ts';

export interface Delivery {
  readonly sink: SinkRow;
  readonly target: OpenSink;
  readonly batch: OutgoingBatch;
  readonly signal: AbortSignal;
  readonly figures: WorkerFigures;
}

/**
 * Brings a batch to its target, however long that takes: the refusals once the target has the rest, undefined when the
 * signal ended it before.
 */
export async function deliver(
  { sink, target, batch, signal, figures }: Delivery,
  { store, clock, logger }: Pick<ForwarderOptions, 'store' | 'clock' | 'logger'>,
): Promise<readonly NewSinkRefusal[] | undefined> {
  const { retryFirst, retryLongest } = sink.definition;
  const backoff = { firstMs: parseDuration(retryFirst) ?? 1000, longestMs: parseDuration(retryLongest) ?? 60_000 };
  for (let attempt = 1; !signal.aborted; attempt++) {
    failpoint('sink.before-write');
    const written = await target.write(batch, signal).catch(failureOf);
    // An answer that came after the end may be an answer to the end.
    if (signal.aborted && !written.ok) return undefined;
    if (written.ok) {
      failpoint('sink.after-write');
      figures.lastError = null;
      return refusalsOf(batch, written.refused);
    }
    figures.failedAttempts += 1;
    figures.lastError = written.error;
    logger.warn(
      { err: new Error(written.error), sink: sink.name, partition: batch.partition, attempt },
      'a sink could not forward; it is tried again',
    );
    await noteSinkFailure(store.db, sink.id, batch.partition, written.error).catch((error: unknown) => {
      logger.warn({ err: asStoreError(error), sink: sink.name }, 'the failure of a sink could not be noted');
    });
    await clock.pause(backoffMs(attempt, backoff), signal);
  }
  return undefined;
}

/** A sink type says what went wrong; one that throws has a mistake, and nothing must be lost for it. */
function failureOf(error: unknown): Written {
  const { message } = error as Error;
  return {
    ok: false,
    error: isWatchkeeperError(error) ? message : `forwarding stopped with an error of Watchkeeper: ${message}`,
  };
}

function refusalsOf({ events }: OutgoingBatch, refused: readonly RefusedEvent[]): NewSinkRefusal[] {
  const reasons = new Map(refused.map(({ index, reason }) => [index, reason]));
  return events.flatMap((event, index) => {
    const reason = reasons.get(index);
    return reason === undefined ? [] : [{ event: event.id, reason, body: JSON.stringify(plainEvent(event)) }];
  });
}
