import type { AlertChannelInput, State } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Put } from './places.ts';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Channels: who is told, how, and of what. */

export interface AlertChannelRow {
  readonly tenantId: number;
  readonly tenant: string;
  readonly name: string;
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly states: readonly State[];
  readonly environments: readonly string[];
  readonly services: readonly string[];
  readonly groupWaitMs: number;
  readonly resolved: boolean;
  readonly paused: boolean;
  readonly version: number;
}

export interface ChannelDelivery {
  readonly at: Date;
  readonly delivered: boolean;
  readonly error: string | null;
  readonly waiting: number;
}

const columns =
  sql.raw(`c.tenant_id as "tenantId", t.name as tenant, c.name, c.type, c.options, c.states, c.environments,
  c.services, c.group_wait_ms as "groupWaitMs", c.resolved, c.paused, c.version`);

/** Channels of a tenant (or of all tenants), by name. */
export async function listAlertChannels(db: Db, tenantId: number): Promise<AlertChannelRow[]> {
  const { rows } = await sql<AlertChannelRow>`
    select ${columns} from alert_channels c join tenants t on t.id = c.tenant_id
    where ${tenantId}::integer in (${allTenants}::integer, c.tenant_id) order by c.name, t.name`.execute(db);
  return rows;
}

export async function findAlertChannel(db: Db, tenantId: number, name: string): Promise<AlertChannelRow | undefined> {
  const { rows } = await sql<AlertChannelRow>`
    select ${columns} from alert_channels c join tenants t on t.id = c.tenant_id
    where c.tenant_id = ${tenantId} and c.name = ${name}`.execute(db);
  return rows[0];
}

/** A channel, locked until the end of the transaction. */
export async function lockAlertChannel(
  tx: Transaction<Tables>,
  tenantId: number,
  name: string,
): Promise<AlertChannelRow | undefined> {
  const { rows } = await sql<AlertChannelRow>`
    select ${columns} from alert_channels c join tenants t on t.id = c.tenant_id
    where c.tenant_id = ${tenantId} and c.name = ${name} for update of c`.execute(tx);
  return rows[0];
}

/** A channel as it is written, everything filled in. */
export type AlertChannelDefinition = Required<Omit<AlertChannelInput, 'groupWait'>> & { readonly groupWaitMs: number };

export async function putAlertChannel(
  tx: Transaction<Tables>,
  tenantId: number,
  channel: AlertChannelDefinition,
): Promise<Put<AlertChannelRow>> {
  const before = await lockAlertChannel(tx, tenantId, channel.name);
  await sql`
    insert into alert_channels as c (tenant_id, name, type, options, states, environments, services, group_wait_ms, resolved, paused)
    values (${tenantId}, ${channel.name}, ${channel.type}, ${JSON.stringify(channel.options)}::jsonb, ${channel.states}::text[],
      ${channel.environments}::text[], ${channel.services}::text[], ${channel.groupWaitMs}, ${channel.resolved}, ${channel.paused})
    on conflict (tenant_id, name) do update set
      type = excluded.type, options = excluded.options, states = excluded.states, environments = excluded.environments, services = excluded.services,
      group_wait_ms = excluded.group_wait_ms, resolved = excluded.resolved, paused = excluded.paused, version = c.version + 1
    where (c.type, c.options, c.states, c.environments, c.services, c.group_wait_ms, c.resolved, c.paused)
      is distinct from (excluded.type, excluded.options, excluded.states, excluded.environments, excluded.services, excluded.group_wait_ms, excluded.resolved, excluded.paused)`.execute(
    tx,
  );
  return { before, after: (await findAlertChannel(tx, tenantId, channel.name)) as AlertChannelRow };
}

/** Deletes a channel; what still waits for it is given up. */
export async function deleteAlertChannel(
  tx: Transaction<Tables>,
  tenantId: number,
  name: string,
): Promise<AlertChannelRow | undefined> {
  const before = await lockAlertChannel(tx, tenantId, name);
  await sql`delete from alert_channels where tenant_id = ${tenantId} and name = ${name}`.execute(tx);
  await sql`update alert_deliveries set given_up_at = now(), last_error = 'the channel was deleted'
    where tenant_id = ${tenantId} and channel = ${name} and delivered_at is null and given_up_at is null`.execute(tx);
  return before;
}

/** The newest finished or failing delivery of every channel, and what waits; channels that never sent are left out. */
export async function readChannelDeliveries(
  db: Db,
  tenantId: number,
): Promise<readonly (ChannelDelivery & { readonly tenantId: number; readonly channel: string })[]> {
  const { rows } = await sql<ChannelDelivery & { tenantId: number; channel: string }>`
    select distinct on (tenant_id, channel) tenant_id as "tenantId", channel,
      coalesce(delivered_at, given_up_at, due_at) as at, delivered_at is not null as delivered, last_error as error,
      (select count(*) from alert_deliveries w where w.tenant_id = d.tenant_id and w.channel = d.channel
        and w.delivered_at is null and w.given_up_at is null) as waiting
    from alert_deliveries d
    where attempts > 0 and ${tenantId}::integer in (${allTenants}::integer, tenant_id)
    order by tenant_id, channel, id desc`.execute(db);
  return rows;
}
