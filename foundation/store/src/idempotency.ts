import { sql } from 'kysely';
import type { Db } from './store.ts';

/** Answers kept for a day, so that a repeated request is answered and not done again. */

export interface IdempotencyKey {
  readonly tenantId: number;
  /** Whose key: names are private to a caller. */
  readonly caller: string;
  readonly key: string;
}

export type Reservation =
  /** Nobody has used it: do the work, then `keepAnswer` or `releaseKey`. */
  | { readonly kind: 'reserved' }
  /** The same request is under way. */
  | { readonly kind: 'busy' }
  /** It was used for another request. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'answered'; readonly status: number; readonly answer: unknown };

/** Reserves a key; a reservation whose process died is taken over after a minute. */
export async function reserveKey(
  db: Db,
  { tenantId, caller, key }: IdempotencyKey,
  requestHash: Buffer,
): Promise<Reservation> {
  const { rows: reserved } = await sql`
    insert into idempotency_keys as k (tenant_id, caller, key, request_hash) values (${tenantId}, ${caller}, ${key}, ${requestHash})
    on conflict (tenant_id, caller, key) do update set created_at = now()
    where k.status is null and k.request_hash = excluded.request_hash and k.created_at < now() - interval '1 minute'
    returning 1`.execute(db);
  if (reserved.length === 1) return { kind: 'reserved' };
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'status', 'answer'])
    .where('tenant_id', '=', tenantId)
    .where('caller', '=', caller)
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return { kind: 'busy' };
  if (!row.request_hash.equals(requestHash)) return { kind: 'reused' };
  if (row.status === null) return { kind: 'busy' };
  return { kind: 'answered', status: row.status, answer: row.answer };
}

export async function keepAnswer(
  db: Db,
  { tenantId, caller, key }: IdempotencyKey,
  status: number,
  answer: unknown,
): Promise<void> {
  await sql`update idempotency_keys set status = ${status}, answer = ${JSON.stringify(answer ?? null)}::jsonb
    where tenant_id = ${tenantId} and caller = ${caller} and key = ${key}`.execute(db);
}

export async function releaseKey(db: Db, { tenantId, caller, key }: IdempotencyKey): Promise<void> {
  await sql`delete from idempotency_keys where tenant_id = ${tenantId} and caller = ${caller} and key = ${key} and status is null`.execute(
    db,
  );
}
