import { monitorRollup } from '@watchkeeper/model';
import { type Db, defaultTenantId, putBuiltInRollup } from '@watchkeeper/store';
import { sql } from 'kysely';

/** Rows in bulk, made by the database itself, for tests of reads and for benches. Everything is the same in every run. */

export interface SeedOptions {
  readonly tenantId?: number;
  /** Monitors are spread over services, and within a service over environments. */
  readonly services: number;
  readonly environments: number;
  readonly monitors: number;
  readonly zones: readonly string[];
}

/** The identifier of monitor `number` (from 1) of a tenant. */
export function seededMonitorId(number: number, tenantId = defaultTenantId): string {
  return `00000000-0000-4000-8${tenantId.toString(16).padStart(3, '0')}-${number.toString(16).padStart(12, '0')}`;
}

const monitorId = (tenantId: number) =>
  sql`('00000000-0000-4000-8' || lpad(to_hex(${tenantId}::integer), 3, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid`;

/** Tenant 1 exists; others are named `tenant-<id>`. */
export async function seedTenant(db: Db, tenantId: number): Promise<void> {
  await sql`insert into tenants (id, name) overriding system value values (${tenantId}, ${`tenant-${tenantId}`}) on conflict do nothing`.execute(
    db,
  );
}

/** Services, environments, zones, monitors and a state of every monitor and zone: one in fifty failed, one in forty degraded. */
export async function seedMonitors(
  db: Db,
  { tenantId = defaultTenantId, services, environments, monitors, zones }: SeedOptions,
): Promise<void> {
  await seedTenant(db, tenantId);
  await sql`insert into services (tenant_id, name, title) select ${tenantId}, 'service-' || n, 'Service ' || n from generate_series(1, ${services}::integer) n`.execute(
    db,
  );
  await sql`insert into environments (tenant_id, name, title) select ${tenantId}, 'environment-' || n, 'Environment ' || n from generate_series(1, ${environments}::integer) n`.execute(
    db,
  );
  await sql`insert into zones (tenant_id, name, title, code) select ${tenantId}, name, initcap(name), upper(left(name, 3)) from unnest(${zones}::text[]) name`.execute(
    db,
  );
  await sql`
    insert into monitors (id, tenant_id, name, service, environment, zones, type, options, target, interval_ms, timeout_ms, retries, assertions, labels, paused, created_at)
    select ${monitorId(tenantId)}, ${tenantId}, 'monitor-' || lpad(n::text, 6, '0'), 'service-' || (n - 1) % ${services}::integer + 1,
      'environment-' || ((n - 1) / ${services}::integer) % ${environments}::integer + 1, ${zones}::text[], case n % 5 when 0 then 'tcp' else 'http' end,
      jsonb_build_object('url', 'http://127.0.0.1/' || n), 'GET http://127.0.0.1/' || n, 30000, 5000, 0, '{}',
      jsonb_build_object('team', 'team-' || n % 20), n % 100 = 99, timestamptz '2026-01-01Z' + n * interval '1 second'
    from generate_series(1, ${monitors}::integer) n`.execute(db);
  await sql`
    insert into monitor_states (monitor_id, zone, tenant_id, state, since, reason, message, last_checked_at, last_outcome, last_duration_ms)
    select ${monitorId(tenantId)}, zone, ${tenantId}, state, now() - n % 500 * interval '1 minute',
      case state when 'failed' then 'status' when 'degraded' then 'slow' end, case state when 'failed' then 'answered 503' when 'degraded' then 'slow' end,
      now(), state, 12.5
    from generate_series(1, ${monitors}::integer) n, unnest(${zones}::text[]) zone,
      lateral (select case when n % 50 = 7 then 'failed' when n % 40 = 3 then 'degraded' else 'ok' end as state) s`.execute(
    db,
  );
  await sql`
    insert into service_states (tenant_id, service, environment, state, since, reason, message)
    select m.tenant_id, m.service, m.environment, case min(case s.state when 'failed' then 1 when 'degraded' then 2 else 5 end) when 1 then 'failed' when 2 then 'degraded' else 'ok' end,
      min(s.since), max(s.reason), max(s.message)
    from monitors m join monitor_states s on s.monitor_id = m.id where m.tenant_id = ${tenantId} group by 1, 2, 3`.execute(
    db,
  );
}

