/**
 * An event costs its indexes as much as its row. Events of monitors keep theirs by series and time; the others, which
 * come by the hundred thousand, are found by filters over ranges of pages. And counters are added up as sets.
 *
 * Processes of the release before leave the new column out: its default has their events indexed as before.
 */
export const sql = `
-- True where the series has a source, null otherwise: null takes no place in the row.
alter table events add column by_series boolean default true;
create index events_of_sources on events (series_id, time) where by_series;
drop index events_by_series;

-- The third column says which series are not in a range of pages (1000 fit one, 1 % are looked at in vain).
create index events_by_range on events using brin (received_at, time, series_id int8_bloom_ops (n_distinct_per_range = 1000, false_positive_rate = 0.01))
  with (pages_per_range = 16, autosummarize = on);
drop index events_by_arrival;

-- Counters are objects of objects of counts; one that is in both is added up.
create or replace function wk_add_counters(a jsonb, b jsonb) returns jsonb language sql immutable parallel safe as $$
  select coalesce(jsonb_object_agg(name, counts), '{}') from (
    select name, jsonb_object_agg(key, count) as counts from (
      select o.key as name, c.key, sum(c.value::bigint)::bigint as count
      from (select * from jsonb_each(a) union all select * from jsonb_each(b)) o, jsonb_each_text(o.value) c
      group by 1, 2
    ) counted group by 1
  ) named
$$;
`;
