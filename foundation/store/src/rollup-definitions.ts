import { type RollupInput, WatchkeeperError } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Rollup definitions as objects of people. */

/** Most definitions of one tenant: every event passes all of them. */
export const rollupsPerTenant = 50;

export interface RollupRow {
  readonly id: number;
  readonly tenantId: number | null;
  /** Name of the tenant; of a built-in rollup `default`. */
  readonly tenant: string;
  readonly builtIn: boolean;
  readonly name: string;
  readonly definition: RollupInput;
  readonly version: number;
}

/** The built-in rollups, then those of a tenant (or of all tenants), by name. */
export async function listRollups(db: Db, tenantId: number): Promise<RollupRow[]> {
  const { rows } = await sql<RollupRow>`
    select d.id, d.tenant_id as "tenantId", coalesce(t.name, 'default') as tenant, d.built_in as "builtIn", d.name, d.definition, d.version
    from rollup_definitions d left join tenants t on t.id = d.tenant_id
    where d.tenant_id is null or ${tenantId}::integer in (${allTenants}::integer, d.tenant_id)
    order by d.built_in desc, t.name, d.name`.execute(db);
  return rows;
}

/** The rollup that a tenant means by a name: a built-in one or its own. */
export async function readRollup(db: Db, tenantId: number, name: string): Promise<RollupRow | undefined> {
  return (await listRollups(db, tenantId)).find((row) => row.name === name);
}

/**
 * Creates a definition or changes one. A change begins anew: what was added up under the former definition is deleted,
 * and the definition gets a new identifier, so that a processor that has not read it yet cannot add to it any more.
 * @throws WatchkeeperError `conflict` for a built-in name, or when the tenant has too many
 */
export async function putRollup(
  tx: Transaction<Tables>,
  tenantId: number,
  input: RollupInput,
): Promise<{ row: RollupRow; before: RollupRow | undefined }> {
  // Whoever defines for this tenant waits here, so that names and numbers hold.
  await sql`select id from tenants where id = ${tenantId} for no key update`.execute(tx);
  const own = await listRollups(tx, tenantId);
  const before = own.find((row) => row.name === input.name);
  if (before?.builtIn) throw builtInConflict(input.name);
  if (before !== undefined && (await isSameDefinition(tx, before.id, input))) return { row: before, before };
  if (before === undefined && own.filter((row) => !row.builtIn).length >= rollupsPerTenant) {
    throw new WatchkeeperError(
      'conflict',
      `Rollup "${input.name}" cannot be created: there are ${rollupsPerTenant} already. Delete one that is no longer needed.`,
      { details: { limit: rollupsPerTenant } },
    );
  }
  if (before !== undefined) await tx.deleteFrom('rollup_definitions').where('id', '=', before.id).execute();
  await tx
    .insertInto('rollup_definitions')
    .values({
      tenant_id: tenantId,
      name: input.name,
      definition: JSON.stringify(input),
      version: (before?.version ?? 0) + 1,
    })
    .execute();
  return { row: (await readRollup(tx, tenantId, input.name)) as RollupRow, before };
}

/** Deletes a definition and what it added up. @throws WatchkeeperError `not_found`, `conflict` for a built-in one */
export async function deleteRollup(tx: Transaction<Tables>, tenantId: number, name: string): Promise<RollupRow> {
  const row = await readRollup(tx, tenantId, name);
  if (row === undefined) throw rollupNotFound(name);
  if (row.builtIn) throw builtInConflict(name);
  await tx.deleteFrom('rollup_definitions').where('id', '=', row.id).execute();
  return row;
}

export function rollupNotFound(name: string): WatchkeeperError {
  return new WatchkeeperError('not_found', `There is no rollup "${name}". List the rollups to see which there are.`, {
    details: { name },
  });
}

function builtInConflict(name: string): WatchkeeperError {
  return new WatchkeeperError(
    'conflict',
    `Rollup "${name}" is part of Watchkeeper and cannot be changed or deleted. Choose another name for one of your own.`,
    { details: { name } },
  );
}

async function isSameDefinition(tx: Transaction<Tables>, id: number, input: RollupInput): Promise<boolean> {
  const { rows } = await sql`
    select from rollup_definitions where id = ${id} and definition = ${JSON.stringify(input)}::jsonb`.execute(tx);
  return rows.length === 1;
}
