import {
  type Aggregate,
  type AlertRuleDefinition,
  isPercentileRule,
  mostHeatmapCells,
  outcomes,
  parseAggregate,
  percentileOf,
  type RuleSums,
  rollupLayout,
  seriesDimensions,
  valueOfRule,
  WatchkeeperError,
} from '@watchkeeper/model';
import { type RawBuilder, sql, type Transaction } from 'kysely';
import { withinLimit } from './deadline.ts';
import { allTenants } from './store.ts';
import type { Tables } from './tables.ts';

/**
 * Questions to raw events and to rollups. A period without reports gives no row here; whoever shows the answer fills
 * the gap with null.
 */

export type QueryValue = number | null | Readonly<Record<string, number>>;

export interface PeriodRow {
  /** Start of the period, milliseconds since 1970-01-01 UTC; null without a step. */
  readonly atMs: number | null;
  /** Values of the dimensions, in the order of `groupBy`; empty text where nothing was said. */
  readonly group: readonly string[];
  /** Series, or keys of the rollup, that reported. */
  readonly sources: number;
  /** In the order of the aggregates. */
  readonly values: readonly QueryValue[];
}

/** Which events count beside those of a name. */
export interface Conditions {
  /** Dimension → accepted values. */
  readonly where: Readonly<Record<string, readonly string[]>>;
  /** Dimension → values that do not count; saying nothing counts. */
  readonly whereNot?: Readonly<Record<string, readonly string[]>>;
}

/** Value → range that it must lie in, `from` inclusive, `below` exclusive. */
export type ValueRanges = Readonly<Record<string, { readonly from?: number; readonly below?: number }>>;

export interface QuestionBase extends Conditions {
  readonly tenantId: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy: readonly string[];
  readonly stepMs?: number;
  /** As text; each one that `parseAggregate` reads. */
  readonly aggregates: readonly string[];
  /** Most rows; one more is read, so that the reader sees that there are more. */
  readonly limit: number;
}

export interface EventQuestion extends QuestionBase {
  /** Name of the events; events of any name when left out. */
  readonly events?: string;
  readonly between?: ValueRanges;
}

export interface RollupQuestion extends QuestionBase {
  readonly definitionId: number;
  readonly definitionAggregates: readonly string[];
  readonly granularityMs: number;
}

/** Up to so many series are looked up by series and time; more are filtered out of all events of the time. */
const manySeries = 5000;
/** An event is stored after it happened, but the clock of who sent it may be ahead. */
const clockToleranceMs = 3_600_000;
/** Most rows of counters and distributions behind one answer. */
const mostParts = 500_000;

const instant = (ms: number) => sql`to_timestamp(${ms / 1000}::float8)`;
const all = (conditions: readonly RawBuilder<unknown>[]) =>
  conditions.length === 0 ? sql`true` : sql.join([...conditions], sql` and `);

// Raw events -----------------------------------------------------------------------------------------------------

/** What a dimension says, as text: of the series `s` or, for `outcome` and `reason`, of the event `e`. */
function eventDimension(name: string): RawBuilder<unknown> {
  if (name === 'outcome') return sql`(${[...outcomes]}::text[])[e.outcome + 1]`;
  if (name === 'reason') return sql`coalesce(e.reason, '')`;
  if (name === 'tenant') return sql`(select t.name from tenants t where t.id = s.tenant_id)`;
  if ((seriesDimensions as readonly string[]).includes(name)) return sql`s.${sql.ref(name)}`;
  return sql`coalesce(s.attributes ->> ${name}::text, '')`;
}

const isOfEvent = (name: string) => name === 'outcome' || name === 'reason';

/** The conditions on dimensions that `fits` chooses. */
function dimensionConditions(
  { where, whereNot = {} }: Conditions,
  textOf: (name: string) => RawBuilder<unknown>,
  fits: (name: string) => boolean = () => true,
): RawBuilder<unknown>[] {
  const chosen = (part: Conditions['where']) => Object.entries(part).filter(([name]) => fits(name));
  return [
    ...chosen(where).map(([name, accepted]) => sql`${textOf(name)} = any(${[...accepted]}::text[])`),
    ...chosen(whereNot).map(([name, refused]) => sql`${textOf(name)} <> all(${[...refused]}::text[])`),
  ];
}

