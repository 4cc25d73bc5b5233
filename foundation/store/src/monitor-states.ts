import type { Outcome, State } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/**
 * States of monitors in their zones: written by the role health only. `unknown` with a message is silent: a result is
 * overdue. `unknown` without one is awaited: the monitor is new, or was started again.
 */

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
  /** When the log took the last result, by the clock of the database. */
  readonly lastReportedUs: number | null;
}

/** A monitor that is watched, as far as its state needs it. */
export interface WatchedMonitor {
  readonly id: string;
  readonly tenantId: number;
  readonly tenant: string;
  readonly name: string;
  readonly service: string;
  readonly environment: string;
  readonly zones: readonly string[];
  readonly paused: boolean;
}

const us = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000000)::bigint`);
const instant = (column: string) => sql.raw(`timestamptz 'epoch' + ${column}::bigint * interval '1 microsecond'`);

/** Monitors that are not deleted. */
export async function readWatchedMonitors(db: Db, ids: readonly string[]): Promise<WatchedMonitor[]> {
  const { rows } = await sql<WatchedMonitor>`
    select m.id, m.tenant_id as "tenantId", t.name as tenant, m.name, m.service, m.environment, m.zones, m.paused
    from monitors m join tenants t on t.id = m.tenant_id
    where m.id = any(${ids}::uuid[]) and m.deleted_at is null`.execute(db);
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
  if (pairs.length === 0) return [];
  const monitorIds = pairs.map(({ monitorId }) => monitorId);
  const zones = pairs.map(({ zone }) => zone);
  const tenants = pairs.map(({ tenantId }) => tenantId);
  await sql`
    insert into monitor_states (monitor_id, zone, tenant_id, state)
    select * from (select m, z, t, 'unknown' from unnest(${monitorIds}::uuid[], ${zones}::text[], ${tenants}::integer[]) p (m, z, t) order by m, z) p
    on conflict do nothing`.execute(tx);
  const { rows } = await sql<MonitorState>`
    select monitor_id as "monitorId", zone, state, ${us('since')} as "sinceUs", reason, message,
      ${us('last_checked_at')} as "lastCheckedUs", last_outcome as "lastOutcome", last_duration_ms as "lastDurationMs",
      ${us('last_reported_at')} as "lastReportedUs"
    from monitor_states
    where (monitor_id, zone) in (select * from unnest(${monitorIds}::uuid[], ${zones}::text[]))
    order by monitor_id, zone for update`.execute(tx);
  return rows;
}

/** Writes states that `lockMonitorStates` has locked. */
export async function saveMonitorStates(tx: Transaction<Tables>, states: readonly MonitorState[]): Promise<void> {
  if (states.length === 0) return;
  await sql`
    update monitor_states s set state = n.state, since = ${instant('n."sinceUs"')}, reason = n.reason, message = n.message,
      last_checked_at = ${instant('n."lastCheckedUs"')}, last_outcome = n."lastOutcome", last_duration_ms = n."lastDurationMs",
      last_reported_at = ${instant('n."lastReportedUs"')}
    from jsonb_to_recordset(${JSON.stringify(states)}::jsonb) n ("monitorId" uuid, zone text, state text, "sinceUs" bigint, reason text,
      message text, "lastCheckedUs" bigint, "lastOutcome" text, "lastDurationMs" float8, "lastReportedUs" bigint)
    where s.monitor_id = n."monitorId" and s.zone = n.zone`.execute(tx);
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
  /** A result is overdue; otherwise nobody is late. */
  readonly isSilent: boolean;
  /** Last result, microseconds since 1970-01-01 UTC; null when there never was one. */
  readonly lastCheckedUs: number | null;
}

/**
 * Until when a reader has read the log: now when nothing waits, otherwise the time of the last event it saved in the
 * partition that is furthest behind. What was reported later, it cannot know.
 */
const readUntil = (reader: string) => sql`
  select coalesce(min(coalesce(r.received_at, '-infinity')), now())
  from log_heads h left join reader_positions r on r.log_partition = h.log_partition and r.reader = ${reader}
  where h.last_offset > coalesce(r.log_offset, 0)`;

/**
 * Pairs that must change: paused ones, started ones, and those silent for longer than two and a half intervals and
 * the timeout. Silence counts from `notBefore` and from the last change of the monitor at the earliest, since before
 * nobody had a chance to report, and until where `reader` has read the log: what waits there may be the report.
 */
export async function readStaleStates(
  db: Db,
  { notBefore, reader }: { readonly notBefore: Date; readonly reader: string },
): Promise<StaleState[]> {
  const { rows } = await sql<StaleState>`
    with present as materialized (select (${readUntil(reader)}) as at), pairs as (
      select m.id, z.zone, m.tenant_id, m.service, m.environment, m.paused, s.state, s.message, s.last_checked_at,
        not m.paused and present.at > greatest(s.last_reported_at, m.updated_at, ${notBefore}::timestamptz)
          + (2.5 * m.interval_ms + m.timeout_ms) * interval '1 millisecond' as is_silent
      from present cross join monitors m cross join unnest(m.zones) z (zone)
      left join monitor_states s on s.monitor_id = m.id and s.zone = z.zone
      where m.deleted_at is null
    )
    select id as "monitorId", zone, tenant_id as "tenantId", service, environment, state as "previousState", is_silent as "isSilent",
      ${us('last_checked_at')} as "lastCheckedUs", case when paused then 'paused' else 'unknown' end as state
    from pairs
    where case
      when paused then state is distinct from 'paused'
      when is_silent then state is distinct from 'unknown' or message is null
      else state = 'paused'
    end
    order by id, zone limit 5000`.execute(db);
  return rows;
}

/** Sets pairs to what `readStaleStates` said, unless somebody has reported in between; returns those that changed. */
export async function saveStaleStates(
  tx: Transaction<Tables>,
  stale: readonly StaleState[],
): Promise<(StaleState & { readonly message: string | null })[]> {
  const present = new Map(
    (await lockMonitorStates(tx, stale)).map((row) => [`${row.monitorId} ${row.zone}`, row] as const),
  );
  const changed = stale.flatMap((pair) => {
    const { monitorId, zone, lastCheckedUs, previousState, isSilent } = pair;
    const row = present.get(`${monitorId} ${zone}`);
    if (row === undefined || row.lastCheckedUs !== lastCheckedUs || row.state !== (previousState ?? 'unknown'))
      return [];
    const silence = lastCheckedUs === null ? 'no result yet' : `no result since ${clockText(lastCheckedUs)} UTC`;
    return [{ ...pair, message: isSilent ? silence : null }];
  });
  if (changed.length === 0) return [];
  await sql`
    update monitor_states s set state = n.state, reason = null, message = n.message,
      since = case when s.state = n.state then coalesce(s.since, now()) else now() end
    from jsonb_to_recordset(${JSON.stringify(changed)}::jsonb) n ("monitorId" uuid, zone text, state text, message text)
    where s.monitor_id = n."monitorId" and s.zone = n.zone`.execute(tx);
  return changed;
}

/** `2026-11-21 07:20:10`: a silence may last for days. */
const clockText = (microseconds: number) => new Date(microseconds / 1000).toISOString().slice(0, 19).replace('T', ' ');

/** Forgets the states of deleted monitors and of zones that are no longer watched from. */
export async function dropLeftStates(tx: Transaction<Tables>): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from monitor_states s where not exists (
      select from monitors m where m.id = s.monitor_id and m.deleted_at is null and s.zone = any(m.zones))`.execute(tx);
  return Number(numAffectedRows);
}

/** The clock of the database. */
export async function databaseNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return (rows[0] as { now: Date }).now;
}

/** Until when a reader has read the log, milliseconds since 1970-01-01 UTC by the clock of the database. */
export async function readUntilMs(db: Db, reader: string): Promise<number> {
  const { rows } = await sql<{ ms: number }>`
    select (extract(epoch from greatest((${readUntil(reader)}), timestamptz 'epoch')) * 1000)::float8 as ms`.execute(
    db,
  );
  return rows[0]?.ms ?? 0;
}
