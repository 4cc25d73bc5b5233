import { sql } from 'kysely';
import type { Db } from './store.ts';

/**
 * Leases: time and epoch. The time is the database's; the epoch rises with every take-over, and every effect of a
 * holder checks an epoch in its own transaction (of the lease, or of the reader that it moves), so a holder that was stopped and continued does no harm.
 */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  readonly epoch: number;
}

/** Takes a free or expired lease, or renews one's own; undefined when another holder has it. */
export async function acquireLease(
  db: Db,
  { name, holder, seconds }: { name: string; holder: string; seconds: number },
): Promise<Lease | undefined> {
  const { rows } = await sql<{ epoch: number }>`
    insert into leases (name, holder, expires_at) values (${name}, ${holder}, clock_timestamp() + ${seconds} * interval '1 second')
    on conflict (name) do update set
      epoch = leases.epoch + case when leases.holder = excluded.holder and leases.expires_at > clock_timestamp() then 0 else 1 end,
      holder = excluded.holder, expires_at = excluded.expires_at
    where leases.holder = excluded.holder or leases.expires_at <= clock_timestamp()
    returning epoch`.execute(db);
  const epoch = rows[0]?.epoch;
  return epoch === undefined ? undefined : { name, holder, epoch };
}

/** Prolongs a lease that is still one's own; false when it was lost. */
export async function renewLease(db: Db, { name, holder, epoch }: Lease, seconds: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update leases set expires_at = clock_timestamp() + ${seconds} * interval '1 second'
    where name = ${name} and holder = ${holder} and epoch = ${epoch} and expires_at > clock_timestamp()`.execute(db);
  return numAffectedRows === 1n;
}

/** Prolongs those leases that are still one's own, in one statement; the names of these. */
export async function renewLeases(db: Db, leases: readonly Lease[], seconds: number): Promise<ReadonlySet<string>> {
  if (leases.length === 0) return new Set();
  const { rows } = await sql<{ name: string }>`
    update leases l set expires_at = clock_timestamp() + ${seconds} * interval '1 second'
    from unnest(${leases.map((lease) => lease.name)}::text[], ${leases.map((lease) => lease.holder)}::text[], ${leases.map((lease) => lease.epoch)}::bigint[])
      as mine (name, holder, epoch)
    where l.name = mine.name and l.holder = mine.holder and l.epoch = mine.epoch and l.expires_at > clock_timestamp()
    returning l.name`.execute(db);
  return new Set(rows.map((row) => row.name));
}

/** Gives a lease back, so that the next holder need not wait. */
export async function releaseLease(db: Db, { name, holder, epoch }: Lease): Promise<void> {
  await sql`update leases set expires_at = clock_timestamp() where name = ${name} and holder = ${holder} and epoch = ${epoch}`.execute(
    db,
  );
}
