import { type CheckColumns, outcomes, WatchkeeperError } from '@watchkeeper/model';
import { type RawBuilder, sql, type Transaction } from 'kysely';
import { withinLimit } from './deadline.ts';
import type { Tables } from './tables.ts';

/** Every check of a monitor as marks on a chart. */

export interface CheckReadQuery {
  readonly monitorId: string;
  readonly zone?: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Above this many, OK checks are thinned to the extremes of their durations; all others are kept. */
  readonly max: number;
}

/** Most marks of one answer: beyond it not even failures can be sent. */
const mostMarks = 500_000;
/** An event is stored after it happened, but the clock of who sent it may be ahead. */
const clockToleranceMs = 3_600_000;

interface CheckSeries {
  readonly id: string;
  readonly zone: string;
  readonly name: string;
  readonly valueNames: readonly string[];
}

/** Checks of a range, a set of columns per zone; zones that sent nothing are not there. @throws WatchkeeperError `query_too_expensive` */
export async function readChecks(
  tx: Transaction<Tables>,
  query: CheckReadQuery,
): Promise<{ thinned: boolean; zones: CheckColumns[] }> {
  const series = await readSeries(tx, query);
  const zones = [...new Set(series.map(({ zone }) => zone))].sort();
  const inRange = sql`e.time >= to_timestamp(${query.fromMs / 1000}::float8) and e.time < to_timestamp(${query.toMs / 1000}::float8)
    and e.received_at >= to_timestamp(${(query.fromMs - clockToleranceMs) / 1000}::float8)`;
  return withinLimit(tx, async () => {
    const every = await readPacked(
      tx,
      sql`select e.series_id, (extract(epoch from e.time) * 1000000)::bigint as time_us, e.outcome, e.reason, e."values", 1 as n
        from events e where e.by_series and e.series_id = any(${series.map(({ id }) => id)}::bigint[]) and ${inRange}
        limit ${query.max + 1}`,
    );
    const isThinned = every.reduce((sum, { total }) => sum + total, 0) > query.max;
    const packed = isThinned ? await readPacked(tx, thinned(series, zones.length, query, inRange)) : every;
    const bytesOf = new Map(packed.map((rows) => [rows.series_id, rows]));
    return { thinned: isThinned, zones: zones.map((zone) => columnsOf(zone, series, bytesOf)) };
  });
}

async function readSeries(tx: Transaction<Tables>, { monitorId, zone }: CheckReadQuery): Promise<CheckSeries[]> {
  const { rows } = await sql<CheckSeries>`
    select id::text as id, zone, name, value_names as "valueNames" from series
    where source = ${monitorId} and name in ('monitor.checked', 'monitor.attempted')
      and (${zone ?? null}::text is null or zone = ${zone ?? null})`.execute(tx);
  return rows;
}

/** All that is not OK, and of the OK checks the quickest and the slowest of each column of time. */
function thinned(
  series: readonly CheckSeries[],
  zoneCount: number,
  { fromMs, toMs, max }: CheckReadQuery,
  inRange: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const columns = Math.max(1, Math.floor(max / (2 * Math.max(1, zoneCount))));
  const columnUs = Math.max(1, ((toMs - fromMs) * 1000) / columns);
  const timeUs = sql`(extract(epoch from e.time) * 1000000)::bigint`;
  // Arrays compare element by element: the duration decides, and the whole check comes with it.
  const check = sql`array[e."values"[s.duration], ${timeUs}::float8] || e."values"`;
  return sql`
    (select e.series_id, ${timeUs} as time_us, e.outcome, e.reason, e."values", 1 as n
     from events e where e.by_series and e.series_id = any(${series.map(({ id }) => id)}::bigint[]) and e.outcome <> 0 and ${inRange}
     limit ${mostMarks + 1})
    union all
    select g.series_id, m.mark[2]::bigint, 0, null, m.mark[3:], m.n
    from (
      select e.series_id, min(${check}) as least, max(${check}) as most, count(*) as n
      from unnest(${series.map(({ id }) => id)}::bigint[], ${series.map(({ valueNames }) => Math.max(1, valueNames.indexOf('durationMs') + 1))}::integer[]) as s (id, duration)
      join events e on e.series_id = s.id
      where e.by_series and e.series_id = any(${series.map(({ id }) => id)}::bigint[]) and e.outcome = 0 and ${inRange}
      group by e.series_id, floor((${timeUs} - ${fromMs * 1000}) / ${columnUs}::float8)
    ) g,
    lateral (select g.least as mark, g.n union all select g.most, 0 where g.most <> g.least) m`;
}