function seriesCondition({
  tenantId,
  events,
  ...dimensions
}: Conditions & Pick<EventQuestion, 'tenantId' | 'events'>): RawBuilder<unknown> {
  const conditions = dimensionConditions(dimensions, eventDimension, (name) => !isOfEvent(name));
  if (tenantId !== allTenants) conditions.push(sql`s.tenant_id = ${tenantId}`);
  if (events !== undefined) conditions.push(sql`s.name = ${events}`);
  return all(conditions);
}

/** The events of a question as `e`, each joined with its series `s`; with the condition on the range of time. */
async function eventsAndSeries(tx: Transaction<Tables>, question: EventQuestion): Promise<RawBuilder<unknown>> {
  const matching = sql`from series s where ${seriesCondition(question)}`;
  const { rows } = await sql<{ id: string; is_indexed: boolean }>`
    select s.id::text as id, s.source <> '' as is_indexed ${matching} limit ${manySeries + 1}`.execute(tx);
  const conditions = [
    sql`e.time >= ${instant(question.fromMs)} and e.time < ${instant(question.toMs)}`,
    sql`e.received_at >= ${instant(question.fromMs - clockToleranceMs)}`,
    ...dimensionConditions(question, eventDimension, isOfEvent),
    ...Object.entries(question.between ?? {}).flatMap(([name, { from, below }]) => [
      ...(from === undefined ? [] : [sql`${eventValue(name)} >= ${from}::float8`]),
      ...(below === undefined ? [] : [sql`${eventValue(name)} < ${below}::float8`]),
    ]),
  ];
  if (rows.length <= manySeries) {
    conditions.push(sql`e.series_id = any(${rows.map(({ id }) => id)}::bigint[])`);
    if (rows.every((row) => row.is_indexed)) conditions.push(sql`e.by_series`);
  }
  return sql`(select s.* ${matching}) s join events e on e.series_id = s.id where ${all(conditions)}`;
}

const eventValue = (name: string) => sql`e."values"[array_position(s.value_names, ${name}::text)]`;

function eventAggregate(aggregate: Aggregate): RawBuilder<unknown> {
  switch (aggregate.fn) {
    case 'count':
      return sql`count(*)`;
    case 'counter':
      return sql`null::bigint`;
    case 'percentile':
      return sql`percentile_cont(${aggregate.share}::float8) within group (order by ${eventValue(aggregate.value)})`;
    default:
      return sql`${sql.raw(aggregate.fn)}(${eventValue(aggregate.value)})`;
  }
}

/** Answers from raw events, ordered by period, then group. @throws WatchkeeperError `query_too_expensive` */
export async function queryEvents(tx: Transaction<Tables>, question: EventQuestion): Promise<PeriodRow[]> {
  return withinLimit(tx, async () => {
    const from = await eventsAndSeries(tx, question);
    const at = periodOf(sql`e.time`, question.stepMs);
    const groups = question.groupBy.map(eventDimension);
    const aggregates = question.aggregates.map((text) => parseAggregate(text) as Aggregate);
    const rows = await readPeriods(tx, {
      at,
      groups,
      columns: aggregates.map(eventAggregate),
      sources: sql`count(distinct e.series_id)`,
      from,
      limit: question.limit,
    });
    for (const [place, aggregate] of aggregates.entries()) {
      if (aggregate.fn !== 'counter') continue;
      const text = eventDimension(aggregate.attribute);
      const parts = await readParts(tx, {
        at,
        groups,
        key: text,
        count: sql`count(*)`,
        from: sql`${from} and ${text} <> ''`,
      });
      setParts(rows, place, parts, (part) => Object.fromEntries(part));
    }
    return rows;
  });
}

