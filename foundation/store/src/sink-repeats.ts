import type { LoggedEvent } from '@watchkeeper/model';
import { sql } from 'kysely';
import { seriesIdOf } from './series-dictionary.ts';
import type { Db } from './store.ts';

/** Longest time by which the clock of whoever sent an event may be ahead, microseconds. */
const clockToleranceUs = 86_400_000_000;

/**
 * How many events of the same series and instant stand before each event in its partition of the log. It depends on
 * nothing but the log, so it is the same at every attempt and in every process; only for instants that lie more than a
 * day ahead of their arrival the whole log is looked through, and only as far back as it is kept.
 * @param events of one partition, offsets rising
 */
export async function countRepeats(db: Db, events: readonly LoggedEvent[]): Promise<readonly number[]> {
  const [first] = events;
  if (first === undefined) return [];
  const keyOf = new Map<LoggedEvent['series'], string>();
  const instants = new Map<string, { seriesId: string; timeUs: number; timeNs: number; seen: number }>();
  const keys = events.map(({ series, timeUs, timeNs = 0 }) => {
    let seriesId = keyOf.get(series);
    if (seriesId === undefined) {
      seriesId = seriesIdOf(series);
      keyOf.set(series, seriesId);
    }
    const key = `${seriesId} ${timeUs} ${timeNs}`;
    if (!instants.has(key)) instants.set(key, { seriesId, timeUs, timeNs, seen: 0 });
    return key;
  });
  const wanted = [...instants.values()];
  const isAhead = events.some(({ timeUs, receivedUs }) => timeUs > receivedUs + clockToleranceUs);
  const fromUs = isAhead ? 0 : Math.min(...wanted.map(({ timeUs }) => timeUs)) - clockToleranceUs;
  const instant = (us: number) => sql`timestamptz 'epoch' + ${us}::bigint * interval '1 microsecond'`;
  const { rows } = await sql<{ place: number; count: number }>`
    select w.place, count(*) as count
    from unnest(${wanted.map(({ seriesId }) => seriesId)}::bigint[], ${wanted.map(({ timeUs }) => timeUs)}::bigint[],
      ${wanted.map(({ timeNs }) => timeNs)}::smallint[]) with ordinality as w (series_id, time_us, time_ns, place)
    join events e on e.series_id = w.series_id and e.time = ${sql`timestamptz 'epoch' + w.time_us * interval '1 microsecond'`} and e.time_ns = w.time_ns
    where e.log_partition = ${first.partition}::smallint and e.log_offset < ${first.offset}::bigint
      and e.received_at >= ${instant(Math.max(0, fromUs))} and e.received_at <= ${instant(first.receivedUs)}
    group by w.place`.execute(db);
  for (const { place, count } of rows) {
    const known = wanted[place - 1];
    if (known !== undefined) known.seen = count;
  }
  return keys.map((key) => {
    const known = instants.get(key) as { seen: number };
    known.seen += 1;
    return known.seen - 1;
  });
}
