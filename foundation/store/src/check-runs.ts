import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Checks outside the schedule, as those who asked for them see them. */

export interface CheckRunRow {
  readonly id: string;
  readonly monitorId: string | null;
  readonly requestedAt: Date;
  readonly zones: readonly {
    readonly zone: string;
    readonly finishedAt: Date | null;
    readonly result: Readonly<Record<string, unknown>> | null;
  }[];
}

export async function insertCheckRun(
  tx: Transaction<Tables>,
  run: {
    readonly tenantId: number;
    readonly monitorId: string | null;
    readonly definition: Readonly<Record<string, unknown>>;
    readonly zones: readonly string[];
  },
): Promise<CheckRunRow> {
  const id = crypto.randomUUID();
  await tx
    .insertInto('check_runs')
    .values({
      id,
      tenant_id: run.tenantId,
      monitor_id: run.monitorId,
      definition: JSON.stringify(run.definition),
    })
    .execute();
  await sql`insert into check_run_zones (run_id, zone) select ${id}::uuid, unnest(${run.zones}::text[])`.execute(tx);
  return (await readCheckRun(tx, id)) as CheckRunRow;
}

export async function readCheckRun(db: Db, id: string): Promise<CheckRunRow | undefined> {
  const run = await db
    .selectFrom('check_runs')
    .select(['id', 'monitor_id as monitorId', 'requested_at as requestedAt'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (run === undefined) return undefined;
  const zones = await db
    .selectFrom('check_run_zones')
    .select(['zone', 'finished_at as finishedAt', 'result'])
    .where('run_id', '=', id)
    .orderBy('zone')
    .execute();
  return { ...run, zones };
}
