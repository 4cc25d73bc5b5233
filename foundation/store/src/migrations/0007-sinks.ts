/**
 * Sinks: where events and rollups are forwarded, how far they are, and what their targets refused. Only adds, so
 * processes of the release before go on beside this one. How far a sink is in the log stands in reader_positions.
 */
export const sql = `
create table sinks (
  id integer primary key generated always as identity,
  tenant_id integer not null references tenants,
  name text not null,
  definition jsonb not null,
  paused boolean not null,
  version integer not null default 1,
  epoch integer,                                 -- another one since it takes other things; null: the identifier
  unique (tenant_id, name)
);

-- One row per partition of the log; of a sink that takes a rollup one row, partition 0.
create table sink_progress (
  sink_id integer not null references sinks on delete cascade,
  log_partition smallint not null,
  chosen bigint not null default 0,              -- events that it had to forward; the last sequence number it gave
  refused bigint not null default 0,
  forwarded_at timestamptz,
  failing_since timestamptz,
  attempts integer not null default 0,
  last_error text,
  -- Of a rollup only: who may move it, the end of the last period sent, and what periods counted when they were sent.
  epoch bigint not null default 0,
  sent_until timestamptz,
  period_counts jsonb not null default '{}',
  primary key (sink_id, log_partition)
);

create table sink_refusals (
  id bigint primary key generated always as identity,
  sink_id integer not null references sinks on delete cascade,
  tenant_id integer not null references tenants,
  at timestamptz not null default now(),
  event text not null,
  reason text not null,
  body text
);
create index sink_refusals_of_sink on sink_refusals (sink_id, id desc);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['sinks', 'sink_refusals'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format(
      'create policy tenant_rows on %I for select to wk_reader using ((select current_setting(''wk.tenant_id'')::integer) in (-1, tenant_id))',
      table_name);
    execute format('grant select on %I to wk_reader', table_name);
  end loop;
end $$;
alter table sink_progress enable row level security;
create policy tenant_rows on sink_progress for select to wk_reader
  using (exists (select from sinks s where s.id = sink_id));
grant select on sink_progress to wk_reader;
`;
