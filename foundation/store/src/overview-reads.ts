import { type OutcomeCounts, type State, states } from '@watchkeeper/model';
import { type RawBuilder, sql } from 'kysely';
import { monitorRollupId } from './monitor-reads.ts';
import { allTenants, type Db } from './store.ts';

/** Reads for the first page: services in environments, what is wrong with them, and how they did in a range of time. */

/** A service in an environment that is watched. */
export interface ServiceCell {
  readonly tenantId: number;
  readonly tenant: string;
  readonly service: string;
  readonly title: string;
  readonly environment: string;
  readonly state: State;
  readonly since: Date | null;
  readonly reason: string | null;
  readonly message: string | null;
  readonly heldBy: string | null;
  /** Pairs of monitor and zone that are not OK, and all; without paused monitors. */
  readonly failingChecks: number;
  readonly allChecks: number;
  readonly zones: readonly { readonly zone: string; readonly state: State }[];
}

export interface CellQuery {
  readonly tenantId: number;
  readonly environment?: string;
}

const ofTenant = (tenantId: number, column: RawBuilder<unknown>) =>
  tenantId === allTenants ? sql`true` : sql`${column} = ${tenantId}`;
const ofEnvironment = (environment: string | undefined, column: RawBuilder<unknown>) =>
  environment === undefined ? sql`true` : sql`${column} = ${environment}`;
const rankOf = (state: State) => states.indexOf(state) + 1;
const stateOf = (rank: number) => states[rank - 1] ?? 'unknown';

/**
 * Every service in every environment where a monitor watches it. Its state is what health saved; `paused` when all its
 * monitors are paused; before health has judged, the worst of its zones.
 */
export async function readServiceCells(db: Db, { tenantId, environment }: CellQuery): Promise<ServiceCell[]> {
  const { rows } = await sql<
    Omit<ServiceCell, 'state' | 'zones'> & { state: State | null; isPaused: boolean; zones: [string, number][] }
  >`
    with checks as materialized (
      select m.tenant_id, m.service, m.environment, zone.name as zone,
        count(*) filter (where not m.paused) as checks,
        count(*) filter (where not m.paused and coalesce(array_position(${[...states]}::text[], s.state), ${rankOf('unknown')}) <= ${rankOf('unknown')}) as failing,
        min(case when m.paused then ${rankOf('paused')} else coalesce(array_position(${[...states]}::text[], s.state), ${rankOf('unknown')}) end) as rank
      from monitors m cross join unnest(m.zones) as zone (name)
      left join monitor_states s on s.monitor_id = m.id and s.zone = zone.name
      where m.deleted_at is null and ${ofTenant(tenantId, sql`m.tenant_id`)} and ${ofEnvironment(environment, sql`m.environment`)}
      group by 1, 2, 3, 4
    ), cells as materialized (
      select tenant_id, service, environment, sum(checks)::integer as checks, sum(failing)::integer as failing,
        json_agg(json_build_array(zone, rank) order by zone) as zones
      from checks group by 1, 2, 3
    )
    select c.tenant_id as "tenantId", t.name as tenant, c.service, v.title, c.environment, s.state, s.since, s.reason, s.message,
      s.held_by as "heldBy", c.failing as "failingChecks", c.checks as "allChecks", c.checks = 0 as "isPaused", c.zones
    from cells c
    join tenants t on t.id = c.tenant_id
    join services v on v.tenant_id = c.tenant_id and v.name = c.service
    left join service_states s on s.tenant_id = c.tenant_id and s.service = c.service and s.environment = c.environment`.execute(
    db,
  );
  return rows.map(({ isPaused, ...row }) => {
    const worstRank = Math.min(...row.zones.map(([, rank]) => rank));
    const state = isPaused ? 'paused' : (row.state ?? stateOf(worstRank));
    return { ...row, state, zones: row.zones.map(([zone, rank]) => ({ zone, state: stateOf(rank) })) };
  });
}

/** What one zone saw of a service in an environment in one period. */
export type ZonePart = readonly [zone: string, outcomes: OutcomeCounts, durations: Readonly<Record<string, number>>];

export interface CellParts {
  readonly tenantId: number;
  readonly service: string;
  readonly environment: string;
  readonly parts: readonly ZonePart[];
}

/** Outcomes and durations of all services, environments and zones in a range, in one pass over the built-in rollup. */
export async function readCellParts(
  db: Db,
  {
    tenantId,
    environment,
    granularityS,
    fromMs,
    toMs,
  }: CellQuery & { granularityS: number; fromMs: number; toMs: number },
): Promise<CellParts[]> {
  const { rows } = await sql<Omit<CellParts, 'parts'> & { parts: string }>`
    select k.tenant_id as "tenantId", k.key ->> 'service' as service, k.key ->> 'environment' as environment, '[' || string_agg(
      '[' || (k.key -> 'zone')::text || ',' || coalesce(r.counters ->> 'outcome', '{}') || ',' || coalesce(r.distributions ->> 'durationMs', '{}') || ']', ','
    ) || ']' as parts
    from rollups r join rollup_keys k on k.id = r.key_id
    where r.granularity_s = ${granularityS}::integer
      and r.bucket_at >= to_timestamp(${fromMs / 1000}::float8) and r.bucket_at < to_timestamp(${toMs / 1000}::float8)
      and k.definition_id = ${monitorRollupId}
      and ${ofTenant(tenantId, sql`k.tenant_id`)} and ${ofEnvironment(environment, sql`k.key ->> 'environment'`)}
    group by 1, 2, 3`.execute(db);
  return rows.map((row) => ({ ...row, parts: JSON.parse(row.parts) as ZonePart[] }));
}

