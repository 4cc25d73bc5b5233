import type { AlertRuleDefinition, GroupStanding, State } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import { noteAlert } from './noted-effects.ts';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Where the groups of alert rules stand, and their alerts. */

/** A rule on its way through a judgement, locked until the end of the transaction. */
export interface JudgedRule {
  readonly id: number;
  readonly tenantId: number;
  readonly definition: AlertRuleDefinition;
  readonly countsSinceMs: number;
  readonly judgedMs: number | null;
  /** Time since somebody judged it last, milliseconds; null when nobody has. */
  readonly unwatchedMs: number | null;
  readonly lookedSinceMs: number | null;
}

const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);

/** Identifiers of the rules that are judged. */
export async function readRulesToJudge(
  db: Db,
): Promise<{ readonly id: number; readonly judgedMs: number | null; readonly definition: AlertRuleDefinition }[]> {
  const { rows } = await sql<{ id: number; judgedMs: number | null; definition: AlertRuleDefinition }>`
    select id, ${ms('judged_at')} as "judgedMs", definition from alert_rules where not paused order by id`.execute(db);
  return rows;
}

/** The rule itself; undefined when somebody else judges it now, or it is gone. */
export async function lockRuleToJudge(tx: Transaction<Tables>, id: number): Promise<JudgedRule | undefined> {
  const { rows } = await sql<JudgedRule>`
    select id, tenant_id as "tenantId", definition, ${ms('counts_since')} as "countsSinceMs", ${ms('judged_at')} as "judgedMs",
      ${ms('now() - looked_at')} as "unwatchedMs", ${ms('looked_since')} as "lookedSinceMs"
    from alert_rules where id = ${id} and not paused for no key update skip locked`.execute(tx);
  return rows[0];
}

/** Notes how far a rule is judged, in the transaction of what came of it. */
export async function noteJudged(
  tx: Transaction<Tables>,
  id: number,
  { judgedMs, lookedSinceMs }: { readonly judgedMs: number; readonly lookedSinceMs: number },
): Promise<void> {
  await sql`update alert_rules set judged_at = to_timestamp(${judgedMs / 1000}::float8), looked_at = now(),
    looked_since = to_timestamp(${lookedSinceMs / 1000}::float8) where id = ${id}`.execute(tx);
}

export interface GroupRow extends GroupStanding {
  readonly key: string;
  readonly firstSeenMs: number;
  readonly seenMs: number;
  readonly alertId: string | null;
}

export async function readRuleGroups(tx: Transaction<Tables>, ruleId: number): Promise<GroupRow[]> {
  const { rows } = await sql<GroupRow>`
    select group_key as key, ${ms('first_seen')} as "firstSeenMs", ${ms('seen_at')} as "seenMs", is_open as "isOpen",
      ${ms('bad_since')} as "badSinceMs", ${ms('well_since')} as "wellSinceMs", alert_id as "alertId"
    from alert_rule_groups where rule_id = ${ruleId} order by group_key`.execute(tx);
  return rows;
}

export async function saveRuleGroups(
  tx: Transaction<Tables>,
  ruleId: number,
  groups: readonly GroupRow[],
): Promise<void> {
  if (groups.length === 0) return;
  await sql`
    update alert_rule_groups g set seen_at = to_timestamp(n."seenMs" / 1000), is_open = n."isOpen", bad_since = to_timestamp(n."badSinceMs" / 1000),
      well_since = to_timestamp(n."wellSinceMs" / 1000), alert_id = n."alertId"
    from jsonb_to_recordset(${JSON.stringify(groups)}::jsonb)
      n (key text, "seenMs" float8, "isOpen" boolean, "badSinceMs" float8, "wellSinceMs" float8, "alertId" uuid)
    where g.rule_id = ${ruleId} and g.group_key = n.key`.execute(tx);
}

/** Forgets groups that were silent for long; alerts of theirs are left without a group. */
export async function dropRuleGroups(tx: Transaction<Tables>, ruleId: number, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await sql`delete from alert_rule_groups where rule_id = ${ruleId} and group_key = any(${[...keys]}::text[])`.execute(
    tx,
  );
}

export interface NewRuleAlert {
  readonly rule: string;
  readonly group: Readonly<Record<string, string>>;
  readonly state: State;
  readonly message: string;
  readonly openedMs: number;
}

/** Opens an alert of a rule. It has no service and no environment. */
export async function openRuleAlert(tx: Transaction<Tables>, tenantId: number, alert: NewRuleAlert): Promise<string> {
  const id = crypto.randomUUID();
  await sql`
    insert into alerts (id, tenant_id, service, environment, rule, rule_group, state, message, opened_at, changed_at)
    values (${id}, ${tenantId}, '', '', ${alert.rule}, ${JSON.stringify(alert.group)}::jsonb, ${alert.state}, ${alert.message},
      to_timestamp(${alert.openedMs / 1000}::float8), now())`.execute(tx);
  await noteAlert(tx, 'watchkeeper.alert.opened', id);
  return id;
}

export interface LeftAlert {
  readonly id: string;
  readonly tenantId: number;
}

/** Open alerts whose rule or group is gone, locked until the end of the transaction. */
export async function lockLeftAlerts(tx: Transaction<Tables>): Promise<LeftAlert[]> {
  const { rows } = await sql<LeftAlert>`
    select a.id, a.tenant_id as "tenantId" from alerts a
    where a.resolved_at is null and a.rule is not null
      and not exists (select from alert_rule_groups g where g.alert_id = a.id)
    order by a.id for update of a skip locked`.execute(tx);
  return rows;
}
