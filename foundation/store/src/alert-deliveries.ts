import type { State } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** The outbox of alerts: written in the transaction of the alert, sent later, any number of senders at once. */

export type DeliveryKind = 'opened' | 'changed' | 'resolved';

export interface NewDelivery {
  readonly alertId: string;
  readonly channel: string;
  readonly kind: DeliveryKind;
  readonly state: State;
  readonly previousState: State | null;
  readonly waitMs: number;
}

export async function insertDelivery(tx: Transaction<Tables>, tenantId: number, delivery: NewDelivery): Promise<void> {
  await sql`
    insert into alert_deliveries (tenant_id, alert_id, channel, kind, state, previous_state, due_at)
    values (${tenantId}, ${delivery.alertId}, ${delivery.channel}, ${delivery.kind}, ${delivery.state}, ${delivery.previousState},
      now() + ${delivery.waitMs} * interval '1 millisecond')`.execute(tx);
}

export interface ToldChannel {
  /** Nobody has tried to send anything yet. */
  readonly isOnlyWaiting: boolean;
  /** The last state it was told or is about to be told. */
  readonly state: State;
}

/** Channels that an alert was told to or is about to be; what was given up does not count. */
export async function channelsTold(
  tx: Transaction<Tables>,
  alertId: string,
): Promise<ReadonlyMap<string, ToldChannel>> {
  const { rows } = await sql<ToldChannel & { channel: string }>`
    select channel, bool_and(attempts = 0) as "isOnlyWaiting", (array_agg(state order by id desc))[1] as state
    from alert_deliveries
    where alert_id = ${alertId} and kind <> 'resolved' and given_up_at is null group by channel`.execute(tx);
  return new Map(rows.map(({ channel, ...told }) => [channel, told]));
}

/** Takes back what nobody has tried to send yet: it was over, or held, before the group wait ended. */
export async function takeBackWaiting(tx: Transaction<Tables>, alertId: string, channel?: string): Promise<void> {
  await sql`delete from alert_deliveries where alert_id = ${alertId} and attempts = 0
    and (${channel ?? null}::text is null or channel = ${channel ?? null}::text)`.execute(tx);
}

const isOpen = (alias: string) => sql.raw(`${alias}.delivered_at is null and ${alias}.given_up_at is null`);
/**
 * Deliveries that are not done and may go out: of one alert and channel only the oldest, so that nobody hears of an
 * end before the beginning. `isGathered`: something of the same channel and kind that was not sent yet is due.
 */
const nextDeliveries = sql`
  select *, bool_or(notification_id is null and due_at <= now()) over (partition by tenant_id, channel, kind) as "isGathered"
  from (
    select d.id, d.tenant_id, d.channel, d.kind, d.due_at, d.claimed_until, d.notification_id,
      row_number() over (partition by d.alert_id, d.channel order by d.id) as place
    from alert_deliveries d where ${isOpen('d')}
  ) p where place = 1`;

/**
 * Claims what is due, and with it what waits for the same channel and is of the same kind: together they become one
 * notification, and stay it at every attempt. A sender that dies leaves its claim to run out. Returns the identifiers
 * of the notifications to send.
 */
export async function claimNotifications(
  db: Db,
  { limit, claimSeconds }: { readonly limit: number; readonly claimSeconds: number },
): Promise<string[]> {
  // The rows are looked up by their key and judged again under the lock; in the words of the partial indexes the planner
  // would scan one of those for every row while it has no statistics.
  const { rows } = await sql<{ notification_id: string }>`
    with next as materialized (${nextDeliveries}), due as (
      select d.id from next n join alert_deliveries d on d.id = n.id
      where (n.due_at <= now() or (n.notification_id is null and n."isGathered"))
        and coalesce(d.delivered_at, d.given_up_at) is null and (d.claimed_until is null or d.claimed_until < now())
      order by n.due_at, n.id limit ${limit} for update of d skip locked
    )
    update alert_deliveries d set claimed_until = now() + ${claimSeconds} * interval '1 second', attempts = d.attempts + 1,
      notification_id = coalesce(d.notification_id, md5(concat_ws(' ', ${crypto.randomUUID()}::text, d.tenant_id, d.channel, d.kind))::uuid)
    from due where d.id = due.id returning d.notification_id`.execute(db);
  return [...new Set(rows.map((row) => row.notification_id))];
}

/** One line of a notification. */
export interface Delivery {
  readonly tenantId: number;
  readonly alertId: string;
  readonly channel: string;
  readonly kind: DeliveryKind;
  readonly state: State;
  readonly previousState: State | null;
  readonly attempts: number;
  /** Age since it was written, milliseconds. */
  readonly ageMs: number;
}

/** What goes out as one notification and is not done; all of it is of one channel and kind. */
export async function readNotification(db: Db, notificationId: string): Promise<Delivery[]> {
  const { rows } = await sql<Delivery>`
    select d.tenant_id as "tenantId", d.alert_id as "alertId", d.channel, d.kind, d.state, d.previous_state as "previousState",
      d.attempts, (extract(epoch from now() - d.created_at) * 1000)::float8 as "ageMs"
    from alert_deliveries d where d.notification_id = ${notificationId} and ${isOpen('d')} order by d.id`.execute(db);
  return rows;
}

export async function markDelivered(db: Db, notificationId: string): Promise<void> {
  await sql`update alert_deliveries d set delivered_at = now(), claimed_until = null, last_error = null
    where d.notification_id = ${notificationId} and ${isOpen('d')}`.execute(db);
}

/** Notes a failed attempt; it is tried again after `retryMs`, or given up when that is null. */
export async function markFailed(
  db: Db,
  notificationId: string,
  { error, retryMs }: { readonly error: string; readonly retryMs: number | null },
): Promise<void> {
  await sql`
    update alert_deliveries d set claimed_until = null, last_error = ${error},
      due_at = now() + ${retryMs ?? 0} * interval '1 millisecond',
      given_up_at = case when ${retryMs === null}::boolean then now() end
    where d.notification_id = ${notificationId} and ${isOpen('d')}`.execute(db);
}

/** Milliseconds until the next delivery can be claimed, not above 0 when one can be now; null when none waits. */
export async function untilNextDelivery(db: Db): Promise<number | null> {
  const { rows } = await sql<{ ms: number | null }>`
    select (extract(epoch from min(greatest(due_at, claimed_until)) - now()) * 1000)::float8 as ms
    from (${nextDeliveries}) n`.execute(db);
  return rows[0]?.ms ?? null;
}

/** A monitor that is not well behind an alert, and the state of each of its zones. */
export interface AlertMonitor {
  readonly service: string;
  readonly environment: string;
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly state: State;
  readonly reason: string | null;
  readonly message: string | null;
}

/** Monitor and zone pairs of a service in an environment, paused ones left out. */
export async function readAlertMonitors(
  db: Db,
  {
    tenantId,
    service,
    environment,
  }: { readonly tenantId: number; readonly service: string; readonly environment: string },
): Promise<AlertMonitor[]> {
  const { rows } = await sql<AlertMonitor>`
    select m.service, m.environment, m.id, m.name, z.zone, coalesce(s.state, 'unknown') as state, s.reason, s.message
    from monitors m cross join unnest(m.zones) z (zone)
    left join monitor_states s on s.monitor_id = m.id and s.zone = z.zone
    where m.tenant_id = ${tenantId} and m.service = ${service} and m.environment = ${environment}
      and m.deleted_at is null and not m.paused
    order by m.name, z.zone limit 500`.execute(db);
  return rows;
}