/** Keys that the built-in rollup has for a tenant: how many rows a period of the matrix is made of. */
export async function countMonitorKeys(db: Db, tenantId: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from rollup_keys where definition_id = ${monitorRollupId} and ${ofTenant(tenantId, sql`tenant_id`)}`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}

export interface CellName {
  readonly tenantId: number;
  readonly service: string;
  readonly environment: string;
}

export interface CellMonitors extends CellName {
  /** Those that are not OK first. */
  readonly monitorIds: readonly string[];
  readonly notOkIds: readonly string[];
}

/** Monitors of some services, at most `limit` of each, those that are not OK first. */
export async function readCellMonitors(db: Db, cells: readonly CellName[], limit: number): Promise<CellMonitors[]> {
  const { rows } = await sql<CellMonitors>`
    select c.tenant_id as "tenantId", c.service, c.environment, m.ids as "monitorIds", m.not_ok as "notOkIds"
    from unnest(${cells.map((cell) => cell.tenantId)}::integer[], ${cells.map((cell) => cell.service)}::text[], ${cells.map((cell) => cell.environment)}::text[])
      as c (tenant_id, service, environment)
    cross join lateral (
      select coalesce(array_agg(id::text order by rank, name), '{}') as ids,
        coalesce(array_agg(id::text order by rank, name) filter (where rank <= ${rankOf('unknown')}), '{}') as not_ok
      from (
        select m.id, m.name, min(coalesce(array_position(${[...states]}::text[], s.state), ${rankOf('unknown')})) as rank
        from monitors m cross join unnest(m.zones) as zone (name)
        left join monitor_states s on s.monitor_id = m.id and s.zone = zone.name
        where m.tenant_id = c.tenant_id and m.service = c.service and m.environment = c.environment and m.deleted_at is null and not m.paused
        group by m.id order by rank, m.name limit ${limit}
      ) m
    ) m`.execute(db);
  return rows;
}

export interface OpenAlertRow extends CellName {
  readonly id: string;
  readonly openedAt: Date;
  readonly heldBy: string | null;
  /** Last time somebody was told of it. */
  readonly toldAt: Date | null;
  /** Channels that were told. */
  readonly channels: readonly string[];
  /** Of the newest delivery that has not succeeded. */
  readonly lastError: string | null;
}

export async function readOpenAlerts(db: Db, tenantId: number): Promise<OpenAlertRow[]> {
  const { rows } = await sql<OpenAlertRow>`
    select a.id, a.tenant_id as "tenantId", a.service, a.environment, a.opened_at as "openedAt", a.held_by as "heldBy",
      max(d.delivered_at) as "toldAt",
      coalesce(array_agg(distinct d.channel order by d.channel) filter (where d.delivered_at is not null), '{}') as channels,
      (array_agg(d.last_error order by d.id desc) filter (where d.delivered_at is null and d.last_error is not null))[1] as "lastError"
    from alerts a left join alert_deliveries d on d.alert_id = a.id
    where a.resolved_at is null and ${ofTenant(tenantId, sql`a.tenant_id`)}
    group by a.id`.execute(db);
  return rows;
}

export interface NamedRow {
  readonly tenantId: number;
  readonly name: string;
  readonly title: string;
  /** Of a zone; empty for an environment. */
  readonly code: string;
}

/** Titles of environments and zones. */
export async function readPlaceNames(
  db: Db,
  tenantId: number,
): Promise<{ environments: NamedRow[]; zones: NamedRow[] }> {
  const [environments, zones] = [
    await sql<NamedRow>`select tenant_id as "tenantId", name, title, '' as code from environments where ${ofTenant(tenantId, sql`tenant_id`)} order by title, name`.execute(
      db,
    ),
    await sql<NamedRow>`select tenant_id as "tenantId", name, title, code from zones where ${ofTenant(tenantId, sql`tenant_id`)} order by title, name`.execute(
      db,
    ),
  ];
  return { environments: environments.rows, zones: zones.rows };
}

export interface LogFigures {
  /** Events in the log, ever. */
  readonly events: number;
  /** Age of the newest event, milliseconds; null before the first. */
  readonly newestAgeMs: number | null;
  /** How long the slowest reader is behind the newest event that it has not read, milliseconds. */
  readonly readerLagMs: number;
  /** Events that living processes say they had to drop. */
  readonly dropped: number;
  /** Roles of the processes that were seen within the last minute. */
  readonly roles: readonly string[];
}

/** How Watchkeeper itself is. */
export async function readLogFigures(db: Db): Promise<LogFigures> {
  const { rows } = await sql<LogFigures>`
    select coalesce(sum(h.last_offset), 0)::bigint as events,
      (extract(epoch from now() - max(h.received_at) filter (where h.last_offset > 0)) * 1000)::float8 as "newestAgeMs",
      coalesce((select max(extract(epoch from now() - greatest(r.received_at, r.updated_at)) * 1000)::float8 from reader_positions r
        join log_heads o using (log_partition) where r.log_offset < o.last_offset), 0) as "readerLagMs",
      (select coalesce(sum(case when jsonb_typeof(figures -> 'dropped') = 'number' then (figures ->> 'dropped')::numeric else 0 end), 0)::bigint
        from processes where seen_at > now() - interval '1 minute') as dropped,
      array(select distinct role from processes, unnest(roles) role where seen_at > now() - interval '1 minute') as roles
    from log_heads h`.execute(db);
  return rows[0] as LogFigures;
}

/** Events that the log took lately. */
export async function countRecentEvents(db: Db, withinMs: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from events where received_at > now() - ${withinMs}::float8 * interval '1 millisecond'`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}
