import type { State } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import { isNotingWanted } from './noted-effects.ts';
import type { Tables } from './tables.ts';

/** Changes of states: for charts, for the list of what happened, and for programs outside. */

export interface StateChange {
  readonly atUs: number;
  readonly tenantId: number;
  readonly service: string;
  readonly environment: string;
  /** Null for a change of the service itself. */
  readonly monitorId: string | null;
  readonly zone: string | null;
  readonly state: State;
  readonly previousState: State | null;
  readonly reason: string | null;
  readonly message: string | null;
}

/** Writes down changes, and notes them for programs outside. */
export async function insertStateChanges(tx: Transaction<Tables>, changes: readonly StateChange[]): Promise<void> {
  if (changes.length === 0) return;
  await sql`
    insert into state_changes (at, tenant_id, service, environment, monitor_id, zone, state, previous_state, reason, message)
    select timestamptz 'epoch' + n."atUs" * interval '1 microsecond', n."tenantId", n.service, n.environment, n."monitorId", n.zone, n.state, n."previousState", n.reason, n.message
    from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) n ("atUs" bigint, "tenantId" integer, service text, environment text,
      "monitorId" uuid, zone text, state text, "previousState" text, reason text, message text)`.execute(tx);
  await noteStateChanges(tx, changes);
}

/** Notes changes of states, of monitors in their zones and of services, in this order. */
async function noteStateChanges(tx: Transaction<Tables>, changes: readonly StateChange[]): Promise<void> {
  await sql`
    insert into notifications (tenant_id, type, subject, at, data)
    select n."tenantId",
      case when n."monitorId" is null then 'watchkeeper.service.state.changed' else 'watchkeeper.monitor.state.changed' end,
      coalesce('monitors/' || n."monitorId", 'services/' || n.service),
      timestamptz 'epoch' + n."atUs" * interval '1 microsecond',
      jsonb_build_object('tenant', t.name, 'service', n.service, 'environment', n.environment, 'state', n.state,
        'previousState', n."previousState", 'reason', n.reason, 'message', n.message)
      || case when n."monitorId" is null then '{}' else
        jsonb_build_object('monitor', jsonb_build_object('id', n."monitorId", 'name', m.name), 'zone', n.zone) end
    from rows from (jsonb_to_recordset(${JSON.stringify(changes)}::jsonb) as ("atUs" bigint, "tenantId" integer, service text,
        environment text, "monitorId" uuid, zone text, state text, "previousState" text, reason text, message text))
      with ordinality as n ("atUs", "tenantId", service, environment, "monitorId", zone, state, "previousState", reason, message, place)
    join tenants t on t.id = n."tenantId" left join monitors m on m.id = n."monitorId"
    where ${isNotingWanted} order by n.place`.execute(tx);
}
