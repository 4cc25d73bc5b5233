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

/** Channels that an alert was told to or is about to be. */
export async function channelsTold(
  tx: Transaction<Tables>,
  alertId: string,
): Promise<ReadonlyMap<string, { readonly isOnlyWaiting: boolean }>> {
  const { rows } = await sql<{ channel: string; isOnlyWaiting: boolean }>`
    select channel, bool_and(attempts = 0) as "isOnlyWaiting" from alert_deliveries
    where alert_id = ${alertId} and kind <> 'resolved' and given_up_at is null group by channel`.execute(tx);
  return new Map(rows.map(({ channel, isOnlyWaiting }) => [channel, { isOnlyWaiting }]));
}

/** Takes back what nobody has tried to send yet: it was over, or held, before the group wait ended. */
export async function takeBackWaiting(tx: Transaction<Tables>, alertId: string, channel?: string): Promise<void> {
  await sql`delete from alert_deliveries where alert_id = ${alertId} and attempts = 0
    and (${channel ?? null}::text is null or channel = ${channel ?? null}::text)`.execute(tx);
}

export interface ClaimedDelivery {
  readonly id: number;
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

/**
 * Claims what is due. A sender that dies leaves its claim to run out. Of one alert and channel the oldest that is not
 * done goes first, so nobody hears that something is over before hearing that it began.
 */
export async function claimDeliveries(
  db: Db,
  { limit, claimSeconds }: { readonly limit: number; readonly claimSeconds: number },
): Promise<ClaimedDelivery[]> {
  const { rows } = await sql<ClaimedDelivery>`
    with due as (
      select d.id from alert_deliveries d
      where d.delivered_at is null and d.given_up_at is null and d.due_at <= now()
        and (d.claimed_until is null or d.claimed_until < now())
        and not exists (
          select from alert_deliveries e where e.alert_id = d.alert_id and e.channel = d.channel and e.id < d.id
            and e.delivered_at is null and e.given_up_at is null)
      order by d.id limit ${limit} for update skip locked
    )
    update alert_deliveries d set claimed_until = now() + ${claimSeconds} * interval '1 second', attempts = d.attempts + 1
    from due where d.id = due.id
    returning d.id, d.tenant_id as "tenantId", d.alert_id as "alertId", d.channel, d.kind, d.state, d.previous_state as "previousState",
      d.attempts, (extract(epoch from now() - d.created_at) * 1000)::float8 as "ageMs"`.execute(db);
  return [...rows].sort((a, b) => a.id - b.id);
}

export async function markDelivered(db: Db, ids: readonly number[]): Promise<void> {
  await sql`update alert_deliveries set delivered_at = now(), claimed_until = null, last_error = null
    where id = any(${ids}::bigint[]) and delivered_at is null`.execute(db);
}

/** Notes a failed attempt; it is tried again after `retryMs`, or given up when that is null. */
export async function markFailed(
  db: Db,
  ids: readonly number[],
  { error, retryMs }: { readonly error: string; readonly retryMs: number | null },
): Promise<void> {
  await sql`
    update alert_deliveries set claimed_until = null, last_error = ${error},
      due_at = now() + ${retryMs ?? 0} * interval '1 millisecond',
      given_up_at = case when ${retryMs === null}::boolean then now() end
    where id = any(${ids}::bigint[]) and delivered_at is null`.execute(db);
}

/** Milliseconds until the next delivery is due; null when none waits. */
export async function untilNextDelivery(db: Db): Promise<number | null> {
  const { rows } = await sql<{ ms: number | null }>`
    select (extract(epoch from min(greatest(due_at, coalesce(claimed_until, due_at))) - now()) * 1000)::float8 as ms from alert_deliveries
    where delivered_at is null and given_up_at is null`.execute(db);
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
