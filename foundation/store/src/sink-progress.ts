import { type LogPosition, sinkBounds, WatchkeeperError } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import { advancePosition, type ReaderPosition } from './reader.ts';
import { type SinkRow, sinkReader } from './sinks.ts';
import { storableText } from './storable.ts';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** How far sinks are, what they forwarded, and what their targets refused. */

/** A refusal as it is kept. */
export interface NewSinkRefusal {
  /** Identifier of the event: `3-1204`. */
  readonly event: string;
  readonly reason: string;
  /** The event as it went out; only its beginning is kept. */
  readonly body: string | null;
}

/** Characters of an event that are kept. */
const keptBody = 4096;
const keptReason = 1000;

/** What became of one batch. */
export interface ForwardedBatch {
  readonly sink: SinkRow;
  readonly partition: number;
  /** Events of the batch, those that were refused too. */
  readonly chosen: number;
  readonly refused: readonly NewSinkRefusal[];
}

/** How many events a sink had to forward from a partition so far: the last sequence number that it gave. */
export async function readChosen(db: Db, sinkId: number, partition: number): Promise<number> {
  const { rows } = await sql<{ chosen: number }>`
    select chosen from sink_progress where sink_id = ${sinkId} and log_partition = ${partition}`.execute(db);
  return rows[0]?.chosen ?? 0;
}

/**
 * Moves a sink behind what its target has, in one transaction with the counts and refusals.
 * @throws WatchkeeperError `position_lost` when another process has taken over, or the sink is gone: roll back and stop.
 */
export async function advanceSink(
  tx: Transaction<Tables>,
  batch: ForwardedBatch,
  from: ReaderPosition,
  to: LogPosition,
): Promise<void> {
  await holdSink(tx, batch.sink);
  await advancePosition(tx, sinkReader(batch.sink), batch.partition, from, to);
  if (batch.chosen > 0) await noteForwarded(tx, batch);
}

/** The sink stays until the end of the transaction, and is the one that was read. */
async function holdSink(tx: Transaction<Tables>, { id, name }: SinkRow): Promise<void> {
  const { rows } = await sql`select from sinks where id = ${id} for key share`.execute(tx);
  if (rows.length === 1) return;
  throw new WatchkeeperError('position_lost', `Sink "${name}" was deleted; this process stops forwarding for it.`);
}

/** Counts a batch and keeps what was refused. */
export async function noteForwarded(
  tx: Transaction<Tables>,
  { sink, partition, chosen, refused }: ForwardedBatch,
): Promise<void> {
  await sql`
    insert into sink_progress as p (sink_id, log_partition, chosen, refused, forwarded_at)
    values (${sink.id}, ${partition}, ${chosen}, ${refused.length}, now())
    on conflict (sink_id, log_partition) do update set
      chosen = p.chosen + excluded.chosen, refused = p.refused + excluded.refused, forwarded_at = now(),
      failing_since = null, attempts = 0, last_error = null`.execute(tx);
  if (refused.length === 0) return;
  // Of a whole batch that is refused the last ones are kept.
  const kept = refused.slice(-sinkBounds.keptRefusals);
  await sql`
    insert into sink_refusals (sink_id, tenant_id, event, reason, body)
    select ${sink.id}, ${sink.tenantId}, r.event, r.reason, r.body from unnest(
      ${kept.map(({ event }) => storableText(event))}::text[],
      ${kept.map(({ reason }) => storableText(reason.slice(0, keptReason)))}::text[],
      ${kept.map(({ body }) => (body === null ? null : storableText(body.slice(0, keptBody))))}::text[]) as r (event, reason, body)`.execute(
    tx,
  );
  await sql`
    delete from sink_refusals where sink_id = ${sink.id} and id <= (
      select id from sink_refusals where sink_id = ${sink.id} order by id desc offset ${sinkBounds.keptRefusals} limit 1)`.execute(
    tx,
  );
}