/** Rollup rows of the built-in rollup, one a period, for every seeded monitor and zone, ending with the current period. */
export async function seedRollups(
  db: Db,
  {
    tenantId = defaultTenantId,
    granularityS = 60,
    periods,
  }: { tenantId?: number; granularityS?: number; periods: number },
): Promise<void> {
  await putBuiltInRollup(db, monitorRollup);
  await sql`
    insert into rollup_keys (id, definition_id, tenant_id, key)
    select hashtextextended(m.id::text || zone, 0), d.id, m.tenant_id,
      jsonb_build_object('environment', m.environment, 'zone', zone, 'service', m.service, 'source', m.id::text)
    from monitors m, unnest(m.zones) zone, rollup_definitions d
    where d.built_in and d.name = 'monitors' and m.tenant_id = ${tenantId} on conflict do nothing`.execute(db);
  await sql`
    insert into rollups (key_id, granularity_s, bucket_at, tenant_id, count, value_counts, sums, minimums, maximums, counters, distributions)
    select k.id, ${granularityS}, bucket_at, k.tenant_id, 2, '{2}', '{25}', '{12}', '{13}',
      case when abs(k.id % 50) = 7 then '{"status": {"503": 1, "200": 1}, "outcome": {"failed": 1, "ok": 1}, "reason": {"status": 1}}'::jsonb
        else '{"status": {"200": 2}, "outcome": {"ok": 2}}'::jsonb end,
      jsonb_build_object('durationMs', jsonb_build_object((56 + abs(k.id % 5))::text, 1, (70 + abs(k.id % 7))::text, 1))
    from generate_series(0, ${periods}::integer - 1) p,
      lateral (select to_timestamp((floor(extract(epoch from now()) / ${granularityS}) - p) * ${granularityS}) as bucket_at) b,
      rollup_keys k
    where k.tenant_id = ${tenantId} order by bucket_at, k.id`.execute(db);
}

/** Creates the daily partitions of the event log that hold a range of time. */
export async function seedPartitions(db: Db, fromMs: number, toMs: number): Promise<void> {
  const dayMs = 86_400_000;
  for (let day = Math.floor(fromMs / dayMs) * dayMs; day <= toMs; day += dayMs) {
    const name = `events_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;
    await sql`create table if not exists ${sql.table(name)} partition of events for values from (${sql.lit(new Date(day).toISOString())}) to (${sql.lit(new Date(day + dayMs).toISOString())})`.execute(
      db,
    );
  }
}

export interface SeedEventsOptions {
  readonly tenantId?: number;
  /** Only monitors with these numbers, from 1. */
  readonly monitors: { readonly first: number; readonly last: number };
  readonly events: number;
  readonly toMs: number;
  /** Time between two events in all, milliseconds. */
  readonly everyMs: number;
}

/**
 * `monitor.checked` events of seeded monitors and all their zones in turn, evenly in time, the newest at `toMs`;
 * one in a thousand failed. Values: durationMs, connectMs (every tenth is null).
 */
export async function seedEvents(
  db: Db,
  { tenantId = defaultTenantId, monitors, events, toMs, everyMs }: SeedEventsOptions,
): Promise<void> {
  await seedPartitions(db, toMs - events * everyMs, toMs);
  await sql`
    insert into series (id, tenant_id, environment, zone, host, guest, service, name, source, attributes, value_names, canonical)
    select hashtextextended('series' || m.id::text || zone, 0), m.tenant_id, m.environment, zone, '', '', m.service, 'monitor.checked', m.id::text,
      '{"type": "http", "status": "200"}', '{durationMs,connectMs}', 'seed ' || m.id::text || zone
    from monitors m, unnest(m.zones) zone
    where m.tenant_id = ${tenantId} and right(m.id::text, 12) between lpad(to_hex(${monitors.first}::integer), 12, '0') and lpad(to_hex(${monitors.last}::integer), 12, '0')
    on conflict do nothing`.execute(db);
  await sql`
    with numbered as materialized (select id, row_number() over (order by source, zone) - 1 as place from series where tenant_id = ${tenantId})
    insert into events (received_at, time, series_id, log_offset, seq, epoch, producer_id, tenant_id, log_partition, time_ns, outcome, "values", reason, detail)
    select at, at, s.id, n, n, 1, 1, ${tenantId}, 0, 0, case n % 1000 when 7 then 2 else 0 end,
      array[10 + n % 97 + (n % 13)::float8 / 7, case when n % 10 = 0 then null else 1 + (n % 5)::float8 / 3 end],
      case n % 1000 when 7 then 'status' end, case n % 1000 when 7 then '{"message": "answered 503"}'::jsonb end
    from generate_series(1, ${events}::integer) n,
      lateral (select timestamptz 'epoch' + (${toMs}::bigint - (${events}::bigint - n) * ${everyMs}::float8) * interval '1 millisecond' as at) t,
      numbered s
    where s.place = n % (select count(*) from numbered) order by n`.execute(db);
}

/** Statistics for the planner, and the summaries of the BRIN indexes. */
export async function analyzeSeed(db: Db): Promise<void> {
  await sql`select brin_summarize_new_values(c.oid) from pg_class c join pg_index i on i.indexrelid = c.oid join pg_am a on a.oid = c.relam where a.amname = 'brin' and c.relkind = 'i'`.execute(
    db,
  );
  await sql`analyze`.execute(db);
}
