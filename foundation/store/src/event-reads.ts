import { type Outcome, outcomes } from '@watchkeeper/model';
import { type RawBuilder, sql, type Transaction } from 'kysely';
import { withinLimit } from './deadline.ts';
import { allTenants } from './store.ts';
import type { Tables } from './tables.ts';

/** Events for people: filtered, newest first, page by page. */

export interface EventFilter {
  readonly name?: string;
  /** Identifier of the monitor or other source. */
  readonly source?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly zone?: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
}

/** Place of an event in the list. */
export interface EventPlace {
  /** Microseconds since 1970-01-01 UTC. */
  readonly timeUs: number;
  readonly partition: number;
  readonly offset: number;
}

export interface EventRow extends EventPlace {
  readonly timeNs: number;
  readonly receivedUs: number;
  readonly name: string;
  readonly tenant: string;
  readonly environment: string;
  readonly zone: string;
  readonly host: string;
  readonly guest: string;
  readonly service: string;
  readonly source: string;
  readonly attributes: Record<string, string>;
  readonly valueNames: readonly string[];
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly values: readonly (number | null)[];
  readonly detail: Record<string, unknown> | null;
}

export interface EventPageQuery {
  readonly filter: EventFilter;
  readonly fromUs: number;
  readonly toUs: number;
  /** The last place of the page before. */
  readonly after?: EventPlace;
  readonly limit: number;
}

/** Up to so many series that are indexed each give their newest events by themselves. */
const fewSeries = 64;
/** Up to so many series are looked up by series and time; more are filtered out of all events of the time. */
const manySeries = 5000;
/** Width of the first look back from the end, and how much wider each further look is. */
const firstWindowUs = 2_000_000;
const windowGrowth = 8;
/** An event is stored after it happened, but the clock of who sent it may be ahead. */
const clockToleranceUs = 3_600_000_000;

/**
 * A page of events, newest first.
 * @throws WatchkeeperError `query_too_expensive`
 */
export async function readEvents(
  tx: Transaction<Tables>,
  tenantId: number,
  query: EventPageQuery,
): Promise<{ events: EventRow[]; hasMore: boolean }> {
  return withinLimit(tx, async () => {
    const series = await chosenSeries(tx, tenantId, query.filter);
    const isOfFew = series.areIndexed && series.ids !== undefined && series.ids.length <= fewSeries;
    const rows = isOfFew
      ? await newestOfEach(tx, series.ids as string[], query)
      : await newestByWindows(tx, series.condition, query);
    return { events: rows.slice(0, query.limit), hasMore: rows.length > query.limit };
  });
}

/** The series that a filter leaves. */
interface ChosenSeries {
  /** Their identifiers; undefined where they are too many to name. */
  readonly ids?: string[];
  /** Whether the index by series and time has all of their events. */
  readonly areIndexed: boolean;
  /** The condition on an event `e` of theirs. */
  readonly condition: RawBuilder<unknown>;
}

