import type { AlertRuleDefinition } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Put } from './places.ts';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Alert rules as objects of people; `alert-rule-sums.ts` has what is counted for them. */

export interface AlertRuleRow {
  /** Another one when the rule counts something else than before. */
  readonly id: number;
  readonly tenantId: number;
  readonly tenant: string;
  readonly name: string;
  readonly definition: AlertRuleDefinition;
  readonly version: number;
  /** Until when events were judged; null before the first time. */
  readonly judgedAt: Date | null;
}

const columns = sql.raw(
  'r.id, r.tenant_id as "tenantId", t.name as tenant, r.name, r.definition, r.version, r.judged_at as "judgedAt"',
);

/** Rules of a tenant (or of all tenants), by name. */
export async function listAlertRules(db: Db, tenantId: number): Promise<AlertRuleRow[]> {
  const { rows } = await sql<AlertRuleRow>`
    select ${columns} from alert_rules r join tenants t on t.id = r.tenant_id
    where ${tenantId}::integer in (${allTenants}::integer, r.tenant_id) order by r.name, t.name`.execute(db);
  return rows;
}

export async function findAlertRule(db: Db, tenantId: number, name: string): Promise<AlertRuleRow | undefined> {
  const { rows } = await sql<AlertRuleRow>`
    select ${columns} from alert_rules r join tenants t on t.id = r.tenant_id
    where r.tenant_id = ${tenantId} and r.name = ${name}`.execute(db);
  return rows[0];
}

/** A rule, locked until the end of the transaction. */
export async function lockAlertRule(
  tx: Transaction<Tables>,
  tenantId: number,
  name: string,
): Promise<AlertRuleRow | undefined> {
  const { rows } = await sql<AlertRuleRow>`
    select ${columns} from alert_rules r join tenants t on t.id = r.tenant_id
    where r.tenant_id = ${tenantId} and r.name = ${name} for update of r`.execute(tx);
  return rows[0];
}

/** What must be equal for what was counted to stay of use. */
const counted = ({ events, where, groupBy, aggregate, window, paused }: AlertRuleDefinition) =>
  JSON.stringify([events, Object.entries(where).sort(), groupBy, aggregate, window, paused]);

/**
 * Creates a rule or changes one. One that counts something else than before begins anew: its alerts end with the next
 * judgement. Limits and texts change without that.
 */
export async function putAlertRule(
  tx: Transaction<Tables>,
  tenantId: number,
  definition: AlertRuleDefinition,
): Promise<Put<AlertRuleRow>> {
  const { name, paused, groupBy } = definition;
  const before = await lockAlertRule(tx, tenantId, name);
  const json = JSON.stringify(definition);
  if (before !== undefined && counted(before.definition) === counted(definition)) {
    await sql`
      update alert_rules set definition = ${json}::jsonb, version = version + 1
      where id = ${before.id} and definition is distinct from ${json}::jsonb`.execute(tx);
    return { before, after: (await findAlertRule(tx, tenantId, name)) as AlertRuleRow };
  }
  if (before !== undefined) await sql`delete from alert_rules where id = ${before.id}`.execute(tx);
  await sql`
    insert into alert_rules (tenant_id, name, definition, paused, version)
    values (${tenantId}, ${name}, ${json}::jsonb, ${paused}, ${(before?.version ?? 0) + 1})`.execute(tx);
  const after = (await findAlertRule(tx, tenantId, name)) as AlertRuleRow;
  // The one group of a rule without groups is there before its first event: silence can be judged.
  if (groupBy.length === 0 && !paused) {
    await sql`insert into alert_rule_groups (rule_id, tenant_id, group_key) values (${after.id}, ${tenantId}, '[]')`.execute(
      tx,
    );
  }
  return { before, after };
}

/** Deletes a rule with what was counted; its alerts end with the next judgement. */
export async function deleteAlertRule(
  tx: Transaction<Tables>,
  tenantId: number,
  name: string,
): Promise<AlertRuleRow | undefined> {
  const before = await lockAlertRule(tx, tenantId, name);
  if (before !== undefined) await sql`delete from alert_rules where id = ${before.id}`.execute(tx);
  return before;
}

export interface AlertRuleStatus {
  readonly ruleId: number;
  readonly groups: number;
  readonly open: number;
  readonly leftOut: number;
}

/** Where the rules of a tenant (or of all tenants) stand. */
export async function readAlertRuleStatus(db: Db, tenantId: number): Promise<AlertRuleStatus[]> {
  const { rows } = await sql<AlertRuleStatus>`
    select r.id as "ruleId",
      (select count(*) from alert_rule_groups g where g.rule_id = r.id) as groups,
      (select count(*) from alert_rule_groups g where g.rule_id = r.id and g.is_open) as open,
      (select coalesce(sum(l.events), 0)::bigint from alert_rule_left_out l where l.rule_id = r.id) as "leftOut"
    from alert_rules r where ${tenantId}::integer in (${allTenants}::integer, r.tenant_id)`.execute(db);
  return rows;
}
