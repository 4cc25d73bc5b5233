import type { NotificationType, ToldKind } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * What programs outside are told of, written into the outbox in the transaction of the effect itself: by the functions
 * that write the effect, so that nobody can forget to. Nothing is written where the store was not opened for it.
 */

/** Holds where the store was opened for it; part of every statement that notes something. */
export const isNotingWanted = sql`current_setting('wk.notifications', true) = 'on'`;
const instantText = (column: string) =>
  sql`to_char(${sql.raw(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export interface NewNotification {
  readonly tenantId: number;
  readonly type: NotificationType;
  /** Notifications of one subject are brought out one after the other. */
  readonly subject: string;
  /** As the catalogue says, without the tenant's name, which is added. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** An object whose changes are told. */
export interface ToldObject {
  readonly kind: ToldKind;
  readonly name: string;
  /** Of a monitor. */
  readonly id?: string;
}

export interface ObjectChange {
  readonly tenantId: number;
  /** Name of the key or session. */
  readonly actor: string;
  /** `created`, `deleted`; every other one is a change. */
  readonly verb: string;
  readonly object: ToldObject;
}

/** Notes one notification; it happened now. */
export async function noteNotification(tx: Transaction<Tables>, notification: NewNotification): Promise<void> {
  const { tenantId, type, subject, data } = notification;
  await sql`
    insert into notifications (tenant_id, type, subject, at, data)
    select t.id, ${type}, ${subject}, now(), jsonb_build_object('tenant', t.name) || ${JSON.stringify(data)}::jsonb
    from tenants t where t.id = ${tenantId} and ${isNotingWanted}`.execute(tx);
}

/** Notes an alert as it is now. */
export async function noteAlert(
  tx: Transaction<Tables>,
  type: Extract<NotificationType, `watchkeeper.alert.${string}`>,
  id: string,
): Promise<void> {
  await sql`
    insert into notifications (tenant_id, type, subject, at, data)
    select a.tenant_id, ${type}, 'alerts/' || a.id, a.changed_at, jsonb_build_object(
      'tenant', t.name, 'id', a.id, 'service', a.service, 'environment', a.environment, 'state', a.state, 'reason', a.reason,
      'message', a.message, 'heldBy', a.held_by, 'rule', a.rule, 'group', a.rule_group, 'openedAt', ${instantText('a.opened_at')}, 'resolvedAt', ${instantText('a.resolved_at')})
    from alerts a join tenants t on t.id = a.tenant_id where a.id = ${id} and ${isNotingWanted}`.execute(tx);
}

/** Notes that somebody created, changed or deleted an object. */
export async function noteObjectChange(
  tx: Transaction<Tables>,
  { tenantId, actor, verb, object }: ObjectChange,
): Promise<void> {
  const { kind, name, id = null } = object;
  const change = verb === 'created' || verb === 'deleted' ? verb : 'changed';
  const subject = id === null ? `${kind}s/${name}` : `${kind}s/${id}`;
  const data = { kind, name, id, change, actor };
  await noteNotification(tx, { tenantId, type: 'watchkeeper.object.changed', subject, data });
}
