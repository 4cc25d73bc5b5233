import { type EnvironmentInput, type ServiceInput, WatchkeeperError, type ZoneInput } from '@watchkeeper/model';
import { type Selectable, sql, type Transaction } from 'kysely';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Environments, zones and services: what is watched and from where. */

type Named<Table extends 'environments' | 'zones' | 'services'> = Selectable<Tables[Table]> & {
  readonly tenant: string;
};
export type EnvironmentRow = Named<'environments'>;
export type ZoneRow = Named<'zones'>;
export type ServiceRow = Named<'services'>;

/** An object before and after a write; equal versions mean that nothing changed. */
export interface Put<Row> {
  readonly before: Row | undefined;
  readonly after: Row;
}

async function list<Table extends 'environments' | 'zones' | 'services'>(
  db: Db,
  table: Table,
  tenantId: number,
): Promise<Named<Table>[]> {
  const { rows } = await sql<Named<Table>>`
    select o.*, t.name as tenant from ${sql.table(table)} o join tenants t on t.id = o.tenant_id
    where ${tenantId}::integer in (${allTenants}::integer, o.tenant_id) order by o.name, t.name`.execute(db);
  return rows;
}

export const listEnvironments = (db: Db, tenantId: number): Promise<EnvironmentRow[]> =>
  list(db, 'environments', tenantId);
export const listZones = (db: Db, tenantId: number): Promise<ZoneRow[]> => list(db, 'zones', tenantId);
export const listServices = (db: Db, tenantId: number): Promise<ServiceRow[]> => list(db, 'services', tenantId);

async function readOne<Table extends 'environments' | 'zones' | 'services'>(
  tx: Transaction<Tables>,
  table: Table,
  tenantId: number,
  name: string,
): Promise<Named<Table> | undefined> {
  const { rows } = await sql<Named<Table>>`
    select o.*, t.name as tenant from ${sql.table(table)} o join tenants t on t.id = o.tenant_id
    where o.tenant_id = ${tenantId} and o.name = ${name} for update of o`.execute(tx);
  return rows[0];
}

/** A service of a tenant, locked until the end of the transaction. */
export const lockService = (tx: Transaction<Tables>, tenantId: number, name: string) =>
  readOne(tx, 'services', tenantId, name);

export async function putEnvironment(
  tx: Transaction<Tables>,
  tenantId: number,
  { name, title }: EnvironmentInput,
): Promise<Put<EnvironmentRow>> {
  const before = await readOne(tx, 'environments', tenantId, name);
  await sql`
    insert into environments (tenant_id, name, title) values (${tenantId}, ${name}, ${title ?? name})
    on conflict (tenant_id, name) do update set title = ${title ?? before?.title ?? name}, version = environments.version + 1
    where environments.title <> ${title ?? before?.title ?? name}`.execute(tx);
  return { before, after: (await readOne(tx, 'environments', tenantId, name)) as EnvironmentRow };
}

export async function putZone(
  tx: Transaction<Tables>,
  tenantId: number,
  { name, title: givenTitle, code: givenCode }: ZoneInput,
): Promise<Put<ZoneRow>> {
  const before = await readOne(tx, 'zones', tenantId, name);
  const title = givenTitle ?? before?.title ?? name;
  const code = givenCode ?? before?.code ?? codeOf(name);
  await sql`
    insert into zones (tenant_id, name, title, code) values (${tenantId}, ${name}, ${title}, ${code})
    on conflict (tenant_id, name) do update set title = ${title}, code = ${code}, version = zones.version + 1
    where (zones.title, zones.code) <> (${title}, ${code})`.execute(tx);
  return { before, after: (await readOne(tx, 'zones', tenantId, name)) as ZoneRow };
}

/** Three letters of a name: `frankfurt` → `FRA`. */
function codeOf(name: string): string {
  return (name.replace(/[^a-z0-9]/g, '').slice(0, 3) || name.slice(0, 1)).toUpperCase();
}

/** @throws WatchkeeperError `validation_failed` when a service would depend on itself or on one that is not there */
export async function putService(
  tx: Transaction<Tables>,
  tenantId: number,
  { name, title: givenTitle, dependsOn: givenDependencies }: ServiceInput,
): Promise<Put<ServiceRow>> {
  const before = await readOne(tx, 'services', tenantId, name);
  const title = givenTitle ?? before?.title ?? name;
  const dependsOn = givenDependencies ?? before?.depends_on ?? [];
  await sql`
    insert into services (tenant_id, name, title, depends_on) values (${tenantId}, ${name}, ${title}, ${dependsOn}::text[])
    on conflict (tenant_id, name) do update set title = ${title}, depends_on = ${dependsOn}::text[], version = services.version + 1
    where (services.title, services.depends_on) is distinct from (${title}, ${dependsOn}::text[])`.execute(tx);
  return { before, after: (await readOne(tx, 'services', tenantId, name)) as ServiceRow };
}

