import { type OutcomeCounts, type State, states } from '@watchkeeper/model';
import { type RawBuilder, type Selectable, sql } from 'kysely';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Reads of monitors for people: the list, the state of zones, the last hour. */

export interface MonitorFilter {
  /** Words; each must stand in name, service, environment, target or a label, whatever its case. */
  readonly q?: string;
  readonly state?: State;
  readonly type?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly zone?: string;
  /** `key` or `key=value`. */
  readonly label?: string;
}

export type MonitorSort = 'worst' | 'name' | 'newest';

/** Place of a monitor in a list. `rank` is the place of its state in `states`, 1 = worst. */
export interface MonitorPlace {
  readonly id: string;
  readonly name: string;
  readonly rank: number;
  /** Microseconds since 1970-01-01 UTC. */
  readonly createdUs: number;
}

const stateList = sql`${[...states]}::text[]`;
const rankOf = (state: State) => states.indexOf(state) + 1;

/** Condition on `monitors m`: everything of a filter but the state. */
function monitorCondition(tenantId: number, filter: MonitorFilter): RawBuilder<unknown> {
  const conditions = [sql`m.deleted_at is null`];
  if (tenantId !== allTenants) conditions.push(sql`m.tenant_id = ${tenantId}`);
  if (filter.type !== undefined) conditions.push(sql`m.type = ${filter.type}`);
  if (filter.service !== undefined) conditions.push(sql`m.service = ${filter.service}`);
  if (filter.environment !== undefined) conditions.push(sql`m.environment = ${filter.environment}`);
  if (filter.zone !== undefined) conditions.push(sql`${filter.zone} = any(m.zones)`);
  if (filter.label !== undefined) {
    const [key, ...value] = filter.label.split('=');
    conditions.push(
      value.length === 0 ? sql`m.labels ? ${key}::text` : sql`m.labels ->> ${key}::text = ${value.join('=')}`,
    );
  }
  const words = (filter.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length > 0) {
    conditions.push(sql`(
      select bool_and(strpos(text, word) > 0) from unnest(${words}::text[]) word,
        (select lower(concat_ws(E'\n', m.name, m.service, m.environment, m.target,
          (select string_agg(key || '=' || value, E'\n') from jsonb_each_text(m.labels)))) as text) t)`);
  }
  return sql.join(conditions, sql` and `);
}

/**
 * Begins a query: `fitting` holds `id`, `name`, `rank` and `created_us` of the monitors that fit everything of a filter
 * but its state. The state of a monitor is `paused` when it is paused, else the worst of its zones; a zone nobody has
 * heard of is `unknown`.
 */
function withFitting(tenantId: number, filter: MonitorFilter): RawBuilder<unknown> {
  return sql`
    with candidates as materialized (
      select m.id, m.name, m.zones, m.paused, (extract(epoch from m.created_at) * 1000000)::bigint as created_us
      from monitors m where ${monitorCondition(tenantId, filter)}
    ), fitting as materialized (
      select c.id, c.name, c.created_us, case when c.paused then ${rankOf('paused')}::integer else z.rank end as rank
      from candidates c
      join (
        select c.id, min(coalesce(array_position(${stateList}, s.state), ${rankOf('unknown')}::integer)) as rank
        from candidates c cross join unnest(c.zones) as zone (name)
        left join monitor_states s on s.monitor_id = c.id and s.zone = zone.name
        group by c.id
      ) z on z.id = c.id
    )`;
}

const stateCondition = ({ state }: MonitorFilter) => (state === undefined ? sql`true` : sql`rank = ${rankOf(state)}`);

/** A subquery for the identifiers of all monitors that fit a filter, such as for `where id in ${...}`. */
export function fittingMonitorIds(tenantId: number, filter: MonitorFilter): RawBuilder<string> {
  return sql`(${withFitting(tenantId, filter)} select id from fitting where ${stateCondition(filter)})`;
}

export interface MonitorPageOptions {
  readonly filter: MonitorFilter;
  readonly sort: MonitorSort;
  /** The last place of the page before. */
  readonly after?: MonitorPlace;
  readonly limit: number;
}

export interface MonitorPage {
  readonly places: readonly MonitorPlace[];
  readonly hasMore: boolean;
  /** Monitors by state that fit the filter, its state left aside: the numbers beside the choices of a state. */
  readonly counts: Readonly<Record<State, number>>;
}

/** One page of the list of monitors, and how many there are of each state. */
export async function readMonitorPage(
  db: Db,
  tenantId: number,
  { filter, sort, after, limit }: MonitorPageOptions,
): Promise<MonitorPage> {
  const order = {
    worst: sql`rank, name, id`,
    name: sql`name, id`,
    newest: sql`created_us desc, id desc`,
  }[sort];
  const isAfter =
    after === undefined
      ? sql`true`
      : {
          worst: sql`(rank, name, id) > (${after.rank}::bigint, ${after.name}::text, ${after.id}::uuid)`,
          name: sql`(name, id) > (${after.name}::text, ${after.id}::uuid)`,
          newest: sql`(created_us, id) < (${after.createdUs}::bigint, ${after.id}::uuid)`,
        }[sort];
  const { rows } = await sql<{ counts: [number, number][] | null; places: [string, string, number, number][] | null }>`
    ${withFitting(tenantId, filter)}
    select
      (select jsonb_agg(jsonb_build_array(rank, n)) from (select rank, count(*) as n from fitting group by rank) c) as counts,
      (select jsonb_agg(jsonb_build_array(id, name, rank, created_us) order by ${order}) from (
        select * from fitting where ${stateCondition(filter)} and ${isAfter} order by ${order} limit ${limit + 1}
      ) p) as places`.execute(db);
  const counts = Object.fromEntries(states.map((state) => [state, 0])) as Record<State, number>;
  for (const [rank, count] of rows[0]?.counts ?? []) counts[states[rank - 1] as State] = count;
  const places = (rows[0]?.places ?? []).map(([id, name, rank, createdUs]) => ({ id, name, rank, createdUs }));
  return { places: places.slice(0, limit), hasMore: places.length > limit, counts };
}

