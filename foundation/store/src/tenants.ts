import type { Db } from './store.ts';

/** Identifier of the tenant `default`. */
export const defaultTenantId = 1;

/** All tenants: name → identifier. */
export async function tenantIds(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db.selectFrom('tenants').select(['id', 'name']).execute();
  return new Map(rows.map((row) => [row.name, row.id]));
}
