import type { State } from '@watchkeeper/model';
import { type RawBuilder, sql } from 'kysely';
import { allTenants, type Db } from './store.ts';

/** What happened, newest first: changes of state of services, alerts that were told, changes that somebody made. */

/** Kinds in the order in which they stand when they happened in the same microsecond. */
export const activityKinds = ['state', 'alert', 'change'] as const;
export type ActivityKind = (typeof activityKinds)[number];

export interface ActivityPlace {
  /** Microseconds since 1970-01-01 UTC. */
  readonly atUs: number;
  readonly kind: ActivityKind;
  readonly id: number;
}

export interface StateActivity extends ActivityPlace {
  readonly kind: 'state';
  readonly service: string;
  readonly environment: string;
  /** What people call them. */
  readonly serviceTitle: string;
  readonly environmentTitle: string;
  readonly state: State;
  readonly previousState: State | null;
  readonly reason: string | null;
  readonly message: string | null;
}

export interface AlertActivity extends ActivityPlace {
  readonly kind: 'alert';
  readonly service: string;
  readonly environment: string;
  /** What people call them. */
  readonly serviceTitle: string;
  readonly environmentTitle: string;
  /** The alert rule and the group of it; null for an alert of a service. */
  readonly rule: string | null;
  readonly group: Readonly<Record<string, string>> | null;
  readonly state: State;
  readonly channel: string;
  readonly notification: 'opened' | 'changed' | 'resolved';
  readonly isDelivered: boolean;
  readonly error: string | null;
}

export interface ChangeActivity extends ActivityPlace {
  readonly kind: 'change';
  readonly actor: string;
  readonly action: string;
  readonly object: string;
}

export type ActivityRow = StateActivity | AlertActivity | ChangeActivity;

export interface ActivityQuery {
  readonly tenantId: number;
  readonly environment?: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The last place of the page before. */
  readonly after?: ActivityPlace;
  readonly limit: number;
}

/** A page of what happened. Each kind is read backwards along its index, tenant by tenant, and the pages are merged. */
export async function readActivity(db: Db, query: ActivityQuery): Promise<{ rows: ActivityRow[]; hasMore: boolean }> {
  const rows = [...(await readStates(db, query)), ...(await readAlerts(db, query)), ...(await readChanges(db, query))];
  rows.sort((a, b) => b.atUs - a.atUs || activityKinds.indexOf(a.kind) - activityKinds.indexOf(b.kind) || b.id - a.id);
  return { rows: rows.slice(0, query.limit), hasMore: rows.length > query.limit };
}

const micros = (column: RawBuilder<unknown>) => sql`(extract(epoch from ${column}) * 1000000)::bigint`;

function isWithin(
  { fromMs, toMs, after }: ActivityQuery,
  kind: ActivityKind,
  at: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const range = sql`${at} >= to_timestamp(${fromMs / 1000}::float8) and ${at} < to_timestamp(${toMs / 1000}::float8)`;
  if (after === undefined) return range;
  const instant = sql`(timestamptz 'epoch' + ${after.atUs}::bigint * interval '1 microsecond')`;
  const order = activityKinds.indexOf(kind) - activityKinds.indexOf(after.kind);
  if (order < 0) return sql`${range} and ${at} < ${instant}`;
  if (order > 0) return sql`${range} and ${at} <= ${instant}`;
  return sql`${range} and (${at}, x.id) < (${instant}, ${after.id}::bigint)`;
}

/** The newest rows `x` of every visible tenant. */
async function newest<Row>(
  db: Db,
  { tenantId, limit }: ActivityQuery,
  {
    columns,
    from,
    condition,
    at,
  }: {
    columns: RawBuilder<unknown>;
    from: RawBuilder<unknown>;
    condition: RawBuilder<unknown>;
    at: RawBuilder<unknown>;
  },
): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select a.* from tenants t cross join lateral (
      select ${micros(at)} as "atUs", x.id, ${columns} from ${from}
      where x.tenant_id = t.id and ${condition} order by ${at} desc, x.id desc limit ${limit + 1}
    ) a
    where ${tenantId === allTenants ? sql`true` : sql`t.id = ${tenantId}`}
    order by a."atUs" desc, a.id desc limit ${limit + 1}`.execute(db);
  return rows;
}

const titles = (of: RawBuilder<unknown>) => sql`
  coalesce((select v.title from services v where v.tenant_id = ${of}.tenant_id and v.name = ${of}.service), ${of}.service) as "serviceTitle",
  coalesce((select n.title from environments n where n.tenant_id = ${of}.tenant_id and n.name = ${of}.environment), ${of}.environment) as "environmentTitle"`;

async function readStates(db: Db, query: ActivityQuery): Promise<StateActivity[]> {
  const at = sql`x.at`;
  const isThere = query.environment === undefined ? sql`true` : sql`x.environment = ${query.environment}`;
  return newest(db, query, {
    columns: sql`'state' as kind, x.service, x.environment, ${titles(sql`x`)}, x.state, x.previous_state as "previousState", x.reason, x.message`,
    from: sql`state_changes x`,
    condition: sql`x.monitor_id is null and ${isThere} and ${isWithin(query, 'state', at)}`,
    at,
  });
}

async function readAlerts(db: Db, query: ActivityQuery): Promise<AlertActivity[]> {
  const at = sql`coalesce(x.delivered_at, x.given_up_at)`;
  const isThere =
    query.environment === undefined
      ? sql`true`
      : sql`coalesce(nullif(l.environment, ''), l.rule_group ->> 'environment') = ${query.environment}`;
  return newest(db, query, {
    columns: sql`'alert' as kind, l.service, l.environment, ${titles(sql`l`)}, l.rule, l.rule_group as "group", x.state, x.channel, x.kind as notification,
      x.delivered_at is not null as "isDelivered", x.last_error as error`,
    from: sql`alert_deliveries x join alerts l on l.id = x.alert_id`,
    condition: sql`${isThere} and ${isWithin(query, 'alert', at)}`,
    at,
  });
}

async function readChanges(db: Db, query: ActivityQuery): Promise<ChangeActivity[]> {
  const at = sql`x.at`;
  return newest(db, query, {
    columns: sql`'change' as kind, x.actor, x.action, x.object`,
    from: sql`change_records x`,
    condition: isWithin(query, 'change', at),
    at,
  });
}