/** Notes an attempt that failed; nothing is written for a sink that is gone. */
export async function noteSinkFailure(db: Db, sinkId: number, partition: number, error: string): Promise<void> {
  await sql`
    insert into sink_progress as p (sink_id, log_partition, failing_since, attempts, last_error)
    select id, ${partition}, now(), 1, ${storableText(error.slice(0, keptReason))} from sinks where id = ${sinkId}
    on conflict (sink_id, log_partition) do update set
      failing_since = coalesce(p.failing_since, now()), attempts = p.attempts + 1, last_error = excluded.last_error`.execute(
    db,
  );
}

export interface SinkProgressRow {
  readonly sinkId: number;
  readonly forwarded: number;
  readonly refused: number;
  readonly skipped: number;
  readonly forwardedAt: Date | null;
  readonly failingSince: Date | null;
  readonly attempts: number;
  readonly lastError: string | null;
  /** Null of a rollup. */
  readonly lagEvents: number | null;
  /** Null while the log says nothing of it. */
  readonly lagMs: number | null;
}

/** How far the sinks of a tenant (or of all tenants) are. */
export async function readSinkProgress(tx: Transaction<Tables>, tenantId: number): Promise<SinkProgressRow[]> {
  // As `readReaders`: for one row the planner would rather read the table from wherever the scan before it stopped.
  await sql`set local enable_seqscan = off`.execute(tx);
  const { rows } = await sql<SinkProgressRow>`
    select s.id as "sinkId", coalesce(p.forwarded, 0)::bigint as forwarded, coalesce(p.refused, 0)::bigint as refused,
      coalesce(r.skipped, 0)::bigint as skipped, p.forwarded_at as "forwardedAt", p.failing_since as "failingSince",
      coalesce(p.attempts, 0) as attempts, p.last_error as "lastError", r.lag_events::bigint as "lagEvents",
      case when s.definition ? 'rollup' then greatest(0, (extract(epoch from clock_timestamp() - nullif(p.sent_until, '-infinity')) * 1000)::float8)
        else r.lag_ms end as "lagMs"
    from sinks s join tenants t on t.id = s.tenant_id
    left join lateral (
      select sum(chosen - refused) as forwarded, sum(refused) as refused, max(forwarded_at) as forwarded_at,
        min(failing_since) as failing_since, max(attempts) as attempts, max(sent_until) as sent_until,
        (array_agg(last_error order by failing_since) filter (where last_error is not null))[1] as last_error
      from sink_progress where sink_id = s.id
    ) p on true
    left join lateral (
      select sum(o.skipped) as skipped, sum(greatest(0, h.last_offset - o.log_offset)) as lag_events,
        coalesce(max(extract(epoch from clock_timestamp() - coalesce(u.received_at, h.received_at)) * 1000)
          filter (where h.last_offset > o.log_offset), 0)::float8 as lag_ms
      from reader_positions o join log_heads h using (log_partition)
      left join lateral (
        select e.received_at from events e
        where h.last_offset > o.log_offset and e.log_partition = o.log_partition
          and e.received_at >= o.received_at and e.received_at <= h.received_at and e.log_offset > o.log_offset
        limit 1
      ) u on true
      where o.reader = 'sink/' || t.name || '/' || s.name
    ) r on not s.definition ? 'rollup'
    where ${tenantId}::integer in (${allTenants}::integer, s.tenant_id)`.execute(tx);
  return rows;
}

export interface SinkRefusalRow extends NewSinkRefusal {
  readonly id: number;
  readonly at: Date;
}

/** Refusals of a sink, newest first, those below `beforeId` where it is given. */
export async function readSinkRefusals(
  db: Db,
  { sinkId, beforeId, limit }: { readonly sinkId: number; readonly beforeId?: number; readonly limit: number },
): Promise<SinkRefusalRow[]> {
  const { rows } = await sql<SinkRefusalRow>`
    select id, at, event, reason, body from sink_refusals
    where sink_id = ${sinkId} and (${beforeId ?? null}::bigint is null or id < ${beforeId ?? null}::bigint)
    order by id desc limit ${limit}`.execute(db);
  return rows;
}
