/**
 * What doors could not take: counted by tenant, door, key and reason, and the newest kept as dead letters. Only adds, so
 * processes of the release before go on beside this one.
 */
export const sql = `
-- Through which door it came; null: it was a message of a topic.
alter table dead_letters add column door text;
create index dead_letters_of_doors on dead_letters (id desc) where door is not null;

create table refused_inputs (
  tenant_id integer not null references tenants,
  door text not null,                            -- 'write', 'v1/metrics', 'statsd'
  key_name text not null,                        -- '': the door asks for no key
  reason text not null,                          -- a code of the error catalogue
  count bigint not null,
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  message text not null,                         -- of one of the newest
  example text not null,                         -- its beginning
  primary key (tenant_id, door, key_name, reason)
);
alter table refused_inputs enable row level security;
create policy tenant_rows on refused_inputs for select to wk_reader
  using ((select current_setting('wk.tenant_id')::integer) in (-1, tenant_id));
grant select on refused_inputs to wk_reader;
`;
