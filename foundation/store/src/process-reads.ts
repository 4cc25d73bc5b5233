import { sql } from 'kysely';
import type { ProcessRow } from './processes.ts';
import type { Db, Tx } from './store.ts';

/** Who works on this database, who holds what, and how far the readers of the log have come. */

export interface SeenProcess extends ProcessRow {
  /** What it last told about itself, as `noteProcess` or another release wrote it. */
  readonly figures: unknown;
  readonly seenAt: Date;
  /** Time since it was last seen by the clock of the database, milliseconds. */
  readonly silentMs: number;
}

/** Processes that were seen within a day, those seen last first. */
export async function readProcesses(db: Db): Promise<SeenProcess[]> {
  const { rows } = await sql<SeenProcess>`
    select id, host, pid, version, roles, zones, started_at as "startedAt", seen_at as "seenAt", figures,
      (extract(epoch from clock_timestamp() - seen_at) * 1000)::float8 as "silentMs"
    from processes where seen_at > now() - interval '1 day' order by started_at, id`.execute(db);
  return rows;
}

export interface SeenLease {
  readonly name: string;
  readonly holder: string;
  readonly expiresAt: Date;
  readonly isHeld: boolean;
}

/** Every right to something that was ever taken, and whether somebody has it now; not who only takes part in sharing. */
export async function readLeases(db: Db): Promise<SeenLease[]> {
  const { rows } = await sql<SeenLease>`
    select name, holder, expires_at as "expiresAt", expires_at > clock_timestamp() as "isHeld"
    from leases where serves is null order by name`.execute(db);
  return rows;
}

export interface SeenReader {
  readonly reader: string;
  readonly partition: number;
  /** When it last moved or was taken over; null when nobody ever read this partition. */
  readonly updatedAt: Date | null;
  /** Events behind the end of the partition; null where the log is not in the database. */
  readonly lagEvents: number | null;
  /** Age of the oldest event that is not read, milliseconds; 0 when there is none. */
  readonly lagMs: number | null;
}

/**
 * Every reader in every partition. The oldest unread event is the first one after the position; it lies close to the
 * arrival of the position, where the BRIN index leads, so a long backlog costs no more than a short one.
 */
export async function readReaders(tx: Tx): Promise<SeenReader[]> {
  // For one row the planner would rather read the table from wherever the scan before it stopped.
  await sql`set local enable_seqscan = off`.execute(tx);
  const { rows } = await sql<SeenReader>`
    select n.reader, p.log_partition as partition, r.updated_at as "updatedAt",
      greatest(0, h.last_offset - coalesce(r.log_offset, 0)) as "lagEvents",
      case when h.last_offset <= coalesce(r.log_offset, 0) then 0
        else (extract(epoch from clock_timestamp() - coalesce(u.received_at, h.received_at)) * 1000)::float8 end as "lagMs"
    from (
      -- A paused sink is read by nobody, and nothing is wrong with that.
      select distinct p.reader from reader_positions p where not exists (
        select from sinks s join tenants t on t.id = s.tenant_id where s.paused and p.reader = 'sink/' || t.name || '/' || s.name)
    ) n
    cross join (select log_partition from log_heads union select log_partition from reader_positions) p
    left join reader_positions r on r.reader = n.reader and r.log_partition = p.log_partition
    left join log_heads h on h.log_partition = p.log_partition
    left join lateral (
      select e.received_at from events e
      where h.last_offset > r.log_offset and e.log_partition = p.log_partition
        and e.received_at >= r.received_at and e.received_at <= h.received_at and e.log_offset > r.log_offset
      limit 1
    ) u on true
    order by 1, 2`.execute(tx);
  return rows;
}
