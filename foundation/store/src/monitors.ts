import { WatchkeeperError } from '@watchkeeper/model';
import { type RawBuilder, sql, type Transaction } from 'kysely';
import { type MonitorDetail, readMonitors } from './monitor-reads.ts';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** A monitor as it is written, everything filled in. */
export interface MonitorDefinition {
  readonly name: string;
  readonly service: string;
  readonly environment: string;
  readonly zones: readonly string[];
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** What is checked, in a few words. */
  readonly target: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly assertions: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly paused: boolean;
}

const columnsOf = (definition: MonitorDefinition) => ({
  name: definition.name,
  service: definition.service,
  environment: definition.environment,
  zones: [...definition.zones],
  type: definition.type,
  options: JSON.stringify(definition.options),
  target: definition.target,
  interval_ms: definition.intervalMs,
  timeout_ms: definition.timeoutMs,
  retries: definition.retries,
  assertions: [...definition.assertions],
  labels: JSON.stringify(definition.labels),
  paused: definition.paused,
});

/** @throws WatchkeeperError `name_taken` */
export async function insertMonitor(
  tx: Transaction<Tables>,
  tenantId: number,
  definition: MonitorDefinition,
  applied: boolean,
): Promise<MonitorDetail> {
  const id = crypto.randomUUID();
  await tx
    .insertInto('monitors')
    .values({ id, tenant_id: tenantId, ...columnsOf(definition), applied, deleted_at: null })
    .execute()
    .catch((error: unknown) => rethrowNameTaken(error, definition.name));
  return readOne(tx, id);
}

/** Changes a monitor that the caller has locked. @throws WatchkeeperError `name_taken` */
export async function updateMonitor(
  tx: Transaction<Tables>,
  id: string,
  definition: MonitorDefinition,
  { applied }: { readonly applied?: boolean } = {},
): Promise<MonitorDetail> {
  await tx
    .updateTable('monitors')
    .set({
      ...columnsOf(definition),
      ...(applied === undefined ? {} : { applied }),
      version: sql<number>`version + 1`,
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .execute()
    .catch((error: unknown) => rethrowNameTaken(error, definition.name));
  return readOne(tx, id);
}

/** A monitor of a tenant, locked until the end of the transaction. */
export async function lockMonitor(
  tx: Transaction<Tables>,
  tenantId: number,
  where: { readonly id: string } | { readonly name: string },
): Promise<MonitorDetail | undefined> {
  const condition = 'id' in where ? sql`id = ${where.id}::uuid` : sql`name = ${where.name}`;
  const { rows } = await sql<{ id: string }>`
    select id from monitors where ${condition} and deleted_at is null
      and ${tenantId}::integer in (${allTenants}::integer, tenant_id) for update`.execute(tx);
  return rows[0] === undefined ? undefined : readOne(tx, rows[0].id);
}

/** Marks monitors as deleted; their events stay until retention drops them. Returns what was deleted. */
export async function deleteMonitors(tx: Transaction<Tables>, ids: RawBuilder<string>): Promise<MonitorDetail[]> {
  const found = await lockAll(tx, ids);
  await sql`update monitors set deleted_at = now(), version = version + 1 where id = any(${found.map(({ id }) => id)}::uuid[])`.execute(
    tx,
  );
  return found;
}

/** Starts or stops monitors; returns those that were not so before, as they are now. */
export async function setMonitorsPaused(
  tx: Transaction<Tables>,
  ids: RawBuilder<string>,
  paused: boolean,
): Promise<MonitorDetail[]> {
  const changing = (await lockAll(tx, ids)).filter((monitor) => monitor.paused !== paused).map(({ id }) => id);
  await sql`update monitors set paused = ${paused}, version = version + 1, updated_at = now() where id = any(${changing}::uuid[])`.execute(
    tx,
  );
  return readMonitors(tx, changing);
}

/** A list of identifiers as a subquery, for the functions that take one. */
export function monitorIds(ids: readonly string[]): RawBuilder<string> {
  return sql`(select unnest(${ids}::uuid[]))`;
}

/** All monitors of a tenant that are not deleted, by name; only those that `apply` made where asked. */
export async function listMonitorDetails(
  db: Db,
  tenantId: number,
  { appliedOnly = false }: { readonly appliedOnly?: boolean } = {},
): Promise<MonitorDetail[]> {
  const { rows } = await sql<{ id: string }>`
    select id from monitors where deleted_at is null and tenant_id = ${tenantId} and (applied or not ${appliedOnly}::boolean)`.execute(
    db,
  );
  const found = await readMonitors(
    db,
    rows.map(({ id }) => id),
  );
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

// Locked in the order of identifiers, so that two bulk changes cannot deadlock.
async function lockAll(tx: Transaction<Tables>, ids: RawBuilder<string>): Promise<MonitorDetail[]> {
  const { rows } = await sql<{ id: string }>`
    select id from monitors where id in ${ids} and deleted_at is null order by id for update`.execute(tx);
  return readMonitors(
    tx,
    rows.map(({ id }) => id),
  );
}

async function readOne(tx: Transaction<Tables>, id: string): Promise<MonitorDetail> {
  const [row] = await readMonitors(tx, [id]);
  return row as MonitorDetail;
}

function rethrowNameTaken(error: unknown, name: string): never {
  const { code, constraint } = error as { code?: string; constraint?: string };
  if (code === '23505' && constraint === 'monitors_by_name') {
    throw new WatchkeeperError('name_taken', `There is a monitor "${name}" already. Choose another name.`, {
      problems: [{ pointer: '/name', message: 'another monitor has this name' }],
    });
  }
  throw error;
}

export async function countMonitors(db: Db, ids: RawBuilder<string>): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from monitors where id in ${ids}`.execute(db);
  return rows[0]?.count ?? 0;
}
