import { isUtf8 } from 'node:buffer';
import { beginningOfJson, type EventLines, readEventLines } from '@watchkeeper/formats';
import { decodeEventMessage, type EventsAnswer, errorCatalogue, mayAct, WatchkeeperError } from '@watchkeeper/model';
import type { ApiDependencies, Caller } from './handler.ts';
import { ownName } from './handlers/remote-zones.ts';
import { senderOf } from './note-refused-body.ts';
import { validationError } from './problems.ts';

/** A message of events as it came. */
export interface SentEvents {
  readonly bytes: Buffer;
  /** One event per line (NDJSON) instead of one JSON text. */
  readonly isLines: boolean;
  readonly caller: Caller;
  /** The name of the door, for what is refused. */
  readonly door: string;
}

type Dependencies = Pick<ApiDependencies, 'receipt' | 'refusedInputs' | 'clock'>;

/**
 * Stores the events of a message and says what became of each.
 * @throws WatchkeeperError `body_malformed`, `validation_failed` where nothing of it can be used, and as `EventLog.append`
 */
export async function takeEvents(
  { bytes, isLines, caller, door }: SentEvents,
  { receipt, refusedInputs, clock }: Dependencies,
): Promise<EventsAnswer> {
  const { message, lines, unreadable } = isLines ? readEventLines(bytes) : readMessage(bytes);
  // The producer stands under the key's name: nobody can fence a producer that is not his own.
  const { batches, problems } = decodeEventMessage(message, {
    tenant: caller.tenant,
    producer: (given) => `key/${ownName(caller, given)}`,
    mayReportChecks: mayAct(caller.role, 'agent'),
    mayNameDeliveries: false,
    nowMs: clock.wallMs(),
  });
  const [whole] = problems;
  if (whole?.index === null) throw validationError([whole], isLines ? 'The first line' : 'The message');
  const { firstSeq, events } = message as { readonly firstSeq: number; readonly events: readonly unknown[] };
  const sender = senderOf(caller, door);
  const placeOf = (index: number) => (lines === undefined ? '' : `line ${lines[index]}: `);
  const refused: EventsAnswer['refused'] = [];
  for (const { index, code, message: why } of problems) {
    const place = index ?? 0;
    const line = unreadable?.get(place);
    const text = `${placeOf(place)}${line?.why ?? why}`;
    refused.push({ index: place, code, message: text });
    const told = lines === undefined ? `event ${place}: ${text}` : text;
    refusedInputs.note(sender, { reason: code, message: told, excerpt: line?.bytes ?? beginningOfJson(events[place]) });
  }
  const answer = { stored: 0, alreadyStored: 0, refused };
  for (const batch of batches) {
    const result = await receipt.takeNumbered(batch, sender);
    answer.stored += result.stored;
    answer.alreadyStored += result.alreadyStored;
    for (const { index, code } of result.refused) {
      const place = batch.firstSeq - firstSeq + index;
      refused.push({ index: place, code, message: `${placeOf(place)}${errorCatalogue[code].title}` });
    }
  }
  return answer;
}

function readMessage(bytes: Buffer): {
  message: unknown;
  lines?: readonly number[];
  unreadable?: EventLines['unreadable'];
} {
  const malformed = (why: string, cause?: unknown) =>
    new WatchkeeperError('body_malformed', `The message could not be read (${why}). Send valid JSON in UTF-8.`, {
      cause,
    });
  if (!isUtf8(bytes)) throw malformed('it is not UTF-8');
  try {
    return { message: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    throw malformed((error as Error).message, error);
  }
}
