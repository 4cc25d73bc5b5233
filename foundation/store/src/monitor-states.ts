import type { Outcome, State } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** States of monitors in their zones: written by the role health only. */

export interface MonitorState {
  readonly monitorId: string;
  readonly zone: string;
  readonly state: State;
  /** Microseconds since 1970-01-01 UTC; null while nothing is known. */
  readonly sinceUs: number | null;
  readonly reason: string | null;
  readonly message: string | null;
  readonly lastCheckedUs: number | null;
  readonly lastOutcome: Outcome | null;
  readonly lastDurationMs: number | null;
}

/** A monitor that is watched, as far as its state needs it. */
export interface WatchedMonitor {
  readonly id: string;
  readonly tenantId: number;
  readonly name: string;
  readonly service: string;
  readonly environment: string;
  readonly zones: readonly string[];
  readonly paused: boolean;
}

const us = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000000)::bigint`);
const instant = (microseconds: number | null) =>
  sql`timestamptz 'epoch' + ${microseconds}::bigint * interval '1 microsecond'`;

/** Monitors that are not deleted. */
export async function readWatchedMonitors(db: Db, ids: readonly string[]): Promise<WatchedMonitor[]> {
  const { rows } = await sql<WatchedMonitor>`
    select id, tenant_id as "tenantId", name, service, environment, zones, paused from monitors
    where id = any(${ids}::uuid[]) and deleted_at is null`.execute(db);
  return rows;
}

/**
 * The states of monitor and zone pairs, locked in the order of their keys so that two that write cannot deadlock; a
 * pair without one gets `unknown` first.
 */
export async function lockMonitorStates(
  tx: Transaction<Tables>,
  pairs: readonly { readonly monitorId: string; readonly zone: string; readonly tenantId: number }[],
): Promise<MonitorState[]> {
  const monitorIds = pairs.map(({ monitorId }) => monitorId);
  const zones = pairs.map(({ zone }) => zone);
  const tenants = pairs.map(({ tenantId }) => tenantId);
  await sql`
    insert into monitor_states (monitor_id, zone, tenant_id, state)
    select * from (select m, z, t, 'unknown' from unnest(${monitorIds}::uuid[], ${zones}::text[], ${tenants}::integer[]) p (m, z, t) order by m, z) p
    on conflict do nothing`.execute(tx);
  const { rows } = await sql<MonitorState>`
    select monitor_id as "monitorId", zone, state, ${us('since')} as "sinceUs", reason, message,
      ${us('last_checked_at')} as "lastCheckedUs", last_outcome as "lastOutcome", last_duration_ms as "lastDurationMs"
    from monitor_states
    where (monitor_id, zone) in (select * from unnest(${monitorIds}::uuid[], ${zones}::text[]))
    order by monitor_id, zone for update`.execute(tx);
  return rows;
}

export async function saveMonitorStates(tx: Transaction<Tables>, states: readonly MonitorState[]): Promise<void> {
  for (const state of states) {
    await sql`
      update monitor_states set state = ${state.state}, since = ${instant(state.sinceUs)}, reason = ${state.reason}, message = ${state.message},
        last_checked_at = ${instant(state.lastCheckedUs)}, last_outcome = ${state.lastOutcome}, last_duration_ms = ${state.lastDurationMs}
      where monitor_id = ${state.monitorId} and zone = ${state.zone}`.execute(tx);
  }
}

/** A monitor and zone pair whose stored state is no longer right, though nobody has reported anything. */
export interface StaleState {
  readonly monitorId: string;
  readonly zone: string;
  readonly tenantId: number;
  readonly service: string;
  readonly environment: string;
  readonly state: State;
  readonly previousState: State | null;
  /** Last report, microseconds since 1970-01-01 UTC. */
  readonly lastCheckedUs: number | null;
}

/**
 * Pairs that must change: paused ones, started ones, and those silent for longer than two and a half intervals and
 * the timeout. Silence counts from `notBefore` at the earliest: after a stop of everything nobody had a chance to report.
 */
export async function readStaleStates(db: Db, notBefore: Date): Promise<StaleState[]> {
  const { rows } = await sql<StaleState>`
    select * from (
      select m.id as "monitorId", z.zone, m.tenant_id as "tenantId", m.service, m.environment, s.state as "previousState",
        ${us('s.last_checked_at')} as "lastCheckedUs",
        case
          when m.paused then 'paused'
          when s.state = 'paused' then 'unknown'
          when s.last_checked_at is not null and now() - greatest(s.last_checked_at, s.since, ${notBefore}::timestamptz)
            > (2.5 * m.interval_ms + m.timeout_ms) * interval '1 millisecond' then 'unknown'
          else coalesce(s.state, 'unknown')
        end as state
      from monitors m cross join unnest(m.zones) z (zone)
      left join monitor_states s on s.monitor_id = m.id and s.zone = z.zone
      where m.deleted_at is null
    ) p where state is distinct from coalesce("previousState", 'unknown')
    order by "monitorId", zone limit 5000`.execute(db);
  return rows;
}

/** Sets pairs to what `readStaleStates` said, unless somebody has reported in between; returns those that changed. */
export async function saveStaleStates(tx: Transaction<Tables>, stale: readonly StaleState[]): Promise<StaleState[]> {
  if (stale.length === 0) return [];
  const present = await lockMonitorStates(tx, stale);
  const changed = stale.filter(({ monitorId, zone, lastCheckedUs, previousState }) => {
    const row = present.find((candidate) => candidate.monitorId === monitorId && candidate.zone === zone);
    return row !== undefined && row.lastCheckedUs === lastCheckedUs && row.state === (previousState ?? 'unknown');
  });
  for (const { monitorId, zone, state, lastCheckedUs } of changed) {
    const message =
      state === 'unknown' && lastCheckedUs !== null ? `no result since ${clockText(lastCheckedUs)} UTC` : null;
    await sql`update monitor_states set state = ${state}, since = now(), reason = null, message = ${message}
      where monitor_id = ${monitorId} and zone = ${zone}`.execute(tx);
  }
  return changed;
}

const clockText = (microseconds: number) => new Date(microseconds / 1000).toISOString().slice(11, 19);

/** Forgets the states of deleted monitors and of zones that are no longer watched from. */
export async function dropLeftStates(tx: Transaction<Tables>): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from monitor_states s where not exists (
      select from monitors m where m.id = s.monitor_id and m.deleted_at is null and s.zone = any(m.zones))`.execute(tx);
  return Number(numAffectedRows);
}

export interface StateChange {
  readonly atUs: number;
  readonly tenantId: number;
  readonly service: string;
  readonly environment: string;
  /** Null for a change of the service itself. */
  readonly monitorId: string | null;
  readonly zone: string | null;
  readonly state: State;
  readonly previousState: State | null;
  readonly reason: string | null;
  readonly message: string | null;
}

/** Notes changes for charts and the list of what happened. */
export async function insertStateChanges(tx: Transaction<Tables>, changes: readonly StateChange[]): Promise<void> {
  for (const change of changes) {
    await sql`
      insert into state_changes (at, tenant_id, service, environment, monitor_id, zone, state, previous_state, reason, message)
      values (${instant(change.atUs)}, ${change.tenantId}, ${change.service}, ${change.environment}, ${change.monitorId}, ${change.zone},
        ${change.state}, ${change.previousState}, ${change.reason}, ${change.message})`.execute(tx);
  }
}

/** The clock of the database. */
export async function databaseNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return (rows[0] as { now: Date }).now;
}
