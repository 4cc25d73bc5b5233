import { type State, states } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** States of services per environment: written by the role health only, one transaction of a tenant at a time. */

/** What the monitors of a service come to in one environment. */
export interface MeasuredService {
  readonly service: string;
  readonly environment: string;
  /** The worst state of all pairs that are not paused; `paused` when all are. */
  readonly state: State;
  /** Of the pair that came to that state first (a silent one before those that are awaited), microseconds since 1970-01-01 UTC. */
  readonly sinceUs: number | null;
  readonly reason: string | null;
  readonly message: string | null;
}

export interface StoredService {
  readonly service: string;
  readonly environment: string;
  readonly state: State;
  readonly sinceUs: number;
  readonly reason: string | null;
  readonly message: string | null;
  readonly heldBy: string | null;
}

/** Tenants with monitors or states of services. */
export async function tenantsWithServices(db: Db): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select tenant_id as id from monitors where deleted_at is null union select tenant_id from service_states order by 1`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}

/** From here on nobody else works on the states of services of this tenant until the transaction ends. */
export async function lockTenantStates(tx: Transaction<Tables>, tenantId: number): Promise<void> {
  await sql`select id from tenants where id = ${tenantId} for no key update`.execute(tx);
}

export async function measureServices(tx: Transaction<Tables>, tenantId: number): Promise<MeasuredService[]> {
  const { rows } = await sql<MeasuredService>`
    with pairs as (
      select m.service, m.environment, m.name as monitor, z.zone, s.reason, s.message,
        (extract(epoch from s.since) * 1000000)::bigint as since_us,
        case when m.paused then 'paused' else coalesce(s.state, 'unknown') end as state
      from monitors m cross join unnest(m.zones) z (zone)
      left join monitor_states s on s.monitor_id = m.id and s.zone = z.zone
      where m.tenant_id = ${tenantId} and m.deleted_at is null
    )
    select distinct on (service, environment) service, environment, state, since_us as "sinceUs", reason, message
    from pairs order by service, environment, array_position(${[...states]}::text[], state), state = 'unknown' and message is null, since_us nulls last, monitor, zone`.execute(
    tx,
  );
  return rows;
}

export async function readStoredServices(tx: Transaction<Tables>, tenantId: number): Promise<StoredService[]> {
  const { rows } = await sql<StoredService>`
    select service, environment, state, (extract(epoch from since) * 1000000)::bigint as "sinceUs", reason, message, held_by as "heldBy"
    from service_states where tenant_id = ${tenantId}`.execute(tx);
  return rows;
}

/** Service → services it depends on. */
export async function readDependencies(
  tx: Transaction<Tables>,
  tenantId: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await tx
    .selectFrom('services')
    .select(['name', 'depends_on'])
    .where('tenant_id', '=', tenantId)
    .execute();
  return new Map(rows.map((row) => [row.name, row.depends_on]));
}

export async function saveService(tx: Transaction<Tables>, tenantId: number, row: StoredService): Promise<void> {
  await sql`
    insert into service_states (tenant_id, service, environment, state, since, reason, message, held_by)
    values (${tenantId}, ${row.service}, ${row.environment}, ${row.state}, timestamptz 'epoch' + ${row.sinceUs}::bigint * interval '1 microsecond',
      ${row.reason}, ${row.message}, ${row.heldBy})
    on conflict (tenant_id, service, environment) do update set
      state = excluded.state, since = excluded.since, reason = excluded.reason, message = excluded.message, held_by = excluded.held_by`.execute(
    tx,
  );
}

export async function dropService(
  tx: Transaction<Tables>,
  tenantId: number,
  { service, environment }: Pick<StoredService, 'service' | 'environment'>,
): Promise<void> {
  await sql`delete from service_states where tenant_id = ${tenantId} and service = ${service} and environment = ${environment}`.execute(
    tx,
  );
}