/** Which of the names nobody uses: values, and attributes, of the series that a question is about. */
export async function unknownNames(
  tx: Transaction<Tables>,
  {
    tenantId,
    events,
    values,
    dimensions,
  }: { tenantId: number; events?: string; values: readonly string[]; dimensions: readonly string[] },
): Promise<{ isMeasured: boolean; unknown: ReadonlySet<string>; knownValues: string[]; knownAttributes: string[] }> {
  const condition = seriesCondition({ tenantId, where: {}, ...(events === undefined ? {} : { events }) });
  const attributes = dimensions.filter(
    (name) => !isOfEvent(name) && !(seriesDimensions as readonly string[]).includes(name),
  );
  const { rows } = await sql<{
    is_measured: boolean;
    unknown: string[];
    known_values: string[];
    known_attributes: string[];
  }>`
    select exists (select from series s where ${condition}) as is_measured,
      array(select v from unnest(${values}::text[]) v where not exists (select from series s where ${condition} and v = any(s.value_names))
        union all
        select a from unnest(${attributes}::text[]) a where not exists (select from series s where ${condition} and s.attributes ? a)) as unknown,
      array(select distinct v from (select s.value_names from series s where ${condition} limit 1000) s, unnest(s.value_names) v order by v limit 30) as known_values,
      array(select distinct a from (select s.attributes from series s where ${condition} limit 1000) s, jsonb_object_keys(s.attributes) a order by a limit 30) as known_attributes`.execute(
    tx,
  );
  const [row] = rows;
  return {
    isMeasured: row?.is_measured ?? false,
    unknown: new Set(row?.unknown),
    knownValues: row?.known_values ?? [],
    knownAttributes: row?.known_attributes ?? [],
  };
}

