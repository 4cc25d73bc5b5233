import type { CheckRunResult, ClaimedCheckRun, ScheduledMonitor } from '@watchkeeper/model';
import { sql } from 'kysely';
import { allTenants, type Db } from './store.ts';

export interface ScheduleRange {
  /** Only monitors of this tenant; all of them when left out. */
  readonly tenantId?: number;
  /** Only monitors whose identifier comes after this one. */
  readonly after?: string;
  readonly limit?: number;
}

/** Monitors that are checked from one of these zones, by identifier; paused and deleted ones are left out. */
export async function readSchedule(
  db: Db,
  zones: readonly string[],
  { tenantId = allTenants, after, limit }: ScheduleRange = {},
): Promise<ScheduledMonitor[]> {
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
    .$if(tenantId !== allTenants, (query) => query.where('monitors.tenant_id', '=', tenantId))
    .$if(after !== undefined, (query) => query.where('monitors.id', '>', after as string))
    .$if(limit !== undefined, (query) => query.limit(limit as number))
    .orderBy('monitors.id')
    .execute();
  return rows.map(({ interval_ms: intervalMs, timeout_ms: timeoutMs, ...row }) => ({ ...row, intervalMs, timeoutMs }));
}

/**
 * Takes open check runs of these zones, of one tenant or of all; another scheduler takes them again when no answer came
 * within a minute.
 */
export async function claimCheckRuns(
  db: Db,
  zones: readonly string[],
  limit: number,
  tenantId = allTenants,
): Promise<ClaimedCheckRun[]> {
  const { rows } = await sql<{
    run_id: string;
    zone: string;
    monitor_id: string | null;
    tenant: string;
    definition: ClaimedCheckRun['definition'];
  }>`
    with claimed as (
      select z.run_id, z.zone from check_run_zones z join check_runs r on r.id = z.run_id
      where z.finished_at is null and z.zone = any(${zones}::text[])
        and ${tenantId}::integer in (${allTenants}::integer, r.tenant_id)
        and (z.claimed_at is null or z.claimed_at < now() - interval '1 minute')
      order by z.run_id, z.zone limit ${limit} for update of z skip locked
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

/** Saves what a check run saw from one zone; false when the tenant has no such run there, or it was answered before. */
export async function finishCheckRun(
  db: Db,
  { runId, zone, tenantId = allTenants }: { readonly runId: string; readonly zone: string; readonly tenantId?: number },
  result: CheckRunResult,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update check_run_zones z set finished_at = now(), result = ${JSON.stringify(result)}::jsonb
    from check_runs r
    where z.run_id = ${runId} and z.zone = ${zone} and z.finished_at is null
      and r.id = z.run_id and ${tenantId}::integer in (${allTenants}::integer, r.tenant_id)`.execute(db);
  return numAffectedRows === 1n;
}