interface PackedSeries {
  readonly series_id: string;
  readonly total: number;
  readonly marks: number;
  readonly bytes: Buffer;
}

/** Rows of a series come as one value, in PostgreSQL's binary forms: rows of their own would cost five times as much. */
async function readPacked(tx: Transaction<Tables>, rowsOf: RawBuilder<unknown>): Promise<PackedSeries[]> {
  const { rows } = await sql<PackedSeries>`
    select series_id::text as series_id, sum(n)::bigint as total, count(*) as marks, string_agg(
      int8send(time_us) || int2send(outcome::smallint) || int4send(octet_length(coalesce(reason, '')))
        || convert_to(coalesce(reason, ''), 'UTF8') || array_send("values"), ''::bytea) as bytes
    from (${rowsOf}) c group by series_id`.execute(tx);
  if (rows.reduce((sum, { marks }) => sum + marks, 0) > mostMarks) {
    throw new WatchkeeperError(
      'query_too_expensive',
      `More than ${mostMarks} checks of this range are not OK, and none of them may be left out. Ask for a shorter range.`,
      { details: { limit: mostMarks } },
    );
  }
  return rows;
}

function columnsOf(
  zone: string,
  series: readonly CheckSeries[],
  packed: ReadonlyMap<string, PackedSeries>,
): CheckColumns {
  const names = new Set(series.flatMap(({ valueNames }) => valueNames));
  const columns: CheckColumns = {
    zone,
    total: 0,
    timeMs: [],
    outcome: [],
    reason: [],
    retried: [],
    values: Object.fromEntries([...names].map((name) => [name, []])),
  };
  for (const one of series) {
    const rows = one.zone === zone ? packed.get(one.id) : undefined;
    if (rows === undefined) continue;
    columns.total += rows.total;
    unpack(rows.bytes, one, columns);
  }
  return inOrderOfTime(columns);
}

/** Appends rows in the form that `readPacked` describes. */
function unpack(bytes: Buffer, { name, valueNames }: CheckSeries, columns: CheckColumns): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isRetried = name === 'monitor.attempted';
  const own = valueNames.map((valueName) => columns.values[valueName] ?? []);
  const others = Object.entries(columns.values).flatMap(([key, column]) => (valueNames.includes(key) ? [] : [column]));
  for (let at = 0; at < bytes.length; ) {
    columns.timeMs.push(Number(view.getBigInt64(at)) / 1000);
    columns.outcome.push(outcomes[view.getInt16(at + 8)] ?? 'failed');
    const reasonBytes = view.getInt32(at + 10);
    columns.reason.push(reasonBytes === 0 ? null : bytes.toString('utf8', at + 14, at + 14 + reasonBytes));
    columns.retried.push(isRetried);
    at += 14 + reasonBytes;
    const isEmpty = view.getInt32(at) === 0;
    at += isEmpty ? 12 : 20;
    for (const column of own) {
      const length = isEmpty ? -1 : view.getInt32(at);
      at += isEmpty ? 0 : 4 + Math.max(0, length);
      column.push(length < 0 ? null : view.getFloat64(at - length));
    }
    for (const column of others) column.push(null);
  }
}

/** Series of a zone come one after the other, and late events after newer ones. */
function inOrderOfTime(columns: CheckColumns): CheckColumns {
  const { timeMs } = columns;
  if (timeMs.every((time, index) => index === 0 || time >= (timeMs[index - 1] as number))) return columns;
  const order = Uint32Array.from(timeMs.keys()).sort((a, b) => (timeMs[a] as number) - (timeMs[b] as number));
  const sorted = <T>(column: readonly T[]) => Array.from(order, (index) => column[index] as T);
  return {
    ...columns,
    timeMs: sorted(timeMs),
    outcome: sorted(columns.outcome),
    reason: sorted(columns.reason),
    retried: sorted(columns.retried),
    values: Object.fromEntries(Object.entries(columns.values).map(([name, column]) => [name, sorted(column)])),
  };
}
