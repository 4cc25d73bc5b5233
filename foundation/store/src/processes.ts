import type { ProcessFigures } from '@watchkeeper/model';
import { sql } from 'kysely';
import type { Db } from './store.ts';

/** Processes that work on this database. */

export interface ProcessRow {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly roles: readonly string[];
  readonly zones: readonly string[];
  readonly startedAt: Date;
}

/**
 * Says that a process is there; called every few seconds. The leases that it holds at that moment are kept with its
 * figures: when it falls silent, they tell what has to be taken over.
 */
export async function noteProcess(
  db: Db,
  row: ProcessRow & { readonly figures: Omit<ProcessFigures, 'leases'> },
): Promise<void> {
  await sql`
    insert into processes (id, host, pid, version, roles, zones, started_at, seen_at, figures)
    values (${row.id}, ${row.host}, ${row.pid}, ${row.version}, ${row.roles}::text[], ${row.zones}::text[], ${row.startedAt}, now(),
      ${JSON.stringify(row.figures)}::jsonb || jsonb_build_object('leases', array(
        select name from leases where holder = ${row.id} and serves is null and expires_at > clock_timestamp() order by name)))
    on conflict (id) do update set seen_at = now(), figures = excluded.figures`.execute(db);
}

export async function forgetProcess(db: Db, id: string): Promise<void> {
  await sql`delete from processes where id = ${id}`.execute(db);
}

export interface ProductCounts {
  readonly monitors: number;
  readonly services: number;
  readonly environments: number;
  readonly zones: number;
  readonly series: number;
  readonly events: number;
  readonly openAlerts: number;
}

/** How much there is of everything; under a reader's rights only what it may see. */
export async function readProductCounts(db: Db): Promise<ProductCounts> {
  const { rows } = await sql<ProductCounts>`
    select
      (select count(*) from monitors where deleted_at is null) as monitors,
      (select count(*) from services) as services,
      (select count(*) from environments) as environments,
      (select count(*) from zones) as zones,
      (select count(*) from series) as series,
      (select coalesce(sum(last_offset), 0)::bigint from log_heads) as events,
      (select count(*) from alerts where resolved_at is null) as "openAlerts"`.execute(db);
  return rows[0] as ProductCounts;
}
