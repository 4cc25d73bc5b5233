import { sql } from 'kysely';
import type { Db } from './store.ts';

/** Identifier of the tenant `default`. */
export const defaultTenantId = 1;

/** All tenants: name → identifier. */
export async function tenantIds(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db.selectFrom('tenants').select(['id', 'name']).execute();
  return new Map(rows.map((row) => [row.name, row.id]));
}

/** The identifier of a tenant, which is made when it is not there. */
export async function ensureTenant(db: Db, name: string): Promise<number> {
  await sql`insert into tenants (name) values (${name}) on conflict (name) do nothing`.execute(db);
  const { id } = await db.selectFrom('tenants').select('id').where('name', '=', name).executeTakeFirstOrThrow();
  return id;
}
