import { sql } from 'kysely';
import type { Db } from './store.ts';

/** A monitor as a scheduler needs it. */
export interface ScheduledMonitor {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  readonly service: string;
  readonly environment: string;
  readonly zones: readonly string[];
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly assertions: readonly string[];
  readonly version: number;
}

/** Monitors that are checked from one of these zones; paused and deleted ones are left out. */
export async function readSchedule(db: Db, zones: readonly string[]): Promise<ScheduledMonitor[]> {
  const rows = await db
    .selectFrom('monitors')
    .innerJoin('tenants', 'tenants.id', 'monitors.tenant_id')
    .select([
      'monitors.id',
      'tenants.name as tenant',
      'monitors.name',
      'service',
      'environment',
      'zones',
      'type',
      'options',
    ])
    .select(['interval_ms', 'timeout_ms', 'retries', 'assertions', 'version'])
    .where('paused', '=', false)
    .where('deleted_at', 'is', null)
    .where(sql<boolean>`zones && ${zones}::text[]`)
    .orderBy('monitors.id')
    .execute();
  return rows.map(({ interval_ms: intervalMs, timeout_ms: timeoutMs, ...row }) => ({ ...row, intervalMs, timeoutMs }));
}

/** A check outside the schedule that waits for a scheduler of its zone. */
export interface ClaimedCheckRun {
  readonly runId: string;
  readonly zone: string;
  /** The definition to check with; `id` is null for one that is not saved. */
  readonly monitorId: string | null;
  readonly tenant: string;
  readonly definition: Omit<ScheduledMonitor, 'id' | 'tenant' | 'version'>;
}

/** Takes open check runs of these zones; another scheduler takes them again when no answer came within a minute. */
export async function claimCheckRuns(db: Db, zones: readonly string[], limit: number): Promise<ClaimedCheckRun[]> {
  const { rows } = await sql<{
    run_id: string;
    zone: string;
    monitor_id: string | null;
    tenant: string;
    definition: ClaimedCheckRun['definition'];
  }>`
    with claimed as (
      select z.run_id, z.zone from check_run_zones z
      where z.finished_at is null and z.zone = any(${zones}::text[])
        and (z.claimed_at is null or z.claimed_at < now() - interval '1 minute')
      order by z.run_id, z.zone limit ${limit} for update skip locked
    )
    update check_run_zones z set claimed_at = now()
    from claimed c, check_runs r join tenants t on t.id = r.tenant_id
    where z.run_id = c.run_id and z.zone = c.zone and r.id = z.run_id
    returning z.run_id, z.zone, r.monitor_id, t.name as tenant, r.definition`.execute(db);
  return rows.map((row) => ({
    runId: row.run_id,
    zone: row.zone,
    monitorId: row.monitor_id,
    tenant: row.tenant,
    definition: row.definition,
  }));
}

/** Saves what a check run saw from one zone. */
export async function finishCheckRun(
  db: Db,
  runId: string,
  zone: string,
  result: Readonly<Record<string, unknown>>,
): Promise<void> {
  await sql`update check_run_zones set finished_at = now(), result = ${JSON.stringify(result)}::jsonb
    where run_id = ${runId} and zone = ${zone} and finished_at is null`.execute(db);
}
