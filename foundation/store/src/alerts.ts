import type { State } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import { noteAlert } from './noted-effects.ts';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/**
 * Alerts: a service that is not well in an environment, or a group of events that breaks an alert rule, from the first
 * notice to the resolution. Those of rules are written by `alert-rule-standing.ts`.
 */

export interface OpenAlert {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  readonly state: State;
  readonly heldBy: string | null;
}

/** Open alerts of the services of a tenant, for whoever holds the lock on its states. */
export async function readAlertsToKeep(tx: Transaction<Tables>, tenantId: number): Promise<OpenAlert[]> {
  const { rows } = await sql<OpenAlert>`
    select id, service, environment, state, held_by as "heldBy" from alerts
    where tenant_id = ${tenantId} and resolved_at is null and rule is null`.execute(tx);
  return rows;
}

export interface AlertContent {
  readonly state: State;
  readonly reason: string | null;
  readonly message: string | null;
  readonly heldBy: string | null;
}

export async function openAlert(
  tx: Transaction<Tables>,
  tenantId: number,
  alert: AlertContent & { readonly service: string; readonly environment: string; readonly openedUs: number },
): Promise<string> {
  const id = crypto.randomUUID();
  await sql`
    insert into alerts (id, tenant_id, service, environment, state, reason, message, opened_at, changed_at, held_by)
    values (${id}, ${tenantId}, ${alert.service}, ${alert.environment}, ${alert.state}, ${alert.reason}, ${alert.message},
      timestamptz 'epoch' + ${alert.openedUs}::bigint * interval '1 microsecond', now(), ${alert.heldBy})`.execute(tx);
  await noteAlert(tx, 'watchkeeper.alert.opened', id);
  return id;
}

export async function changeAlert(tx: Transaction<Tables>, id: string, content: AlertContent): Promise<void> {
  await sql`update alerts set state = ${content.state}, reason = ${content.reason}, message = ${content.message},
    held_by = ${content.heldBy}, changed_at = now() where id = ${id}`.execute(tx);
  await noteAlert(tx, 'watchkeeper.alert.changed', id);
}

export async function resolveAlert(tx: Transaction<Tables>, id: string): Promise<void> {
  await sql`update alerts set resolved_at = now(), changed_at = now(), held_by = null where id = ${id}`.execute(tx);
  await noteAlert(tx, 'watchkeeper.alert.resolved', id);
}

export interface AlertRow {
  readonly id: string;
  readonly tenant: string;
  readonly service: string;
  readonly environment: string;
  /** The alert rule and the group of it; null for an alert of a service. */
  readonly rule: string | null;
  readonly group: Readonly<Record<string, string>> | null;
  readonly state: State;
  readonly reason: string | null;
  readonly message: string | null;
  readonly openedAt: Date;
  readonly openedUs: number;
  readonly resolvedAt: Date | null;
  readonly heldBy: string | null;
  readonly deliveries: readonly {
    readonly channel: string;
    readonly kind: 'opened' | 'changed' | 'resolved' | 'test';
    readonly attempts: number;
    readonly delivered_at: string | null;
    readonly given_up_at: string | null;
    readonly due_at: string;
    readonly last_error: string | null;
  }[];
}

export interface AlertQuery {
  readonly tenantId: number;
  readonly id?: string;
  readonly open?: boolean;
  readonly service?: string;
  readonly environment?: string;
  /** The last place of the page before. */
  readonly after?: { readonly openedUs: number; readonly id: string };
  readonly limit: number;
}

/** Service or environment of an alert; of a rule that splits by it, that of the group. */
const said = (column: 'service' | 'environment') =>
  sql`coalesce(nullif(a.${sql.ref(column)}, ''), a.rule_group ->> ${sql.lit(column)}, '')`;

/** Newest first; one more than `limit` when there are more. */
export async function readAlerts(db: Db, query: AlertQuery): Promise<AlertRow[]> {
  const conditions = [sql`${query.tenantId}::integer in (${allTenants}::integer, a.tenant_id)`];
  if (query.id !== undefined) conditions.push(sql`a.id = ${query.id}`);
  if (query.open !== undefined) conditions.push(sql`(a.resolved_at is null) = ${query.open}::boolean`);
  if (query.service !== undefined) conditions.push(sql`${said('service')} = ${query.service}`);
  if (query.environment !== undefined) conditions.push(sql`${said('environment')} = ${query.environment}`);
  if (query.after !== undefined) {
    conditions.push(
      sql`(a.opened_at, a.id) < (timestamptz 'epoch' + ${query.after.openedUs}::bigint * interval '1 microsecond', ${query.after.id}::uuid)`,
    );
  }
  const { rows } = await sql<AlertRow>`
    select a.id, t.name as tenant, ${said('service')} as service, ${said('environment')} as environment, a.rule, a.rule_group as "group", a.state, a.reason, a.message, a.opened_at as "openedAt",
      (extract(epoch from a.opened_at) * 1000000)::bigint as "openedUs", a.resolved_at as "resolvedAt", a.held_by as "heldBy",
      coalesce((select jsonb_agg(to_jsonb(d) order by d.id) from alert_deliveries d where d.alert_id = a.id), '[]') as deliveries
    from alerts a join tenants t on t.id = a.tenant_id
    where ${sql.join(conditions, sql` and `)}
    order by a.opened_at desc, a.id desc limit ${query.limit + 1}`.execute(db);
  return rows;
}
