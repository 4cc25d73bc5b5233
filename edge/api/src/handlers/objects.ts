import { type ChangeRecord, nearestName, resourceKinds } from '@watchkeeper/model';
import { type ChangeRow, readChanges } from '@watchkeeper/store';
import { applyObjects } from '../apply-objects.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Handlers } from '../handler.ts';
import { objectKinds } from '../objects/index.ts';
import { validationError } from '../problems.ts';
import { scopeOf } from '../read-scope.ts';
import { writeOrTry } from '../write-or-try.ts';

export const objectHandlers = {
  async apply(call, dependencies) {
    const { dryRun = false } = call.body;
    const changes = await writeOrTry(dependencies.store, dryRun, (tx) => applyObjects(tx, call, dependencies));
    const count = (action: string) => changes.filter((change) => change.action === action).length;
    const touched = new Set(changes.filter(({ action }) => action !== 'unchanged').map(({ kind }) => kind));
    if (!dryRun) {
      const topics = new Set(objectKinds.filter(({ kind }) => touched.has(kind)).map(({ topic }) => topic));
      for (const topic of topics) await dependencies.messages.publish(topic);
    }
    return {
      dryRun,
      changes,
      created: count('create'),
      updated: count('update'),
      deleted: count('delete'),
      unchanged: count('unchanged'),
    };
  },

  async exportObjects({ query, caller }, { store }) {
    const kinds = objectKinds.filter(({ kind }) => query.kind === undefined || query.kind === kind);
    if (kinds.length === 0) {
      const known = Object.keys(resourceKinds);
      const nearest = nearestName(query.kind ?? '', known);
      const message = `there is no such kind; ${nearest === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`}`;
      throw validationError([{ pointer: 'query:kind', message }], 'The question');
    }
    return store.read(caller.tenantId, async (tx) => {
      const objects: Record<string, unknown>[] = [];
      for (const { kind, list } of kinds) {
        for (const form of await list(tx, caller.tenantId)) objects.push({ kind, ...form });
      }
      return { objects };
    });
  },

  async listChanges({ query, caller }, { store }) {
    const { limit = 100, cursor } = query;
    const place = cursor === undefined ? undefined : decodeCursor<[number]>('changes', cursor, [0]);
    const tenantId = scopeOf(caller);
    const rows = await store.read(tenantId, (tx) =>
      readChanges(tx, { tenantId, limit, ...(place === undefined ? {} : { beforeId: place[0] }) }),
    );
    const items = rows.slice(0, limit).map(viewOfChange);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? encodeCursor('changes', [last.id]) : null };
  },
} satisfies Partial<Handlers>;

function viewOfChange(row: ChangeRow): ChangeRecord {
  return {
    id: row.id,
    at: row.at.toISOString(),
    tenant: row.tenant,
    actor: row.actor,
    actorKeyId: row.actor_key_id,
    action: row.action,
    object: row.object,
    beforeHash: row.before_hash,
    afterHash: row.after_hash,
    requestId: row.request_id,
    remoteAddress: row.remote_address,
  };
}
