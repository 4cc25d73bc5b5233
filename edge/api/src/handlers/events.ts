import { decodeEventMessage, type EventMessageProblem, errorCatalogue, mayAct } from '@watchkeeper/model';
import { readEvents } from '@watchkeeper/store';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { viewOfRow } from '../event-view.ts';
import type { Handlers } from '../handler.ts';
import { validationError } from '../problems.ts';
import { scopeOf } from '../read-scope.ts';
import { rangeOf } from '../time-range.ts';
import { ownName } from './remote-zones.ts';

export const eventHandlers = {
  async listEvents({ query, caller }, { store, clock }) {
    const { from, to, cursor, limit = 100, monitor, ...filter } = query;
    const range = rangeOf({ from, to }, { nowMs: clock.wallMs(), pointer: (bound) => `query:${bound}` });
    const place =
      cursor === undefined ? undefined : decodeCursor<[number, number, number]>('events', cursor, [0, 0, 0]);
    const scope = scopeOf(caller);
    const { events, hasMore } = await store.read(scope, (tx) =>
      readEvents(tx, scope, {
        filter: { ...filter, ...(monitor === undefined ? {} : { source: monitor }) },
        fromUs: Math.floor(range.fromMs * 1000),
        toUs: Math.ceil(range.toMs * 1000),
        limit,
        ...(place === undefined ? {} : { after: { timeUs: place[0], partition: place[1], offset: place[2] } }),
      }),
    );
    const last = events.at(-1);
    return {
      items: events.map(viewOfRow),
      next: hasMore && last !== undefined ? encodeCursor('events', [last.timeUs, last.partition, last.offset]) : null,
    };
  },

  async sendEvents({ body, caller }, { eventLog, clock }) {
    // The producer stands under the key's name: nobody can fence a producer that is not his own.
    const { batches, problems } = decodeEventMessage(body, {
      tenant: caller.tenant,
      producer: (given) => `key/${ownName(caller, given)}`,
      mayReportChecks: mayAct(caller.role, 'agent'),
      mayNameDeliveries: false,
      nowMs: clock.wallMs(),
    });
    const [whole] = problems;
    if (whole?.index === null) throw validationError([whole], 'The message');
    const answer = { stored: 0, alreadyStored: 0, refused: problems.map(refusalOf) };
    for (const batch of batches) {
      const { stored, alreadyStored, refused } = await eventLog.append(batch);
      answer.stored += stored;
      answer.alreadyStored += alreadyStored;
      for (const { index, code } of refused) {
        const place = batch.firstSeq - body.firstSeq + index;
        answer.refused.push({ index: place, code, message: errorCatalogue[code].title });
      }
    }
    return answer;
  },

  async streamEvents({ query, caller, lastEventId }, { liveFeed }) {
    return liveFeed.open({ ...query, tenant: caller.seesAllTenants ? undefined : caller.tenant }, lastEventId);
  },
} satisfies Partial<Handlers>;

function refusalOf({ index, code, message }: EventMessageProblem) {
  return { index: index ?? 0, code: code as string, message };
}
