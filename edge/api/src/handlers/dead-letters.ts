import type { DeadLetter, RefusedInputCount } from '@watchkeeper/model';
import { type DeadLetterRow, type RefusedInputRow, readDeadLetters, readRefusedInputs } from '@watchkeeper/store';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Handlers } from '../handler.ts';
import { scopeOf } from '../read-scope.ts';
import { rangeOf } from '../time-range.ts';

export const deadLetterHandlers = {
  async listDeadLetters({ query, caller }, { store, clock }) {
    const { from, to, reason, of, limit = 50, cursor } = query;
    const place = cursor === undefined ? undefined : decodeCursor<[number, number]>('dead-letters', cursor, [0, 0]);
    // Bounds that are left out are none: with an early start instead, a bound that is wrong is still named.
    const pointer = (bound: 'from' | 'to') => `query:${bound}`;
    const range = rangeOf({ from: from ?? '1970-01-01T00:00:00Z', to }, { nowMs: clock.wallMs(), pointer });
    const rows = await store.read(scopeOf(caller), (tx) =>
      readDeadLetters(tx, {
        limit: limit + 1,
        ...(place === undefined ? {} : { after: { atUs: place[0], id: place[1] } }),
        ...(reason === undefined ? {} : { reason }),
        ...(of === undefined ? {} : { of }),
        ...(from === undefined ? {} : { fromUs: Math.floor(range.fromMs * 1000) }),
        ...(to === undefined ? {} : { toUs: Math.ceil(range.toMs * 1000) }),
      }),
    );
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map(viewOfLetter),
      next: rows.length > limit && last !== undefined ? encodeCursor('dead-letters', [last.atUs, last.id]) : null,
    };
  },

  async listRefusedInputs({ query: { limit = 100 }, caller }, { store }) {
    const rows = await store.read(scopeOf(caller), (tx) => readRefusedInputs(tx, limit));
    return { items: rows.map(viewOfRefused) };
  },
} satisfies Partial<Handlers>;

function viewOfRefused({ firstAt, lastAt, keyName, ...rest }: RefusedInputRow): RefusedInputCount {
  return { ...rest, key: keyName || null, firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString() };
}

function viewOfLetter({
  id,
  atUs,
  tenant,
  door,
  origin,
  eventIndex,
  reason,
  message,
  sizeBytes,
  body,
}: DeadLetterRow): DeadLetter {
  const at = new Date(atUs / 1000).toISOString();
  return { id, at, tenant, door, origin, eventIndex, reason, message, sizeBytes, body };
}
