const granularities = [
  { name: 'minute', seconds: 60 },
  { name: 'hour', seconds: 3600 },
  { name: 'day', seconds: 86_400 },
];

const statisticsOf = ({ name, seconds }: (typeof granularities)[number]) => `select
  k.monitor_id,
  k.key ->> 'environment' as environment,
  k.key ->> 'zone' as zone,
  r.bucket_at as dt,
  '${name}'::text as granularity,
  nullif(r.minimums[1], 'Infinity') / 1000 as rt_min,
  nullif(r.maximums[1], '-Infinity') / 1000 as rt_max,
  coalesce(r.counters -> 'status', '{}'::jsonb) || coalesce(r.counters -> 'reason', '{}'::jsonb) - 'status' - 'assertion' - 'slow' as data,
  k.key ->> 'service' as service,
  r.sums[1] / nullif(r.value_counts[1], 0) / 1000 as rt_avg,
  r.count as checks,
  coalesce(r.counters -> 'outcome', '{}'::jsonb) as outcomes,
  m.name as monitor
from rollups r
join rollup_keys k on k.id = r.key_id
join rollup_definitions d on d.id = k.definition_id
left join monitors m on m.id = k.monitor_id
where d.built_in and d.name = 'monitors' and k.monitor_id is not null
  and r.granularity_s = ${seconds} and (select wk_view_tenant()) in (-1, k.tenant_id)
`;

/**
 * The views as a public contract, and who may read nothing but them. They run with the rights of their owner behind a
 * barrier, so that a role needs no right to any table; `wk_view_tenant` says whose rows a session sees. Columns are only
 * ever added, at the end. Processes of the release before go on beside this one.
 */
