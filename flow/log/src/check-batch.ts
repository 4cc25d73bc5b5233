import { createHash } from 'node:crypto';
import { type EventBatch, WatchkeeperError } from '@watchkeeper/model';

/** The partition of a producer's events: a hash of its name, the same in every process. */
export function partitionOf(producer: string, partitionCount: number): number {
  return createHash('sha256').update(producer).digest().readUInt32BE(0) % partitionCount;
}

/** A batch that does not fit its type is a bug of the caller; it is refused before it can fail its neighbours. */
export function checkBatch({ producer, epoch, firstSeq, events }: EventBatch): void {
  const isWhole = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (producer === '' || !isWhole(epoch) || !isWhole(firstSeq) || firstSeq === 0)
    throw new TypeError(`a batch of "${producer}" has no valid identity`);
  for (const { timeUs, timeNs, values, series } of events) {
    if (!Number.isSafeInteger(timeUs)) throw new TypeError(`an event of ${series.name} has no valid time`);
    if (timeNs !== undefined && !(isWhole(timeNs) && timeNs < 1000))
      throw new TypeError(`an event of ${series.name} has no valid nanoseconds`);
    if (values.length !== series.valueNames.length)
      throw new TypeError(
        `an event of ${series.name} has ${values.length} values for ${series.valueNames.length} names`,
      );
  }
}

/** The answer to a batch of an older start of a producer. */
export function fenced({ producer, epoch }: EventBatch): WatchkeeperError {
  return new WatchkeeperError(
    'epoch_fenced',
    `Producer ${producer} sent events of epoch ${epoch}, but a newer start of it has taken over. This one must stop.`,
    { details: { producer, epoch } },
  );
}

/** Refuses what comes when too much waits already, and when the log is closing. */
export function checkRoom(
  batch: EventBatch,
  { waiting, limit, isClosing }: { readonly waiting: number; readonly limit: number; readonly isClosing: boolean },
): void {
  if (isClosing)
    throw new WatchkeeperError(
      'log_overloaded',
      'The event log of this process is closing. Send the events to another process or again later.',
    );
  if (waiting + batch.events.length <= limit) return;
  throw new WatchkeeperError(
    'log_overloaded',
    `${waiting} events wait for the event log already. Send these ${batch.events.length} again later.`,
    { details: { waiting, limit } },
  );
}
