import { sql } from 'kysely';
import type { Db } from './store.ts';

export interface RollupDifference {
  readonly keyId: string;
  readonly bucketAt: Date;
  readonly granularityS: number;
  readonly countStored: number | null;
  readonly countOfEvents: number | null;
}

/**
 * The self-check: adds the raw events of the built-in rollup up again and compares count, minimum, maximum, sum and
 * the counters of status and outcome at every granularity. Reads only what every processor has saved, so it may run
 * at any time; meant for tests and for a quiet hour, since it reads every event since `since`.
 */
export async function compareRollups(
  db: Db,
  since = new Date(0),
): Promise<{ readonly compared: number; readonly differences: readonly RollupDifference[] }> {
  const { rows } = await sql<{
    key_id: string;
    bucket_at: Date;
    granularity_s: number;
    stored: number | null;
    counted: number | null;
    is_equal: boolean;
  }>`
    with definition as (
      select id from rollup_definitions where built_in and name = 'monitors'
    ), counted as (
      select s.tenant_id, s.environment, s.zone, s.service, s.source, g.granularity_s,
        to_timestamp(floor(extract(epoch from e.time) / g.granularity_s) * g.granularity_s) as bucket_at,
        count(*) as count,
        min(e.values[p.place]) as minimum, max(e.values[p.place]) as maximum, sum(e.values[p.place]) as total,
        count(*) filter (where s.attributes ->> 'status' = '200') as status_200,
        count(*) filter (where e.outcome = 2) as failed
      from events e
      join series s on s.id = e.series_id and s.name = 'monitor.checked'
      join reader_positions r on r.reader = 'processor' and r.log_partition = e.log_partition and e.log_offset <= r.log_offset
      cross join lateral (select array_position(s.value_names, 'durationMs') as place) p
      cross join (values (60), (3600), (86400)) as g (granularity_s)
      where e.time >= ${since}
      group by 1, 2, 3, 4, 5, 6, 7
    ), stored as (
      select k.tenant_id, k.key ->> 'environment' as environment, k.key ->> 'zone' as zone, k.key ->> 'service' as service, k.key ->> 'source' as source,
        r.key_id, r.granularity_s, r.bucket_at, r.count, r.minimums, r.maximums, r.sums, r.counters
      from rollups r join rollup_keys k on k.id = r.key_id join definition d on d.id = k.definition_id
      where r.bucket_at >= ${since}
    )
    select t.key_id::text as key_id, coalesce(t.bucket_at, c.bucket_at) as bucket_at, coalesce(t.granularity_s, c.granularity_s) as granularity_s,
      t.count as stored, c.count as counted,
      t.count is not distinct from c.count
        and nullif(t.minimums[1], 'Infinity') is not distinct from c.minimum
        and nullif(t.maximums[1], '-Infinity') is not distinct from c.maximum
        and abs(t.sums[1] - coalesce(c.total, 0)) <= 1e-9 * greatest(abs(t.sums[1]), 1)
        and coalesce((t.counters #>> '{status,200}')::bigint, 0) = c.status_200
        and coalesce((t.counters #>> '{outcome,failed}')::bigint, 0) = c.failed as is_equal
    from stored t
    full join counted c on (c.tenant_id, c.environment, c.zone, c.service, c.source, c.granularity_s, c.bucket_at)
      = (t.tenant_id, t.environment, t.zone, t.service, t.source, t.granularity_s, t.bucket_at)`.execute(db);
  const differences = rows
    .filter((row) => row.is_equal !== true)
    .map((row) => ({
      keyId: row.key_id,
      bucketAt: row.bucket_at,
      granularityS: row.granularity_s,
      countStored: row.stored,
      countOfEvents: row.counted,
    }));
  return { compared: rows.length, differences };
}
