import { parseAggregate, percentileOf, rollupLayout, WatchkeeperError } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import { type ForwardedBatch, noteForwarded } from './sink-progress.ts';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Periods of rollups for sinks and for scraping. */

/** One key of a rollup in one period. */
export interface PeriodOfKey {
  readonly keyId: string;
  /** Start of the period, milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  readonly key: Readonly<Record<string, string>>;
  readonly count: number;
  /** Arrays in the order of the values of the layout. */
  readonly valueCounts: readonly number[];
  readonly sums: readonly number[];
  readonly minimums: readonly number[];
  readonly maximums: readonly number[];
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly distributions: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One number of a period. */
export interface PeriodValue {
  /** `count`, `durationMs_min`, `durationMs_p95`; of a counter the attribute that it counts by. */
  readonly name: string;
  /** Of a counter: the value of the attribute. */
  readonly counted?: string;
  /** Null where nothing was measured. */
  readonly value: number | null;
}

/** What a definition's aggregates say of a period, in their order. */
export function valuesOfPeriod(aggregates: readonly string[], period: PeriodOfKey): PeriodValue[] {
  const { values } = rollupLayout(aggregates);
  return aggregates.flatMap((text): PeriodValue[] => {
    const aggregate = parseAggregate(text);
    if (aggregate === undefined) return [];
    if (aggregate.fn === 'count') return [{ name: 'count', value: period.count }];
    if (aggregate.fn === 'counter') {
      const { attribute } = aggregate;
      const counts = Object.entries(period.counters[attribute] ?? {});
      return counts.map(([counted, value]) => ({ name: attribute, counted, value }));
    }
    const name = `${aggregate.value}_${text.slice(0, text.indexOf('('))}`;
    return [{ name, value: measuredValue(aggregate, period, values.indexOf(aggregate.value)) }];
  });
}

function measuredValue(
  aggregate: Exclude<ReturnType<typeof parseAggregate>, undefined | { fn: 'count' } | { fn: 'counter' }>,
  { valueCounts, sums, minimums, maximums, distributions }: PeriodOfKey,
  place: number,
): number | null {
  const measured = valueCounts[place] ?? 0;
  if (measured === 0) return null;
  switch (aggregate.fn) {
    case 'min':
      return minimums[place] ?? null;
    case 'max':
      return maximums[place] ?? null;
    case 'sum':
      return sums[place] ?? null;
    case 'avg':
      return (sums[place] ?? 0) / measured;
    case 'percentile': {
      const buckets = Object.entries(distributions[aggregate.value] ?? {});
      return percentileOf(new Map(buckets.map(([bucket, count]) => [Number(bucket), count])), aggregate.share);
    }
  }
}

export interface PeriodQuestion {
  readonly definitionId: number;
  readonly tenantId: number;
  readonly granularityMs: number;
  /** Start of the period, milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  readonly limit: number;
}

const instant = (ms: number) => sql`to_timestamp(${ms / 1000}::float8)`;

/** The keys of one period, always in the same order. */
export async function readPeriod(
  db: Db,
  { definitionId, tenantId, granularityMs, atMs, limit }: PeriodQuestion,
): Promise<PeriodOfKey[]> {
  const { rows } = await sql<Omit<PeriodOfKey, 'atMs'>>`
    select k.id::text as "keyId", k.key, r.count, r.value_counts::float8[] as "valueCounts", r.sums, r.minimums, r.maximums,
      r.counters, r.distributions
    from rollup_keys k join rollups r on r.key_id = k.id
    where k.definition_id = ${definitionId} and k.tenant_id = ${tenantId}
      and r.granularity_s = ${granularityMs / 1000}::integer and r.bucket_at = ${instant(atMs)}
    order by k.id limit ${limit}`.execute(db);
  return rows.map((row) => ({ ...row, atMs }));
}

/** What each period of a range counts, periods without reports left out. */
export async function readPeriodCounts(
  db: Db,
  question: {
    readonly definitionId: number;
    readonly tenantId: number;
    readonly granularityMs: number;
    /** Start of the first period, inclusive, and bound of the starts, exclusive, milliseconds since 1970-01-01 UTC. */
    readonly fromMs: number;
    readonly toMs: number;
  },
): Promise<ReadonlyMap<number, number>> {
  const { definitionId, tenantId, granularityMs, fromMs, toMs } = question;
  const { rows } = await sql<{ at_ms: number; count: number }>`
    select (extract(epoch from r.bucket_at) * 1000)::bigint as at_ms, sum(r.count)::bigint as count
    from rollup_keys k join rollups r on r.key_id = k.id
    where k.definition_id = ${definitionId} and k.tenant_id = ${tenantId}
      and r.granularity_s = ${granularityMs / 1000}::integer
      and r.bucket_at >= ${instant(fromMs)} and r.bucket_at < ${instant(toMs)}
    group by 1 order by 1`.execute(db);
  return new Map(rows.map((row) => [row.at_ms, row.count]));
}

/**
 * Start of the oldest period that a rollup has, of those that begin at `fromMs` or later where it is given; milliseconds
 * since 1970-01-01 UTC, undefined when there is none.
 */
export async function oldestPeriod(
  db: Db,
  {
    definitionId,
    tenantId,
    granularityMs,
    fromMs,
  }: Pick<PeriodQuestion, 'definitionId' | 'tenantId' | 'granularityMs'> & { readonly fromMs?: number },
): Promise<number | undefined> {
  const { rows } = await sql<{ at_ms: number | null }>`
    select (extract(epoch from min(r.bucket_at)) * 1000)::bigint as at_ms
    from rollup_keys k join rollups r on r.key_id = k.id
    where k.definition_id = ${definitionId} and k.tenant_id = ${tenantId} and r.granularity_s = ${granularityMs / 1000}::integer
      and ${fromMs === undefined ? sql`true` : sql`r.bucket_at >= ${instant(fromMs)}`}`.execute(db);
  return rows[0]?.at_ms ?? undefined;
}

/**
 * Up to when, by the arrival of events in the log, everything is added up: milliseconds since 1970-01-01 UTC, by the
 * clock of the database.
 */
export async function addedUpUntil(db: Db): Promise<number> {
  const { rows } = await sql<{ until_ms: number }>`
    select (extract(epoch from coalesce(min(
      case when coalesce(r.log_offset, 0) >= h.last_offset then now() else coalesce(r.received_at, timestamptz '2000-01-01Z') end), now())) * 1000)::float8 as until_ms
    from log_heads h left join reader_positions r on r.reader = 'processor' and r.log_partition = h.log_partition`.execute(
    db,
  );
  return rows[0]?.until_ms ?? 0;
}

/** Where a sink that takes a rollup stands. */
export interface PeriodPosition {
  readonly epoch: number;
  /** End of the last period that was sent, milliseconds since 1970-01-01 UTC; null: begins with the oldest. */
  readonly sentUntilMs: number | null;
  /** Start of a period → what it counted when it was sent; of those that may still be corrected. */
  readonly counts: Readonly<Record<string, number>>;
  readonly chosen: number;
}

/** Takes over the forwarding of a rollup: a former owner that still runs can save nothing more. */
export async function openPeriods(db: Db, sinkId: number): Promise<PeriodPosition> {
  const { rows } = await sql<{
    epoch: number;
    sent_until_ms: number | null;
    period_counts: Record<string, number>;
    chosen: number;
  }>`
    insert into sink_progress as p (sink_id, log_partition, epoch, sent_until)
    select id, 0, 1, now() from sinks where id = ${sinkId}
    on conflict (sink_id, log_partition) do update set epoch = p.epoch + 1, sent_until = coalesce(p.sent_until, now())
    returning epoch, (extract(epoch from nullif(sent_until, '-infinity')) * 1000)::float8 as sent_until_ms, period_counts, chosen`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) throw lost(sinkId);
  return { epoch: row.epoch, sentUntilMs: row.sent_until_ms, counts: row.period_counts, chosen: row.chosen };
}

/**
 * Notes that the target has one more batch of periods; saved with the counts and refusals.
 * @throws WatchkeeperError `position_lost` when another process has taken over, or the sink is gone
 */
export async function advancePeriods(
  tx: Transaction<Tables>,
  batch: ForwardedBatch,
  epoch: number,
  to: { readonly sentUntilMs: number; readonly counts: Readonly<Record<string, number>> },
): Promise<void> {
  const { numAffectedRows } = await sql`
    update sink_progress set sent_until = ${instant(to.sentUntilMs)}, period_counts = ${JSON.stringify(to.counts)}::jsonb
    where sink_id = ${batch.sink.id} and log_partition = 0 and epoch = ${epoch}`.execute(tx);
  if (numAffectedRows !== 1n) throw lost(batch.sink.id);
  if (batch.chosen > 0) await noteForwarded(tx, batch);
}

function lost(sinkId: number): WatchkeeperError {
  return new WatchkeeperError(
    'position_lost',
    `Sink ${sinkId} was taken over by another process, or deleted. This one stops forwarding for it.`,
    { details: { sinkId } },
  );
}