async function chosenSeries(
  tx: Transaction<Tables>,
  tenantId: number,
  { name, source, service, environment, zone }: EventFilter,
): Promise<ChosenSeries> {
  const conditions = Object.entries({ name, source, service, environment, zone }).flatMap(([column, value]) =>
    value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`],
  );
  if (conditions.length === 0) return { areIndexed: false, condition: sql`true` };
  if (tenantId !== allTenants) conditions.push(sql`tenant_id = ${tenantId}`);
  const matching = sql`from series where ${sql.join(conditions, sql` and `)}`;
  const { rows } = await sql<{ id: string; is_indexed: boolean }>`
    select id::text as id, source <> '' as is_indexed ${matching} limit ${manySeries + 1}`.execute(tx);
  if (rows.length > manySeries) return { areIndexed: false, condition: sql`e.series_id in (select id ${matching})` };
  const ids = rows.map(({ id }) => id);
  const areIndexed = rows.every((row) => row.is_indexed);
  const isOne = sql`e.series_id = any(${ids}::bigint[])`;
  return { ids, areIndexed, condition: areIndexed ? sql`e.by_series and ${isOne}` : isOne };
}

const columns = sql`e.time, e.received_at, e.series_id, e.log_offset, e.log_partition, e.time_ns, e.outcome, e.reason, e."values", e.detail`;
const order = sql`time desc, log_partition desc, log_offset desc`;
const instant = (us: number) => sql`(timestamptz 'epoch' + ${us}::bigint * interval '1 microsecond')`;

function condition({ filter, after }: EventPageQuery, fromUs: number, toUs: number): RawBuilder<unknown> {
  const conditions = [
    sql`e.time >= ${instant(fromUs)} and e.time < ${instant(toUs)} and e.received_at >= ${instant(fromUs - clockToleranceUs)}`,
  ];
  if (filter.outcome !== undefined) conditions.push(sql`e.outcome = ${outcomes.indexOf(filter.outcome)}::smallint`);
  if (filter.reason !== undefined) conditions.push(sql`e.reason = ${filter.reason}`);
  if (after !== undefined) {
    conditions.push(
      sql`(e.time, e.log_partition, e.log_offset) < (${instant(after.timeUs)}, ${after.partition}::bigint, ${after.offset}::bigint)`,
    );
  }
  return sql.join(conditions, sql` and `);
}

/** End of the range that is left to read, exclusive. */
const endUs = ({ toUs, after }: EventPageQuery) => Math.min(toUs, (after?.timeUs ?? toUs) + 1);

/** Each series gives its newest ones straight from the index. */
async function newestOfEach(
  tx: Transaction<Tables>,
  series: readonly string[],
  query: EventPageQuery,
): Promise<EventRow[]> {
  return readRows(
    tx,
    sql`select e.* from unnest(${series}::bigint[]) as s (id) cross join lateral (
      select ${columns} from events e where e.by_series and e.series_id = s.id and ${condition(query, query.fromUs, endUs(query))}
      order by e.time desc, e.log_partition desc, e.log_offset desc limit ${query.limit + 1}
    ) e`,
    query.limit + 1,
  );
}

/** Looks back from the end in ever wider windows, until the page is full. */
async function newestByWindows(
  tx: Transaction<Tables>,
  isChosen: RawBuilder<unknown>,
  query: EventPageQuery,
): Promise<EventRow[]> {
  const rows: EventRow[] = [];
  let toUs = endUs(query);
  for (let widthUs = firstWindowUs; toUs > query.fromUs && rows.length <= query.limit; widthUs *= windowGrowth) {
    const fromUs = Math.max(query.fromUs, toUs - widthUs);
    const wanted = query.limit + 1 - rows.length;
    rows.push(
      ...(await readRows(
        tx,
        sql`select ${columns} from events e where ${isChosen} and ${condition(query, fromUs, toUs)} order by ${order} limit ${wanted}`,
        wanted,
      )),
    );
    toUs = fromUs;
  }
  return rows;
}

async function readRows(tx: Transaction<Tables>, events: RawBuilder<unknown>, limit: number): Promise<EventRow[]> {
  const { rows } = await sql<Omit<EventRow, 'outcome'> & { outcome: number }>`
    with page as materialized (select * from (${events}) e order by ${order} limit ${limit})
    select (extract(epoch from e.time) * 1000000)::bigint as "timeUs", e.time_ns as "timeNs",
      (extract(epoch from e.received_at) * 1000000)::bigint as "receivedUs", e.log_partition as partition, e.log_offset as "offset",
      s.name, t.name as tenant, s.environment, s.zone, s.host, s.guest, s.service, s.source, s.attributes,
      s.value_names as "valueNames", e.outcome, e.reason, e."values", e.detail
    from page e join series s on s.id = e.series_id join tenants t on t.id = s.tenant_id
    order by ${order}`.execute(tx);
  return rows.map((row) => ({ ...row, outcome: outcomes[row.outcome] ?? 'failed' }));
}
