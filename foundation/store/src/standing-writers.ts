import { sql } from 'kysely';
import { type Db, idleInTransactionMs } from './store.ts';

/**
 * Ends connections of processes that stand still in the middle of a COPY (stopped, or frozen with their machine) and
 * keep a lock that somebody waits for; their transactions roll back. PostgreSQL's time limits do not help: the one for
 * idle transactions does not count a COPY, and a statement that waits for its client cannot be cancelled.
 * Returns how many were ended.
 */
export async function endStandingWriters(db: Db): Promise<number> {
  const { rows } = await sql<{ ended: number }>`
    select count(*) filter (where pg_terminate_backend(writer.pid))::integer as ended
    from pg_stat_activity writer
    where writer.datname = current_database() and writer.usename = current_user and writer.application_name = 'watchkeeper'
      and writer.state = 'active' and writer.wait_event = 'ClientRead' and starts_with(writer.query, 'copy ')
      and writer.query_start < clock_timestamp() - ${idleInTransactionMs} * interval '1 millisecond'
      and exists (
        select from pg_stat_activity waiter
        where waiter.datname = writer.datname and waiter.wait_event_type = 'Lock'
          and writer.pid = any(pg_blocking_pids(waiter.pid))
      )`.execute(db);
  return rows[0]?.ended ?? 0;
}
