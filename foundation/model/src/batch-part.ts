import { partOfDelivery } from './delivery.ts';
import type { EventBatch } from './event.ts';

/** Events `start` to `end`, exclusive, of a batch, under the numbers that they have. */
export function partOfBatch(batch: EventBatch, start: number, end: number): EventBatch {
  const { firstSeq, events, delivery } = batch;
  const until = Math.min(end, events.length);
  if (start === 0 && until === events.length) return batch;
  const part = { ...batch, firstSeq: firstSeq + start, events: events.slice(start, until) };
  if (delivery === undefined) return part;
  return { ...part, delivery: partOfDelivery(delivery, { start, end: until, of: events.length }) };
}