export interface ZoneStateRow {
  readonly monitorId: string;
  readonly zone: string;
  readonly state: State;
  readonly since: Date | null;
  readonly reason: string | null;
  readonly message: string | null;
  readonly lastCheckedAt: Date | null;
  readonly lastOutcome: string | null;
  readonly lastDurationMs: number | null;
}

/** What is known of the zones of some monitors. A zone nobody has heard of has no row. */
export async function readZoneStates(db: Db, monitorIds: readonly string[]): Promise<ZoneStateRow[]> {
  const { rows } = await sql<ZoneStateRow>`
    select monitor_id as "monitorId", zone, state, since, reason, message, last_checked_at as "lastCheckedAt",
      last_outcome as "lastOutcome", last_duration_ms as "lastDurationMs"
    from monitor_states where monitor_id = any(${monitorIds}::uuid[])`.execute(db);
  return rows;
}

/** What one monitor saw from one zone in one period. */
export interface CheckPeriod {
  readonly startMs: number;
  readonly outcomes: OutcomeCounts;
  /** Counts by bucket of `durationMs`. */
  readonly durations: Readonly<Record<string, number>>;
}

/** Identifier of the built-in rollup of monitors. */
export const monitorRollupId = sql<number>`(select id from rollup_definitions where built_in and name = 'monitors')`;

/** Minutes of some monitors since an instant, all zones, from the built-in rollup. Monitors without any have no entry. */
export async function readCheckMinutes(
  db: Db,
  monitorIds: readonly string[],
  sinceMs: number,
): Promise<ReadonlyMap<string, readonly CheckPeriod[]>> {
  // One text a monitor: thousands of small rows would cost more than all the rest.
  const { rows } = await sql<{ monitor_id: string; periods: string }>`
    select k.monitor_id, '[' || string_agg(
      '[' || extract(epoch from r.bucket_at)::bigint || ',' || coalesce(r.counters ->> 'outcome', '{}') || ',' || coalesce(r.distributions ->> 'durationMs', '{}') || ']', ','
    ) || ']' as periods
    from rollup_keys k
    join rollups r on r.key_id = k.id and r.granularity_s = 60 and r.bucket_at >= to_timestamp(${sinceMs / 1000}::float8)
    where k.monitor_id = any(${monitorIds}::uuid[]) and k.definition_id = ${monitorRollupId}
    group by k.monitor_id`.execute(db);
  return new Map(
    rows.map(({ monitor_id: id, periods }) => [
      id,
      (JSON.parse(periods) as [number, OutcomeCounts, Record<string, number>][]).map(
        ([startS, outcomes, durations]) => ({ startMs: startS * 1000, outcomes, durations }),
      ),
    ]),
  );
}

export interface StatisticsQuery {
  readonly monitorId: string;
  readonly granularity: 'minute' | 'hour' | 'day';
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

export interface StatisticsViewRow {
  readonly monitor_id: string;
  readonly environment: string;
  readonly zone: string;
  readonly dt: Date;
  readonly granularity: string;
  readonly rt_min: number | null;
  readonly rt_max: number | null;
  readonly data: Record<string, number>;
}

/** The newest rows of the view `monitor_statistics` in a range, oldest first. */
export async function readMonitorStatistics(
  db: Db,
  { monitorId, granularity, fromMs, toMs, limit }: StatisticsQuery,
): Promise<StatisticsViewRow[]> {
  const { rows } = await sql<StatisticsViewRow>`
    select monitor_id, environment, zone, dt, granularity, rt_min, rt_max, data from monitor_statistics
    where monitor_id = ${monitorId}::uuid and granularity = ${granularity}
      and dt >= to_timestamp(${fromMs / 1000}::float8) and dt < to_timestamp(${toMs / 1000}::float8)
    order by dt desc, zone desc limit ${limit}`.execute(db);
  return rows.reverse();
}

export type MonitorDetail = Selectable<Tables['monitors']> & { readonly tenant: string };

/** Monitors that are not deleted, in no order. */
export async function readMonitors(db: Db, ids: readonly string[]): Promise<MonitorDetail[]> {
  return db
    .selectFrom('monitors as m')
    .innerJoin('tenants as t', 't.id', 'm.tenant_id')
    .selectAll('m')
    .select('t.name as tenant')
    .where(sql<boolean>`m.id = any(${ids}::uuid[])`)
    .where('m.deleted_at', 'is', null)
    .execute();
}