/** One value of the events of one name. */
export interface ValueQuestion extends Conditions {
  readonly tenantId: number;
  readonly events: string;
  readonly value: string;
  readonly between?: ValueRanges;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface HeatmapCells {
  /** Columns that reported, by time: where they begin, series that reported, place after their last cell. */
  readonly columns: readonly { readonly atMs: number; readonly sources: number; readonly end: number }[];
  /** Per cell, by column, then bucket: the bucket of `distribution.ts` and the events in it. */
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
}

/** Cells of a heat map; columns without reports are left out. @throws WatchkeeperError `query_too_expensive` */
export async function queryHeatmap(
  tx: Transaction<Tables>,
  question: ValueQuestion & { readonly stepMs: number },
): Promise<HeatmapCells> {
  return withinLimit(tx, async () => {
    const from = await eventsAndSeries(tx, { ...question, groupBy: [], aggregates: [], limit: 0 });
    const { rows } = await sql<{ at_ms: number; sources: number; buckets: number[]; counts: string[] }>`
      with parts as (
        select ${periodOf(sql`e.time`, question.stepMs)} as at, wk_bucket_of(${eventValue(question.value)}) as bucket, e.series_id, count(*) as n
        from ${from} and ${eventValue(question.value)} is not null group by 1, 2, 3
      ),
      -- A series counts once per column, at the first of its buckets. (A join of both counts is planned as a nested loop.)
      firsts as (select at, bucket, n, row_number() over (partition by at, series_id order by bucket) = 1 as is_first from parts),
      cells as (select at, bucket, sum(n)::bigint as n, count(*) filter (where is_first) as sources from firsts group by at, bucket)
      select (extract(epoch from at) * 1000)::bigint as at_ms, sum(sources)::bigint as sources,
        array_agg(bucket order by bucket) as buckets, array_agg(n order by bucket) as counts
      from cells group by at order by at`.execute(tx);
    const buckets: number[] = [];
    const counts: number[] = [];
    const columns = rows.map((row) => {
      for (const bucket of row.buckets) buckets.push(bucket);
      for (const count of row.counts) counts.push(Number(count));
      return { atMs: row.at_ms, sources: row.sources, end: buckets.length };
    });
    if (buckets.length > mostHeatmapCells) {
      throw new WatchkeeperError(
        'query_too_expensive',
        `The heat map has ${buckets.length} cells, at most ${mostHeatmapCells} are answered. Ask for a shorter range or a longer step.`,
        { details: { limit: mostHeatmapCells } },
      );
    }
    return { columns, buckets, counts };
  });
}

export interface EventPoint {
  /** When it happened, microseconds since 1970-01-01 UTC. */
  readonly timeUs: number;
  readonly value: number;
  /** Place in `outcomes`. */
  readonly outcome: number;
  /** In the order of `groupBy`. */
  readonly group: readonly string[];
}

/**
 * Single events by time. When there are more than `limit`, those that are not OK are kept and the others are thinned
 * evenly; `total` counts all. @throws WatchkeeperError `query_too_expensive`
 */
export async function queryPoints(
  tx: Transaction<Tables>,
  question: ValueQuestion & { readonly groupBy: readonly string[]; readonly limit: number },
): Promise<{ points: EventPoint[]; total: number }> {
  return withinLimit(tx, async () => {
    const { groupBy, limit, value } = question;
    const from = await eventsAndSeries(tx, { ...question, aggregates: [] });
    const groups = groupBy.map(eventDimension);
    const columns = [
      sql`(extract(epoch from e.time) * 1000000)::bigint as time_us`,
      sql`${eventValue(value)} as value`,
      sql`e.outcome`,
      sql`count(*) over () as total`,
      ...named('g', groups),
    ];
    // The hash of an offset has nothing to do with time or value, so what is left over is spread evenly.
    const { rows } = await sql<
      Record<string, unknown> & { time_us: number; value: number; outcome: number; total: number }
    >`
      select ${sql.join(columns)} from ${from} and ${eventValue(value)} is not null
      order by e.outcome = 0, hashint8(e.log_offset * 64 + e.log_partition) limit ${limit}`.execute(tx);
    const points = rows.map((row) => ({
      ...{ timeUs: row.time_us, value: row.value, outcome: row.outcome },
      group: groups.map((_, index) => String(row[`g${index}`])),
    }));
    return { points: points.sort((a, b) => a.timeUs - b.timeUs), total: rows[0]?.total ?? 0 };
  });
}

/** Sums of one group of an alert rule in one step of time, from raw events. */
export interface RuleBucket extends RuleSums {
  readonly groupKey: string;
  readonly bucketMs: number;
}

/** Most groups that a preview judges: those with the most events. */
const previewedGroups = 200;

/** What an alert rule would have counted, by group, then time. @throws WatchkeeperError `query_too_expensive` */
export async function readRuleBuckets(
  tx: Transaction<Tables>,
  {
    tenantId,
    rule,
    fromMs,
    toMs,
    stepMs,
  }: {
    readonly tenantId: number;
    readonly rule: AlertRuleDefinition;
    readonly fromMs: number;
    readonly toMs: number;
    readonly stepMs: number;
  },
): Promise<RuleBucket[]> {
  return withinLimit(tx, async () => {
    const { events, where, groupBy, aggregate } = rule;
    const from = await eventsAndSeries(tx, {
      ...{ tenantId, events, where, fromMs, toMs, groupBy: [], aggregates: [], limit: 0 },
    });
    const key =
      groupBy.length === 0 ? sql`'[]'` : sql`jsonb_build_array(${sql.join(groupBy.map(eventDimension))})::text`;
    const name = valueOfRule(aggregate);
    const value = name === undefined ? sql`null::float8` : eventValue(name);
    const bucket = isPercentileRule(aggregate) ? sql`wk_bucket_of(${value})` : sql`null::integer`;
    const { rows } = await sql<Omit<RuleBucket, 'distribution'> & { cells: Record<string, number> | null }>`
      with cells as materialized (
        select ${key} as key, ${periodOf(sql`e.time`, stepMs)} as at, ${bucket} as bucket, count(*) as n, count(${value}) as v,
          sum(${value}) as sum, min(${value}) as minimum, max(${value}) as maximum
        from ${from} group by 1, 2, 3
      ), chosen as (select key from cells group by key order by sum(n) desc, key limit ${previewedGroups})
      select key as "groupKey", (extract(epoch from at) * 1000)::bigint as "bucketMs", sum(n)::bigint as count, sum(v)::bigint as "valueCount",
        coalesce(sum(sum), 0) as sum, min(minimum) as minimum, max(maximum) as maximum,
        jsonb_object_agg(bucket, n) filter (where bucket is not null) as cells
      from cells join chosen using (key) group by key, at order by key, at limit ${mostParts + 1}`.execute(tx);
    if (rows.length > mostParts) {
      throw new WatchkeeperError(
        'query_too_expensive',
        `The preview needs more than ${mostParts} sums. Ask for a shorter range or fewer groups.`,
        { details: { limit: mostParts } },
      );
    }
    return rows.map(({ cells, ...sums }) => ({
      ...sums,
      distribution: new Map(Object.entries(cells ?? {}).map(([place, count]) => [Number(place), count])),
    }));
  });
}

// Rollups --------------------------------------------------------------------------------------------------------

/** Answers from a rollup, ordered by period, then group. @throws WatchkeeperError `query_too_expensive` */
export async function queryRollup(tx: Transaction<Tables>, question: RollupQuestion): Promise<PeriodRow[]> {
  return withinLimit(tx, async () => {
    const layout = rollupLayout(question.definitionAggregates);
    const keyText = (name: string) => sql`coalesce(k.key ->> ${name}::text, '')`;
    const at = periodOf(sql`r.bucket_at`, question.stepMs);
    const groups = question.groupBy.map(keyText);
    const conditions = [
      sql`k.definition_id = ${question.definitionId}`,
      sql`r.granularity_s = ${question.granularityMs / 1000}::integer`,
      sql`r.bucket_at >= ${instant(question.fromMs)} and r.bucket_at < ${instant(question.toMs)}`,
      ...dimensionConditions(question, keyText),
    ];
    if (question.tenantId !== allTenants) conditions.push(sql`k.tenant_id = ${question.tenantId}`);
    const keysAndRows = sql`rollup_keys k join rollups r on r.key_id = k.id`;
    const condition = all(conditions);
    const aggregates = question.aggregates.map((text) => parseAggregate(text) as Aggregate);
    const rows = await readPeriods(tx, {
      at,
      groups,
      columns: aggregates.map((aggregate) => rollupAggregate(aggregate, layout.values)),
      sources: sql`count(distinct r.key_id)`,
      from: sql`${keysAndRows} where ${condition}`,
      limit: question.limit,
    });
    const readOf = (parts: RawBuilder<unknown>) =>
      readParts(tx, {
        at,
        groups,
        key: sql`part.key`,
        count: sql`sum(part.value::bigint)::bigint`,
        from: sql`${keysAndRows} cross join lateral jsonb_each_text(${parts}) as part (key, value) where ${condition}`,
      });
    for (const [place, aggregate] of aggregates.entries()) {
      if (aggregate.fn === 'counter') {
        const parts = await readOf(sql`r.counters -> ${aggregate.attribute}::text`);
        setParts(rows, place, parts, (part) => Object.fromEntries(part));
      } else if (aggregate.fn === 'percentile') {
        const parts = await readOf(sql`r.distributions -> ${aggregate.value}::text`);
        setParts(rows, place, parts, (part) =>
          percentileOf(new Map([...part].map(([bucket, count]) => [Number(bucket), count])), aggregate.share),
        );
      }
    }
    return rows;
  });
}

function rollupAggregate(aggregate: Aggregate, values: readonly string[]): RawBuilder<unknown> {
  if (aggregate.fn === 'count') return sql`sum(r.count)::bigint`;
  if (aggregate.fn === 'counter' || aggregate.fn === 'percentile') return sql`null::bigint`;
  const place = sql.lit(values.indexOf(aggregate.value) + 1);
  switch (aggregate.fn) {
    case 'min':
      return sql`nullif(min(r.minimums[${place}]), 'Infinity')`;
    case 'max':
      return sql`nullif(max(r.maximums[${place}]), '-Infinity')`;
    case 'sum':
      return sql`sum(r.sums[${place}]) filter (where r.value_counts[${place}] > 0)`;
    default:
      return sql`sum(r.sums[${place}]) / nullif(sum(r.value_counts[${place}]), 0)::float8`;
  }
}

// What both share ------------------------------------------------------------------------------------------------

function periodOf(time: RawBuilder<unknown>, stepMs: number | undefined): RawBuilder<unknown> {
  return stepMs === undefined
    ? sql`null::timestamptz`
    : sql`date_bin(${stepMs}::bigint * interval '1 millisecond', ${time}, timestamptz 'epoch')`;
}

interface PeriodQuery {
  readonly at: RawBuilder<unknown>;
  readonly groups: readonly RawBuilder<unknown>[];
  readonly from: RawBuilder<unknown>;
}

const named = (prefix: string, expressions: readonly RawBuilder<unknown>[]) =>
  expressions.map((expression, index) => sql`${expression} as ${sql.ref(`${prefix}${index}`)}`);
const groupNames = (groups: readonly unknown[]) =>
  sql.join(['at', ...groups.map((_, index) => `g${index}`)].map((name) => sql.ref(name)));

async function readPeriods(
  tx: Transaction<Tables>,
  query: PeriodQuery & { columns: readonly RawBuilder<unknown>[]; sources: RawBuilder<unknown>; limit: number },
): Promise<(Omit<PeriodRow, 'values'> & { values: QueryValue[] })[]> {
  const { at, groups, columns, sources, from, limit } = query;
  const selected = [sql`${at} as at`, ...named('g', groups), sql`${sources} as sources`, ...named('v', columns)];
  const { rows } = await sql<Record<string, unknown> & { at: Date | null; sources: number }>`
    select ${sql.join(selected)} from ${from} group by ${groupNames(groups)}
    order by ${groupNames(groups)} limit ${limit + 1}`.execute(tx);
  return rows.map((row) => ({
    atMs: row.at === null ? null : row.at.getTime(),
    group: groups.map((_, index) => String(row[`g${index}`])),
    sources: row.sources,
    values: columns.map((_, index) => row[`v${index}`] as number | null),
  }));
}

type Parts = ReadonlyMap<string, ReadonlyMap<string, number>>;
const rowKey = (atMs: number | null, group: readonly string[]) => JSON.stringify([atMs, ...group]);

/** Counts by a text within each period and group. */
async function readParts(
  tx: Transaction<Tables>,
  { at, groups, key, count, from }: PeriodQuery & { key: RawBuilder<unknown>; count: RawBuilder<unknown> },
): Promise<Parts> {
  const selected = [sql`${at} as at`, ...named('g', groups), sql`${key} as part_key`, sql`${count} as part_count`];
  const { rows } = await sql<Record<string, unknown> & { at: Date | null; part_key: string; part_count: number }>`
    select ${sql.join(selected)} from ${from} group by ${groupNames(groups)}, part_key limit ${mostParts + 1}`.execute(
    tx,
  );
  if (rows.length > mostParts) {
    throw new WatchkeeperError(
      'query_too_expensive',
      `The counters or distributions of the answer have more than ${mostParts} parts. Ask for a shorter range, a longer step or fewer groups.`,
      { details: { limit: mostParts } },
    );
  }
  const parts = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const id = rowKey(
      row.at?.getTime() ?? null,
      groups.map((_, index) => String(row[`g${index}`])),
    );
    const part = parts.get(id) ?? new Map<string, number>();
    parts.set(id, part.set(row.part_key, row.part_count));
  }
  return parts;
}

function setParts(
  rows: readonly { atMs: number | null; group: readonly string[]; values: QueryValue[] }[],
  place: number,
  parts: Parts,
  toValue: (part: ReadonlyMap<string, number>) => QueryValue,
): void {
  for (const row of rows) {
    const part = parts.get(rowKey(row.atMs, row.group));
    row.values[place] = part === undefined ? null : toValue(part);
  }
}
