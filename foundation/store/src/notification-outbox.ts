import type { NotificationType } from '@watchkeeper/model';
import { sql } from 'kysely';
import type { Db } from './store.ts';

/** The outbox of notifications for programs outside: any number of notifiers bring out what stands in it. */

/** A notification on its way; `id` is the same at every attempt. */
export interface OutgoingNotification {
  readonly id: string;
  readonly tenant: string;
  readonly type: NotificationType;
  readonly subject: string;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
  /** This one counted. */
  readonly attempts: number;
}

/**
 * Claims what is due, oldest first, and of one subject only the oldest, so that nobody hears of an end before the
 * beginning. A notifier that dies leaves its claim to run out. One pass over what waits, however it is spread over
 * subjects; what is found is judged again under its lock.
 */
export async function claimOutgoing(
  db: Db,
  { limit, claimSeconds }: { readonly limit: number; readonly claimSeconds: number },
): Promise<OutgoingNotification[]> {
  const { rows } = await sql<OutgoingNotification>`
    with firsts as materialized (
      select distinct on (n.tenant_id, n.subject) n.id, n.place from notifications n
      where n.delivered_at is null order by n.tenant_id, n.subject, n.place
    ), due as materialized (
      select n.id from firsts f join notifications n on n.id = f.id
      where n.delivered_at is null and n.due_at <= now() and (n.claimed_until is null or n.claimed_until < now())
      order by f.place limit ${limit} for update of n skip locked
    ), claimed as (
      update notifications n set claimed_until = now() + ${claimSeconds} * interval '1 second', attempts = n.attempts + 1
      from due where n.id = due.id
      returning n.place, n.id, n.tenant_id, n.type, n.subject, n.at, n.data, n.attempts
    )
    select c.id, t.name as tenant, c.type, c.subject, c.at, c.data, c.attempts
    from claimed c join tenants t on t.id = c.tenant_id order by c.place`.execute(db);
  return rows;
}

export async function markOutgoingDelivered(db: Db, ids: readonly string[]): Promise<void> {
  await sql`update notifications set delivered_at = now(), claimed_until = null, last_error = null
    where id = any(${ids}::uuid[]) and delivered_at is null`.execute(db);
}

/** Notes failed attempts; each is tried again after its `retryMs`, for as long as it takes. */
export async function markOutgoingFailed(
  db: Db,
  failures: readonly { readonly id: string; readonly error: string; readonly retryMs: number }[],
): Promise<void> {
  await sql`
    update notifications n set claimed_until = null, last_error = f.error, due_at = now() + f."retryMs" * interval '1 millisecond'
    from jsonb_to_recordset(${JSON.stringify(failures)}::jsonb) f (id uuid, error text, "retryMs" float8)
    where n.id = f.id and n.delivered_at is null`.execute(db);
}

/** What waits in the outbox, and for how long the oldest has, seconds; null when none waits. */
export async function readOutgoingFigures(
  db: Db,
): Promise<{ readonly waiting: number; readonly oldestSeconds: number | null }> {
  const { rows } = await sql<{ waiting: number; oldestSeconds: number | null }>`
    select count(*) as waiting, extract(epoch from now() - min(at))::float8 as "oldestSeconds"
    from notifications where delivered_at is null`.execute(db);
  return rows[0] ?? { waiting: 0, oldestSeconds: null };
}
