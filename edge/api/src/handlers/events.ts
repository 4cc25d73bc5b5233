import { readEvents } from '@watchkeeper/store';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { viewOfRow } from '../event-view.ts';
import type { Handlers } from '../handler.ts';
import { ndjson } from '../own-bodies.ts';
import { scopeOf } from '../read-scope.ts';
import { takeEvents } from '../take-events.ts';
import { rangeOf } from '../time-range.ts';

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

  async sendEvents({ received, caller }, dependencies) {
    const { bytes, mediaType } = received;
    const isLines = mediaType === ndjson;
    return takeEvents({ bytes, isLines, caller, door: 'api/v1/events' }, dependencies);
  },

  async streamEvents({ query, caller, lastEventId }, { liveFeed }) {
    return liveFeed.open({ ...query, tenant: caller.seesAllTenants ? undefined : caller.tenant }, lastEventId);
  },
} satisfies Partial<Handlers>;
