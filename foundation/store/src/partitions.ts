import { sql } from 'kysely';
import type pg from 'pg';
import { type Connection, clientConfig, type Db, newClient } from './store.ts';

const dayMs = 86_400_000;
/** Newest dead letters of doors that are kept: what clients send must not fill the database. */
const keptDoorLetters = 10_000;

/** Days kept ready beyond today, so that a log that is cut off from maintenance goes on for a week. */
const daysAhead = 7;

const partitionName = (day: Date) => `events_${day.toISOString().slice(0, 10).replaceAll('-', '')}`;

/**
 * Creates the daily partitions from yesterday to a week ahead, by the clock of the database. Safe to call at any time,
 * by any number of processes at once, outside of a transaction.
 */
export async function ensureEventPartitions(client: pg.ClientBase): Promise<void> {
  if ((await missingDays(client)).length === 0) return;
  await client.query('begin');
  try {
    // Processes that start at the same moment: "if not exists" alone fails in all but the first.
    await client.query("select pg_advisory_xact_lock(hashtext('watchkeeper event partitions'))");
    for (const day of await missingDays(client)) {
      const until = new Date(day.getTime() + dayMs);
      // Names and bounds are made from a date alone; utility statements take no parameters.
      await client.query(
        `create table if not exists ${partitionName(day)} partition of events for values from ('${day.toISOString()}') to ('${until.toISOString()}')`,
      );
      await client.query(`alter table ${partitionName(day)} enable row level security`);
    }
    await client.query('commit');
  } catch (error) {
    // When the rollback fails too the connection is lost, and with it the transaction; the first error says why.
    await Promise.allSettled([client.query('rollback')]);
    throw error;
  }
}

async function missingDays(client: pg.ClientBase): Promise<readonly Date[]> {
  const { rows } = await client.query<{ now: Date }>(
    "select date_trunc('day', greatest(now(), (select max(received_at) from log_heads)), 'UTC') as now",
  );
  const today = (rows[0] as { now: Date }).now.getTime();
  const wanted = Array.from({ length: daysAhead + 2 }, (_, index) => new Date(today + (index - 1) * dayMs));
  const { rows: present } = await client.query<{ name: string }>(
    'select relname as name from pg_class where relname = any($1::text[])',
    [wanted.map(partitionName)],
  );
  const names = new Set(present.map((row) => row.name));
  return wanted.filter((candidate) => !names.has(partitionName(candidate)));
}

export interface RetentionResult {
  /** Names of the partitions that were dropped. */
  readonly dropped: readonly string[];
  /** Names of partitions that are old enough but hold events which a reader has not read. */
  readonly kept: readonly string[];
}

/**
 * Drops whole days that are older than `keepMs` and that every reader has left behind. Sinks keep nothing: one that is
 * still before the end of such a day is moved there, and what it misses is counted.
 */
export async function dropOldEventPartitions(db: Db, keepMs: number): Promise<RetentionResult> {
  const { rows } = await sql<{ name: string; until: Date; is_read: boolean; is_before_sink: boolean }>`
    with days as (
      select c.relname as name, (substring(c.relname from 8)::date + 1)::timestamp at time zone 'UTC' as until
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'events'::regclass
    )
    select name, until, exists (
      select from reader_positions r where starts_with(r.reader, 'sink/') and r.received_at < days.until
    ) as is_before_sink, not exists (
      select from reader_positions r join log_heads h using (log_partition)
      where r.log_offset < h.last_offset and r.received_at < days.until and not starts_with(r.reader, 'sink/')
    ) as is_read
    from days where until < now() - ${keepMs} * interval '1 millisecond'
    order by until`.execute(db);
  const dropped: string[] = [];
  const kept: string[] = [];
  for (const { name, until, is_read: isRead, is_before_sink: isBeforeSink } of rows) {
    if (!isRead) {
      kept.push(name);
      continue;
    }
    if (isBeforeSink) await moveSinksBehind(db, name, until);
    await sql`drop table ${sql.table(name)}`.execute(db);
    dropped.push(name);
  }
  return { dropped, kept };
}

/**
 * Moves sinks to the end of a day. The new epoch fences whoever forwards from it; a crash before the day is dropped
 * leaves them where they are then, and nothing is counted twice.
 */
async function moveSinksBehind(db: Db, name: string, until: Date): Promise<void> {
  await sql`
    with ends as (select log_partition, max(log_offset) as last_offset from ${sql.table(name)} group by log_partition)
    update reader_positions r set epoch = r.epoch + 1, received_at = ${until.toISOString()}::timestamptz, updated_at = now(),
      log_offset = greatest(r.log_offset, coalesce(e.last_offset, 0)),
      skipped = r.skipped + greatest(0, coalesce(e.last_offset, 0) - r.log_offset)
    from log_heads h left join ends e using (log_partition)
    where h.log_partition = r.log_partition and starts_with(r.reader, 'sink/') and r.received_at < ${until.toISOString()}::timestamptz
      and r.log_offset < h.last_offset`.execute(db);
}

/** Forgets check slots older than any result that may still come, rollups past their age, and finished side tables. */
export async function sweepOldRows(
  db: Db,
  keep: { readonly minuteMs: number; readonly hourMs: number; readonly dayMs: number },
): Promise<void> {
  const olderThan = (milliseconds: number) => sql`now() - ${milliseconds} * interval '1 millisecond'`;
  await sql`delete from check_slots where slot_at < ${olderThan(2 * dayMs)}`.execute(db);
  await sql`delete from deliveries where expires_at < now()`.execute(db);
  await sql`delete from check_runs where requested_at < ${olderThan(dayMs)}`.execute(db);
  await sql`delete from dead_letters where at < ${olderThan(30 * dayMs)}`.execute(db);
  await sql`delete from dead_letters where id <= (
    select id from dead_letters where door is not null order by id desc offset ${keptDoorLetters} limit 1
  ) and door is not null`.execute(db);
  await sql`delete from refused_inputs where last_at < ${olderThan(30 * dayMs)}`.execute(db);
  await sql`delete from idempotency_keys where created_at < ${olderThan(dayMs)}`.execute(db);
  await sql`delete from notifications where delivered_at < ${olderThan(dayMs)}`.execute(db);
  await sql`delete from login_links where expires_at < ${olderThan(dayMs)}`.execute(db);
  await sql`delete from sessions where expires_at < now()`.execute(db);
  await sql`delete from processes where seen_at < ${olderThan(dayMs)}`.execute(db);
  await sql`delete from rollups where granularity_s < 3600 and bucket_at < ${olderThan(keep.minuteMs)}`.execute(db);
  await sql`delete from rollups where granularity_s >= 3600 and granularity_s < 86400 and bucket_at < ${olderThan(keep.hourMs)}`.execute(
    db,
  );
  await sql`delete from rollups where granularity_s >= 86400 and bucket_at < ${olderThan(keep.dayMs)}`.execute(db);
}

/** `ensureEventPartitions` on a connection of its own. */
export async function prepareEventPartitions(connection: Connection): Promise<void> {
  const client = newClient(clientConfig(connection));
  await client.connect();
  try {
    await ensureEventPartitions(client);
  } finally {
    await client.end();
  }
}
