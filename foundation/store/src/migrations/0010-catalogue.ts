/**
 * The catalogue: names of events, of their values and of their attributes, kept along with the series by a trigger, so
 * in the statement that registers a series, whichever release registers it. What an attribute has said is read from
 * the series themselves. Only adds.
 */

/** Texts beyond 200 characters cannot be asked for and would be too long for an index; they are left out. */
const fits = (...columns: string[]) =>
  columns.map((column) => `${column} <> '' and length(${column}) <= 200`).join(' and ');

const dimensions = ['environment', 'zone', 'host', 'guest', 'service', 'source'];
/** Names that a question takes for something else than an attribute. */
const taken = ['tenant', 'name', 'outcome', 'reason', ...dimensions].map((name) => `'${name}'`).join(', ');

/** Adds the series of a table to the catalogue. Rows are locked in one order, so writers never wait in a circle. */
const register = (series: string) => `
insert into event_names as n (tenant_id, name, first_seen, last_seen, series)
select tenant_id, name, min(created_at), max(created_at), count(*) from ${series} where ${fits('name')}
group by tenant_id, name order by tenant_id, name
on conflict (tenant_id, name) do update set
  series = n.series + excluded.series, last_seen = greatest(n.last_seen, excluded.last_seen);

insert into event_values (tenant_id, name, value)
select distinct s.tenant_id, s.name, v.value
from (select distinct tenant_id, name, value_names from ${series}) s cross join lateral unnest(s.value_names) v (value)
where ${fits('s.name', 'v.value')} order by 1, 2, 3
on conflict do nothing;

insert into event_attributes (tenant_id, name, attribute)
select s.tenant_id, s.name, key
from ${series} s cross join lateral jsonb_object_keys(s.attributes) key
where ${fits('s.name', 'key')} and key not in (${taken})
group by 1, 2, 3
union all
select s.tenant_id, s.name, d.attribute
from (select tenant_id, name, ${dimensions.map((name) => `bool_or(${name} <> '') as has_${name}`).join(', ')}
  from ${series} where ${fits('name')} group by tenant_id, name) s
cross join lateral (values ${dimensions.map((name) => `('${name}', has_${name})`).join(', ')}) d (attribute, is_there)
where d.is_there order by 1, 2, 3
on conflict do nothing;
`;

export const sql = `
create table event_names (
  tenant_id integer not null references tenants,
  name text not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,                -- when the newest event arrived, to some seconds
  series bigint not null,
  primary key (tenant_id, name)
) with (fillfactor = 70);
create table event_values (
  tenant_id integer not null references tenants,
  name text not null,
  value text not null,
  unit text,                                     -- as people set it; null: what the name says
  description text,
  primary key (tenant_id, name, value)
);
-- Dimensions that say something, and attributes, as questions name them.
create table event_attributes (
  tenant_id integer not null references tenants,
  name text not null,
  attribute text not null,
  primary key (tenant_id, name, attribute)
);

create function wk_register_series() returns trigger language plpgsql as $body$
begin
${register('added')}
  return null;
end $body$;
create trigger series_in_catalogue after insert on series
  referencing new table as added for each statement execute function wk_register_series();
${register('series')}
do $$
declare
  table_name text;
begin
  foreach table_name in array array['event_names', 'event_values', 'event_attributes'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format(
      'create policy tenant_rows on %I for select to wk_reader using ((select current_setting(''wk.tenant_id'')::integer) in (-1, tenant_id))',
      table_name);
    execute format('grant select on %I to wk_reader', table_name);
  end loop;
end $$;
`;