/** Services that a service names as what it needs and that are not there. */
export async function missingDependencies(
  tx: Transaction<Tables>,
  tenantId: number,
  dependsOn: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from unnest(${dependsOn}::text[]) name
    where not exists (select from services s where s.tenant_id = ${tenantId} and s.name = name.name)`.execute(tx);
  return rows.map(({ name }) => name);
}

/** @throws WatchkeeperError `not_found`; `conflict` while a monitor watches it or another service depends on it */
export async function deleteService(tx: Transaction<Tables>, tenantId: number, name: string): Promise<ServiceRow> {
  const row = await lockService(tx, tenantId, name);
  if (row === undefined) throw serviceNotFound(name);
  const { rows } = await sql<{ monitors: number; dependents: string[] }>`
    select (select count(*) from monitors where tenant_id = ${tenantId} and service = ${name} and deleted_at is null) as monitors,
      array(select name from services where tenant_id = ${tenantId} and ${name} = any(depends_on) order by name) as dependents`.execute(
    tx,
  );
  const { monitors, dependents } = rows[0] as (typeof rows)[number];
  if (monitors > 0 || dependents.length > 0) {
    const why = monitors > 0 ? `${monitors} monitors watch it` : `${dependents.join(', ')} depends on it`;
    throw new WatchkeeperError('conflict', `Service "${name}" cannot be deleted: ${why}. Change that first.`, {
      details: { monitors, dependents },
    });
  }
  await sql`delete from monitors where tenant_id = ${tenantId} and service = ${name}`.execute(tx);
  await sql`delete from service_states where tenant_id = ${tenantId} and service = ${name}`.execute(tx);
  await sql`delete from services where tenant_id = ${tenantId} and name = ${name}`.execute(tx);
  return row;
}

export function serviceNotFound(name: string): WatchkeeperError {
  return new WatchkeeperError('not_found', `There is no service "${name}". List the services to see which there are.`, {
    details: { name },
  });
}

/** Makes environment and service of a monitor where they are not there yet; returns what was made. */
export async function ensurePlaces(
  tx: Transaction<Tables>,
  tenantId: number,
  { service, environment }: { readonly service: string; readonly environment: string },
): Promise<{ readonly kind: 'environment' | 'service'; readonly name: string }[]> {
  const made: { kind: 'environment' | 'service'; name: string }[] = [];
  const environments = await sql`insert into environments (tenant_id, name, title)
    values (${tenantId}, ${environment}, ${environment}) on conflict do nothing`.execute(tx);
  if (environments.numAffectedRows === 1n) made.push({ kind: 'environment', name: environment });
  const services = await sql`insert into services (tenant_id, name, title)
    values (${tenantId}, ${service}, ${service}) on conflict do nothing`.execute(tx);
  if (services.numAffectedRows === 1n) made.push({ kind: 'service', name: service });
  return made;
}

/** Names of the zones a tenant may watch from. */
export async function zoneNames(db: Db, tenantId: number): Promise<string[]> {
  const rows = await db.selectFrom('zones').select('name').where('tenant_id', '=', tenantId).orderBy('name').execute();
  return rows.map(({ name }) => name);
}

/** Makes the zones that a process watches from, for every tenant. */
export async function ensureZones(db: Db, zones: readonly string[]): Promise<void> {
  for (const zone of [...zones].sort()) {
    await sql`insert into zones (tenant_id, name, title, code) select id, ${zone}, ${zone}, ${codeOf(zone)} from tenants
      on conflict do nothing`.execute(db);
  }
}

export interface ServiceStateRow {
  readonly tenant_id: number;
  readonly service: string;
  readonly environment: string;
  readonly state: string;
  readonly since: Date;
  readonly reason: string | null;
  readonly message: string | null;
  readonly held_by: string | null;
}

/** States of services, all environments, by environment. */
export async function readServiceStates(db: Db, tenantId: number): Promise<ServiceStateRow[]> {
  const { rows } = await sql<ServiceStateRow>`
    select * from service_states where ${tenantId}::integer in (${allTenants}::integer, tenant_id)
    order by environment`.execute(db);
  return rows;
}

/** Monitors by tenant and service. */
export async function countMonitorsByService(
  db: Db,
  tenantId: number,
): Promise<readonly { readonly tenantId: number; readonly service: string; readonly count: number }[]> {
  const { rows } = await sql<{ tenantId: number; service: string; count: number }>`
    select tenant_id as "tenantId", service, count(*) as count from monitors
    where deleted_at is null and ${tenantId}::integer in (${allTenants}::integer, tenant_id) group by 1, 2`.execute(db);
  return rows;
}

/** Zones with a scheduler whose lease has not run out: `scheduler/<zone>`, with the tenant behind it where it is one's own. */
export async function watchedZones(db: Db): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ zone: string }>`
    select distinct split_part(name, '/', 2) as zone from leases
    where starts_with(name, 'scheduler/') and serves is null and expires_at > now()`.execute(db);
  return new Set(rows.map(({ zone }) => zone));
}