export const sql = `
-- Login roles that may read the views, each those of one tenant. Made by \`watchkeeper db reader-role\`.
create table view_readers (
  role_name name primary key,
  tenant_id integer not null references tenants on delete cascade,
  created_at timestamptz not null default now()
);

-- The tenant whose rows this session sees in the views: of a reader the one it was made for, whatever it sets; of the
-- owner the setting of the transaction, -1 (all tenants) without one; of anybody else null, which is nothing. Its names
-- are bound when it is made, so no search_path leads it elsewhere.
create function wk_view_tenant() returns integer language sql stable security definer
return coalesce(
  (select r.tenant_id from view_readers r where r.role_name = session_user),
  case when pg_has_role(session_user, current_user, 'member')
    then coalesce(nullif(current_setting('wk.tenant_id', true), '')::integer, -1) end
);
grant execute on function wk_view_tenant() to public;

-- One part per granularity: a question for one of them reads the others not at all.
create or replace view monitor_statistics with (security_barrier = true) as
${granularities.map(statisticsOf).join('union all\n')};

create or replace view event_view with (security_barrier = true) as
select
  e.log_partition || '-' || e.log_offset as id,
  e.time, e.received_at, t.name as tenant, s.environment, s.zone, s.host, s.guest, s.service, s.name, s.source,
  s.attributes,
  (array['ok', 'degraded', 'failed', 'skipped'])[e.outcome + 1] as outcome,
  e.reason,
  s.value_names, e.values, e.detail
from events e
join series s on s.id = e.series_id
join tenants t on t.id = e.tenant_id
where (select wk_view_tenant()) in (-1, e.tenant_id);

create or replace view metric_view with (security_barrier = true) as
select e.time, s.environment, s.zone, s.host, s.guest, s.service, s.name, s.source, s.attributes, v.name as value_name, v.value,
  (array['ok', 'degraded', 'failed', 'skipped'])[e.outcome + 1] as outcome,
  e.received_at
from events e
join series s on s.id = e.series_id
cross join lateral unnest(s.value_names, e.values) as v (name, value)
where v.value is not null and (select wk_view_tenant()) in (-1, e.tenant_id);

create or replace view service_state_view with (security_barrier = true) as
select t.name as tenant, s.service, s.environment, s.state, s.since, s.reason, s.message, s.held_by
from service_states s
join tenants t on t.id = s.tenant_id
where (select wk_view_tenant()) in (-1, s.tenant_id);

comment on view monitor_statistics is 'Checks of monitors added up: a row per monitor, zone, granularity and period in which there was a check.';
comment on column monitor_statistics.monitor_id is 'Identifier of the monitor (uuid).';
comment on column monitor_statistics.environment is 'What is watched: a cloud, a region, a product.';
comment on column monitor_statistics.zone is 'From where it is watched.';
comment on column monitor_statistics.dt is 'Start of the period (timestamptz).';
comment on column monitor_statistics.granularity is 'Length of the period: minute, hour or day. Always ask for one of them; otherwise everything is there three times.';
comment on column monitor_statistics.rt_min is 'Shortest response time, seconds; null when none was measured.';
comment on column monitor_statistics.rt_max is 'Longest response time, seconds; null when none was measured.';
comment on column monitor_statistics.data is 'How often each status came, as jsonb: {"200": 35, "404": 18}; checks without a status by their error class: {"connect_timeout": 5}.';
comment on column monitor_statistics.service is 'What users call the thing.';
comment on column monitor_statistics.rt_avg is 'Mean response time, seconds; null when none was measured.';
comment on column monitor_statistics.checks is 'Checks in the period (bigint).';
comment on column monitor_statistics.outcomes is 'How often each outcome came, as jsonb: {"ok": 53, "failed": 5}.';
comment on column monitor_statistics.monitor is 'Name of the monitor now, or when it was deleted.';

comment on view event_view is 'Every event as it was stored: a row each.';
comment on column event_view.id is 'Identifier: partition and offset in the log, 3-4711.';
comment on column event_view.time is 'When it happened (timestamptz, microseconds).';
comment on column event_view.received_at is 'When it was stored (timestamptz). Days of the log are kept by it: a bound on it too reads only these days.';
comment on column event_view.tenant is 'Who owns it.';
comment on column event_view.environment is 'What is watched; empty when nothing was said. So are the other dimensions.';
comment on column event_view.zone is 'From where it was seen.';
comment on column event_view.host is 'The host it tells of.';
comment on column event_view.guest is 'The container, virtual machine or zone on the host.';
comment on column event_view.service is 'What users call the thing.';
comment on column event_view.name is 'Kind of event: monitor.checked, http.served, or the measurement of a client of InfluxDB.';
comment on column event_view.source is 'Who tells it: the identifier of the monitor for checks.';
comment on column event_view.attributes is 'What else tells its series from others, as jsonb of texts: {"status": "200"}.';
comment on column event_view.outcome is 'ok, degraded, failed or skipped.';
comment on column event_view.reason is 'Error class of an outcome that is not ok: connect_timeout; null when there is none.';
comment on column event_view.value_names is 'Names of the values with their units (text[]): {durationMs,connectMs}.';
comment on column event_view.values is 'The values in the order of value_names (float8[]); null for what was not measured. metric_view has a row for each.';
comment on column event_view.detail is 'Texts and other things that are no numbers, as jsonb; null when there are none.';

comment on view metric_view is 'The numbers of events: a row for each value of each event that was measured.';
comment on column metric_view.time is 'When it happened (timestamptz, microseconds).';
comment on column metric_view.environment is 'What is watched; empty when nothing was said. So are the other dimensions.';
comment on column metric_view.zone is 'From where it was seen.';
comment on column metric_view.host is 'The host it tells of.';
comment on column metric_view.guest is 'The container, virtual machine or zone on the host.';
comment on column metric_view.service is 'What users call the thing.';
comment on column metric_view.name is 'Kind of event: monitor.checked, http.served, or the measurement of a client of InfluxDB.';
comment on column metric_view.source is 'Who tells it: the identifier of the monitor for checks.';
comment on column metric_view.attributes is 'What else tells its series from others, as jsonb of texts: {"status": "200"}.';
comment on column metric_view.value_name is 'Name of the value with its unit: durationMs, sizeBytes.';
comment on column metric_view.value is 'The number (float8), never null.';
comment on column metric_view.outcome is 'Outcome of the event: ok, degraded, failed or skipped.';
comment on column metric_view.received_at is 'When it was stored (timestamptz). Days of the log are kept by it: a bound on it too reads only these days.';

comment on view service_state_view is 'The state of each service in each environment now.';
comment on column service_state_view.tenant is 'Who owns it.';
comment on column service_state_view.service is 'What users call the thing.';
comment on column service_state_view.environment is 'Where it runs: a cloud, a region, a product.';
comment on column service_state_view.state is 'ok, degraded, failed, unknown, maintenance or paused.';
comment on column service_state_view.since is 'Since when it is in this state (timestamptz).';
comment on column service_state_view.reason is 'Error class, when it is not well; null otherwise.';
comment on column service_state_view.message is 'Why, in words; null when it is well.';
comment on column service_state_view.held_by is 'The service that this one depends on and that has failed; null otherwise.';
`;
