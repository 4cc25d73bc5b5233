/**
 * The first schema: tenants, objects, the event log, rollups, states, alerts, access.
 *
 * Conventions: instants are timestamptz; identifiers that people see are text or uuid; what is stored per event is
 * kept narrow. Tables that hold tenants' rows carry `tenant_id` and a row-level-security policy; the API reads
 * through the role `wk_reader` with `wk.tenant_id` set (`-1` = all tenants).
 */
export const sql = `
create table tenants (
  id integer primary key generated always as identity (start with 2),
  name text not null unique,
  created_at timestamptz not null default now()
);
insert into tenants (id, name) overriding system value values (1, 'default');

-- What people describe -------------------------------------------------------------------------------------------

create table environments (
  tenant_id integer not null references tenants,
  name text not null,
  title text not null,
  version integer not null default 1,
  primary key (tenant_id, name)
);

create table zones (
  tenant_id integer not null references tenants,
  name text not null,
  title text not null,
  code text not null,
  version integer not null default 1,
  primary key (tenant_id, name)
);

create table services (
  tenant_id integer not null references tenants,
  name text not null,
  title text not null,
  depends_on text[] not null default '{}',
  version integer not null default 1,
  primary key (tenant_id, name)
);

create table monitors (
  id uuid primary key,
  tenant_id integer not null references tenants,
  name text not null,
  service text not null,
  environment text not null,
  zones text[] not null,
  type text not null,
  options jsonb not null,
  target text not null,
  interval_ms integer not null,
  timeout_ms integer not null,
  retries smallint not null,
  assertions text[] not null,
  labels jsonb not null,
  paused boolean not null,
  applied boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  foreign key (tenant_id, service) references services (tenant_id, name),
  foreign key (tenant_id, environment) references environments (tenant_id, name)
);
create unique index monitors_by_name on monitors (tenant_id, name) where deleted_at is null;
create index monitors_by_service on monitors (tenant_id, service, environment) where deleted_at is null;

create table check_runs (
  id uuid primary key,
  tenant_id integer not null references tenants,
  monitor_id uuid,
  definition jsonb not null,
  requested_at timestamptz not null default now()
);
create index check_runs_by_age on check_runs (requested_at);
create table check_run_zones (
  run_id uuid not null references check_runs on delete cascade,
  zone text not null,
  claimed_at timestamptz,
  finished_at timestamptz,
  result jsonb,
  primary key (run_id, zone)
);
create index check_run_zones_open on check_run_zones (zone) where finished_at is null;

create table rollup_definitions (
  id integer primary key generated always as identity,
  tenant_id integer references tenants,          -- null: built in, counts every tenant
  name text not null,
  definition jsonb not null,
  built_in boolean not null default false,
  version integer not null default 1,
  unique nulls not distinct (tenant_id, name)
);

-- The event log --------------------------------------------------------------------------------------------------

create table producers (
  id integer primary key generated always as identity,
  name text not null unique,
  epoch bigint not null default 0,
  last_seq bigint not null default 0,
  updated_at timestamptz not null default now()
);

create table series (
  id bigint primary key,
  tenant_id integer not null references tenants,
  environment text not null,
  zone text not null,
  host text not null,
  guest text not null,
  service text not null,
  name text not null,
  source text not null,
  attributes jsonb not null,
  value_names text[] not null,
  canonical text not null,
  created_at timestamptz not null default now()
);
create index series_by_source on series (source, name);
create index series_by_name on series (tenant_id, name);

-- One row per partition; locked by whoever appends, so commit order is offset order. received_at never falls.
create table log_heads (
  log_partition smallint primary key,
  last_offset bigint not null default 0,
  received_at timestamptz not null default '2000-01-01Z'
);

-- The log itself. Range partitions by received_at carry retention; fixed-width columns first, widest first.
create table events (
  received_at timestamptz not null,
  time timestamptz not null,
  series_id bigint not null,
  log_offset bigint not null,
  seq bigint not null,
  epoch bigint not null,
  producer_id integer not null,
  tenant_id integer not null,
  log_partition smallint not null,
  time_ns smallint not null,
  outcome smallint not null,                     -- 0 ok, 1 degraded, 2 failed, 3 skipped
  values float8[] not null,
  reason text,
  detail jsonb
) partition by range (received_at);
-- A reader knows the received_at of its position, so one BRIN index finds the tail whatever the offsets are; its second
-- column finds what happened in a range of time.
create index events_by_arrival on events using brin (received_at, time) with (pages_per_range = 16, autosummarize = on);
-- Monitor detail reads a few series over hours or days.
create index events_by_series on events (series_id, time);

-- Attempts of scheduled checks already stored: a monitor's result counts once, whichever scheduler sent it.
create table check_slots (
  monitor_id uuid not null,
  slot_at timestamptz not null,
  zone text not null,
  attempt smallint not null,
  primary key (monitor_id, zone, slot_at, attempt)
);
create index check_slots_by_age on check_slots using brin (slot_at);

create table reader_positions (
  reader text not null,
  log_partition smallint not null,
  epoch bigint not null default 0,
  log_offset bigint not null default 0,
  received_at timestamptz not null default '2000-01-01Z',
  updated_at timestamptz not null default now(),
  skipped bigint not null default 0,
  primary key (reader, log_partition)
);

create table leases (
  name text primary key,
  holder text not null,
  epoch bigint not null default 1,
  expires_at timestamptz not null
);

-- Rollups --------------------------------------------------------------------------------------------------------

create table rollup_keys (
  id bigint primary key,
  definition_id integer not null references rollup_definitions on delete cascade,
  tenant_id integer not null references tenants,
  key jsonb not null,
  -- The monitor that the key speaks of, if any. A column of its own: under row-level security an index serves only
  -- operators that leak nothing, and ->> is none of them.
  monitor_id uuid generated always as (
    case when key ->> 'source' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (key ->> 'source')::uuid end
  ) stored
);
create index rollup_keys_by_definition on rollup_keys (definition_id);
create index rollup_keys_by_monitor on rollup_keys (monitor_id);

-- One row per key, granularity and period. The arrays stand in the order of the definition's values.
-- counters: {"status": {"200": 5}} and distributions: {"durationMs": {"bucket": count}}; both are added to, never overwritten.
create table rollups (
  key_id bigint not null references rollup_keys on delete cascade,
  granularity_s integer not null,
  bucket_at timestamptz not null,
  tenant_id integer not null,
  count bigint not null,
  value_counts bigint[] not null,
  sums float8[] not null,
  minimums float8[] not null,
  maximums float8[] not null,
  counters jsonb not null,
  distributions jsonb not null,
  primary key (key_id, granularity_s, bucket_at)
) partition by range (granularity_s);
-- A question over months must not wade through the minutes, of which there are sixty times as many.
create table rollups_fine partition of rollups for values from (minvalue) to (3600);
create table rollups_coarse partition of rollups for values from (3600) to (maxvalue);
create index rollups_by_time on rollups using brin (bucket_at);

-- Adds two objects of counters, one or two levels deep: {"200": 5} + {"200": 2, "500": 1} = {"200": 7, "500": 1}.
create function wk_add_counters(a jsonb, b jsonb) returns jsonb language plpgsql immutable parallel safe as $$
declare
  result jsonb := a;
  k text;
  v jsonb;
begin
  for k, v in select * from jsonb_each(b) loop
    if not (result ? k) then
      result := result || jsonb_build_object(k, v);
    elsif jsonb_typeof(v) = 'object' then
      result := result || jsonb_build_object(k, wk_add_counters(result -> k, v));
    else
      result := result || jsonb_build_object(k, (result ->> k)::bigint + (v #>> '{}')::bigint);
    end if;
  end loop;
  return result;
end $$;

-- The log-linear bucket of a value, 16 per power of two, -2000 for zero and less (distribution.ts of the model): the
-- exponent and the four highest bits of the mantissa are the first two bytes of an IEEE 754 double.
create function wk_bucket_of(value float8) returns integer language sql immutable parallel safe as $$
  select case
    when value > 0 then greatest(-2000, get_byte(float8send(value), 0) * 256 + get_byte(float8send(value), 1) - 1023 * 16)
    when value <= 0 then -2000
  end
$$;

-- States and alerts ----------------------------------------------------------------------------------------------

create table monitor_states (
  monitor_id uuid not null references monitors on delete cascade,
  zone text not null,
  tenant_id integer not null references tenants,
  state text not null,
  since timestamptz,
  reason text,
  message text,
  last_checked_at timestamptz,
  last_outcome text,
  last_duration_ms float8,
  last_reported_at timestamptz,                  -- when the log took it; silence counts by this one clock
  primary key (monitor_id, zone)
);

create table service_states (
  tenant_id integer not null references tenants,
  service text not null,
  environment text not null,
  state text not null,
  since timestamptz not null,
  reason text,
  message text,
  held_by text,
  primary key (tenant_id, service, environment)
);

-- What changed when: markers on charts and the activity list. zone and monitor_id are null for a service.
create table state_changes (
  id bigint primary key generated always as identity,
  at timestamptz not null,
  tenant_id integer not null references tenants,
  service text not null,
  environment text not null,
  monitor_id uuid,
  zone text,
  state text not null,
  previous_state text,
  reason text,
  message text
);
create index state_changes_by_time on state_changes (tenant_id, at);
create index state_changes_of_services on state_changes (tenant_id, at) where monitor_id is null;
create index state_changes_by_monitor on state_changes (monitor_id, at) where monitor_id is not null;

create table alert_channels (
  tenant_id integer not null references tenants,
  name text not null,
  type text not null,
  options jsonb not null,
  states text[] not null,
  environments text[] not null,
  services text[] not null,
  group_wait_ms integer not null,
  resolved boolean not null,
  paused boolean not null,
  version integer not null default 1,
  primary key (tenant_id, name)
);

create table alerts (
  id uuid primary key,
  tenant_id integer not null references tenants,
  service text not null,
  environment text not null,
  state text not null,
  reason text,
  message text,
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  resolved_at timestamptz,
  held_by text
);
create unique index alerts_open on alerts (tenant_id, service, environment) where resolved_at is null;
create index alerts_by_time on alerts (tenant_id, opened_at desc);

-- Transactional outbox of alert notifications; claimed with SKIP LOCKED.
create table alert_deliveries (
  id bigint primary key generated always as identity,
  tenant_id integer not null references tenants,
  alert_id uuid references alerts on delete cascade,
  channel text not null,
  kind text not null,                            -- opened, changed, resolved, test
  state text not null,
  previous_state text,
  created_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  notification_id uuid,                          -- what it went out with at the first attempt; the same ever after
  claimed_until timestamptz,
  delivered_at timestamptz,
  given_up_at timestamptz,
  last_error text
);
create index alert_deliveries_due on alert_deliveries (due_at) where delivered_at is null and given_up_at is null;
create index alert_deliveries_by_alert on alert_deliveries (alert_id);
create index alert_deliveries_open on alert_deliveries (notification_id) where delivered_at is null and given_up_at is null;
create index alert_deliveries_by_end on alert_deliveries (tenant_id, (coalesce(delivered_at, given_up_at)));

-- Access ---------------------------------------------------------------------------------------------------------

create table api_keys (
  id text primary key,
  tenant_id integer not null references tenants,
  name text not null,
  role text not null,
  secret_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);

create table login_links (
  token_hash bytea primary key,
  tenant_id integer not null references tenants,
  key_id text references api_keys on delete cascade,
  name text not null,
  role text not null,
  expires_at timestamptz not null,
  used_at timestamptz
);

create table sessions (
  token_hash bytea primary key,
  tenant_id integer not null references tenants,
  key_id text references api_keys on delete cascade,
  name text not null,
  role text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create table idempotency_keys (
  tenant_id integer not null references tenants,
  caller text not null,
  key text not null,
  request_hash bytea not null,
  status integer,
  answer jsonb,
  created_at timestamptz not null default now(),
  primary key (tenant_id, caller, key)
);

-- Who changed what; written in the transaction of the change.
create table change_records (
  id bigint primary key generated always as identity,
  at timestamptz not null default now(),
  tenant_id integer not null references tenants,
  actor text not null,
  actor_key_id text,
  action text not null,
  object text not null,
  before_hash text,
  after_hash text,
  request_id text not null,
  remote_address text
);
create index change_records_by_id on change_records (tenant_id, id desc);
create index change_records_by_time on change_records (tenant_id, at);

-- Processes that work on this database, refreshed by each of them.
create table processes (
  id text primary key,
  host text not null,
  pid integer not null,
  version text not null,
  roles text[] not null,
  zones text[] not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  figures jsonb not null default '{}'            -- counters it tells about itself: dropped, late, last error
);

-- Views: a public contract ---------------------------------------------------------------------------------------

create view monitor_statistics with (security_invoker = true) as
select
  k.monitor_id,
  k.key ->> 'environment' as environment,
  k.key ->> 'zone' as zone,
  r.bucket_at as dt,
  case r.granularity_s when 60 then 'minute' when 3600 then 'hour' when 86400 then 'day' else r.granularity_s || 's' end as granularity,
  nullif(r.minimums[1], 'Infinity') / 1000 as rt_min,
  nullif(r.maximums[1], '-Infinity') / 1000 as rt_max,
  coalesce(r.counters -> 'status', '{}'::jsonb) || coalesce(r.counters -> 'reason', '{}'::jsonb) - 'status' - 'assertion' - 'slow' as data
from rollups r
join rollup_keys k on k.id = r.key_id
join rollup_definitions d on d.id = k.definition_id
where d.built_in and d.name = 'monitors' and k.monitor_id is not null;

create view event_view with (security_invoker = true) as
select
  e.log_partition || '-' || e.log_offset as id,
  e.time, e.received_at, t.name as tenant, s.environment, s.zone, s.host, s.guest, s.service, s.name, s.source,
  s.attributes,
  (array['ok', 'degraded', 'failed', 'skipped'])[e.outcome + 1] as outcome,
  e.reason,
  s.value_names, e.values, e.detail
from events e
join series s on s.id = e.series_id
join tenants t on t.id = e.tenant_id;

create view metric_view with (security_invoker = true) as
select e.time, s.environment, s.zone, s.host, s.guest, s.service, s.name, s.source, s.attributes, v.name as value_name, v.value
from events e
join series s on s.id = e.series_id
cross join lateral unnest(s.value_names, e.values) as v (name, value)
where v.value is not null;

create view service_state_view with (security_invoker = true) as
select t.name as tenant, s.service, s.environment, s.state, s.since, s.reason, s.message, s.held_by
from service_states s
join tenants t on t.id = s.tenant_id;

-- Row-level security: the second wall between tenants ------------------------------------------------------------

do $$
declare
  table_name text;
begin
  foreach table_name in array array[
    'environments', 'zones', 'services', 'monitors', 'check_runs', 'series', 'events', 'rollup_keys', 'rollups',
    'monitor_states', 'service_states', 'state_changes', 'alert_channels', 'alerts', 'alert_deliveries', 'change_records'
  ] loop
    execute format('alter table %I enable row level security', table_name);
    execute format(
      'create policy tenant_rows on %I for select to wk_reader using ((select current_setting(''wk.tenant_id'')::integer) in (-1, tenant_id))',
      table_name);
    execute format('grant select on %I to wk_reader', table_name);
  end loop;
end $$;
alter table rollup_definitions enable row level security;
create policy tenant_rows on rollup_definitions for select to wk_reader
  using (tenant_id is null or (select current_setting('wk.tenant_id')::integer) in (-1, tenant_id));
alter table check_run_zones enable row level security;
create policy tenant_rows on check_run_zones for select to wk_reader
  using (exists (select from check_runs r where r.id = run_id));
grant select on rollup_definitions, check_run_zones, tenants, log_heads, reader_positions, leases, processes,
  monitor_statistics, event_view, metric_view, service_state_view to wk_reader;
`;
