/**
 * The catalogue: names of events, of their values and attributes, and values of attributes, kept along with the series
 * by triggers, so in the transaction that registers a series, whichever release registers it. Only adds.
 */

/** Different values of one attribute of one name that are kept; others count as more. */
export const keptAttributeValues = 10_000;

/** Texts beyond 200 characters cannot be asked for and would be too long for an index; they are left out. */
const fits = (...columns: string[]) =>
  columns.map((column) => `${column} <> '' and length(${column}) <= 200`).join(' and ');

/** Adds the series of a table to the catalogue. Rows are locked in one order, so writers never wait in a circle. */
const register = (series: string) => `
insert into event_names as n (tenant_id, name, first_seen, last_seen, series)
select tenant_id, name, min(created_at), max(created_at), count(*) from ${series} where ${fits('name')}
group by tenant_id, name order by tenant_id, name
on conflict (tenant_id, name) do update set
  series = n.series + excluded.series, last_seen = greatest(n.last_seen, excluded.last_seen);

insert into event_values (tenant_id, name, value)
select distinct a.tenant_id, a.name, v.value from ${series} a cross join lateral unnest(a.value_names) v (value)
where ${fits('a.name', 'v.value')} order by 1, 2, 3
on conflict do nothing;

with found as materialized (
  select distinct a.tenant_id, a.name, p.attribute, p.value
  from ${series} a cross join lateral (
    select key, value from jsonb_each_text(a.attributes)
    where key not in ('tenant', 'environment', 'zone', 'host', 'guest', 'service', 'name', 'source', 'outcome', 'reason')
    union all
    values ('environment', a.environment), ('zone', a.zone), ('host', a.host), ('guest', a.guest), ('service', a.service), ('source', a.source)
  ) p (attribute, value)
  where ${fits('a.name', 'p.attribute', 'p.value')}
), unknown as (
  select f.*, row_number() over (partition by f.tenant_id, f.name, f.attribute order by f.value) as place
  from found f where not exists (
    select from event_attribute_values k
    where k.tenant_id = f.tenant_id and k.name = f.name and k.attribute = f.attribute and k.value = f.value)
), kept as (
  insert into event_attribute_values (tenant_id, name, attribute, value)
  select u.tenant_id, u.name, u.attribute, u.value
  from unknown u left join event_attributes t on t.tenant_id = u.tenant_id and t.name = u.name and t.attribute = u.attribute
  where coalesce(t.value_count, 0) + u.place <= ${keptAttributeValues}
  order by 1, 2, 3, 4
  on conflict do nothing
  returning tenant_id, name, attribute
)
insert into event_attributes as t (tenant_id, name, attribute, value_count, is_capped)
select f.tenant_id, f.name, f.attribute, coalesce(max(k.n), 0), coalesce(max(u.n), 0) > coalesce(max(k.n), 0)
from (select distinct tenant_id, name, attribute from found) f
left join (select tenant_id, name, attribute, count(*) as n from kept group by 1, 2, 3) k using (tenant_id, name, attribute)
left join (select tenant_id, name, attribute, count(*) as n from unknown group by 1, 2, 3) u using (tenant_id, name, attribute)
group by 1, 2, 3 order by 1, 2, 3
on conflict (tenant_id, name, attribute) do update set
  value_count = t.value_count + excluded.value_count, is_capped = t.is_capped or excluded.is_capped
where excluded.value_count > 0 or (excluded.is_capped and not t.is_capped);
`;

export const sql = `
create table event_names (
  tenant_id integer not null references tenants,
  name text not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,                -- when the newest event arrived, to some seconds
  series bigint not null,
  primary key (tenant_id, name)
);
create table event_values (
  tenant_id integer not null references tenants,
  name text not null,
  value text not null,
  unit text,                                     -- as people set it; null: what the name says
  description text,
  primary key (tenant_id, name, value)
);
-- Dimensions and attributes, as questions name them.
create table event_attributes (
  tenant_id integer not null references tenants,
  name text not null,
  attribute text not null,
  value_count bigint not null default 0,         -- rows in event_attribute_values
  is_capped boolean not null default false,      -- there are more values than are kept
  primary key (tenant_id, name, attribute)
);
create table event_attribute_values (
  tenant_id integer not null references tenants,
  name text not null,
  attribute text not null,
  value text not null,
  primary key (tenant_id, name, attribute, value)
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
  foreach table_name in array array['event_names', 'event_values', 'event_attributes', 'event_attribute_values'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format(
      'create policy tenant_rows on %I for select to wk_reader using ((select current_setting(''wk.tenant_id'')::integer) in (-1, tenant_id))',
      table_name);
    execute format('grant select on %I to wk_reader', table_name);
  end loop;
end $$;
`;
