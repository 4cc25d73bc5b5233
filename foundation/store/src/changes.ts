import { createHash } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import { noteObjectChange, type ToldObject } from './noted-effects.ts';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** A change that somebody made; written in the transaction of the change itself. */
export interface Change {
  readonly tenantId: number;
  /** Name of the key or session. */
  readonly actor: string;
  readonly actorKeyId: string | null;
  /** Noun and past verb: `monitor.created`. */
  readonly action: string;
  /** What was changed; in words where its changes are not told to programs outside: `key "backup"`. */
  readonly object: string | ToldObject;
  /** The object before and after; only their hashes are kept. */
  readonly before?: unknown;
  readonly after?: unknown;
  readonly requestId: string;
  readonly remoteAddress: string | null;
}

export async function recordChange(tx: Transaction<Tables>, change: Change): Promise<void> {
  const { tenantId, actor, action, object } = change;
  const [beforeHash, afterHash] = [change.before, change.after].map((form) =>
    form === undefined ? null : contentHash(form),
  );
  await tx
    .insertInto('change_records')
    .values({
      tenant_id: tenantId,
      actor,
      actor_key_id: change.actorKeyId,
      action,
      object: typeof object === 'string' ? object : `${object.kind.replace('_', ' ')} "${object.name}"`,
      before_hash: beforeHash,
      after_hash: afterHash,
      request_id: change.requestId,
      remote_address: change.remoteAddress,
    })
    .execute();
  const verb = action.slice(action.indexOf('.') + 1);
  // What was written once more as it was is on record, but no change.
  if (typeof object === 'string' || (verb === 'changed' && beforeHash === afterHash)) return;
  await noteObjectChange(tx, { tenantId, actor, verb, object });
}

/** SHA-256 in hexadecimal over JSON with sorted keys: equal content, equal hash. */
export function contentHash(content: unknown): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`).join(',')}}`;
}

export interface ChangeRow {
  readonly id: number;
  readonly at: Date;
  readonly tenant: string;
  readonly actor: string;
  readonly actor_key_id: string | null;
  readonly action: string;
  readonly object: string;
  readonly before_hash: string | null;
  readonly after_hash: string | null;
  readonly request_id: string;
  readonly remote_address: string | null;
}

/** Newest first, those below `beforeId` where it is given; one more than `limit` when there are more. */
export async function readChanges(
  db: Db,
  { tenantId, beforeId, limit }: { tenantId: number; beforeId?: number; limit: number },
): Promise<ChangeRow[]> {
  const { rows } = await sql<ChangeRow>`
    select c.id, c.at, t.name as tenant, c.actor, c.actor_key_id, c.action, c.object, c.before_hash, c.after_hash,
      c.request_id, c.remote_address
    from change_records c join tenants t on t.id = c.tenant_id
    where ${tenantId}::integer in (${allTenants}::integer, c.tenant_id)
      and (${beforeId ?? null}::bigint is null or c.id < ${beforeId ?? null}::bigint)
    order by c.id desc limit ${limit + 1}`.execute(db);
  return rows;
}
