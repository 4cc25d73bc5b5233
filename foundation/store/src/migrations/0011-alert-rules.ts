/**
 * Alert rules: what people want to be told of any events, what is counted for them, and where their groups stand. An
 * alert of a rule has no service and no environment, so that a process of the release before takes it for none of its
 * own. Only adds.
 */
export const sql = `
create table alert_rules (
  id integer primary key generated always as identity,   -- another one when it counts something else than before
  tenant_id integer not null references tenants,
  name text not null,
  definition jsonb not null,
  paused boolean not null,
  version integer not null default 1,
  counts_since timestamptz not null default now(),
  judged_at timestamptz,                         -- until when events were judged
  looked_at timestamptz,                         -- when somebody judged last
  looked_since timestamptz,                      -- since when somebody has looked without a gap
  unique (tenant_id, name)
);

-- Groups that are known, and where they stand; "[]" of a rule that splits by nothing.
create table alert_rule_groups (
  rule_id integer not null references alert_rules on delete cascade,
  tenant_id integer not null references tenants,
  group_key text not null,                       -- JSON array of the values, in the order of groupBy
  first_seen timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  is_open boolean not null default false,
  bad_since timestamptz,
  well_since timestamptz,
  alert_id uuid references alerts on delete set null,
  primary key (rule_id, group_key)
);
create index alert_rule_groups_by_alert on alert_rule_groups (alert_id) where alert_id is not null;

-- Sums of events by the time at which they happened. Each partition of the log adds to rows of its own, in the
-- transaction of its position.
create table alert_rule_sums (
  rule_id integer not null references alert_rules on delete cascade,
  bucket_at timestamptz not null,
  group_key text not null,
  log_partition smallint not null,
  count bigint not null,
  value_count bigint not null,
  sum float8 not null,
  minimum float8,
  maximum float8,
  distribution jsonb not null,
  primary key (rule_id, bucket_at, group_key, log_partition)
) with (fillfactor = 70);

-- Events that were not counted since there are too many groups.
create table alert_rule_left_out (
  rule_id integer not null references alert_rules on delete cascade,
  log_partition smallint not null,
  events bigint not null,
  primary key (rule_id, log_partition)
);

alter table alerts add column rule text, add column rule_group jsonb;
drop index alerts_open;
create unique index alerts_open on alerts (tenant_id, service, environment, (coalesce(rule, '')), (coalesce(rule_group::text, '')))
  where resolved_at is null;

do $$
declare
  table_name text;
begin
  foreach table_name in array array['alert_rules', 'alert_rule_groups'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format(
      'create policy tenant_rows on %I for select to wk_reader using ((select current_setting(''wk.tenant_id'')::integer) in (-1, tenant_id))',
      table_name);
    execute format('grant select on %I to wk_reader', table_name);
  end loop;
end $$;
alter table alert_rule_left_out enable row level security;
create policy tenant_rows on alert_rule_left_out for select to wk_reader
  using (exists (select from alert_rules r where r.id = rule_id));
grant select on alert_rule_left_out to wk_reader;
`;
