import { mostRuleGroups, type RuleSums } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** What is counted for alert rules, by the time at which it happened. */

/** Sums of one group of one rule in one bucket, since they were last saved. */
export interface RuleDelta {
  readonly ruleId: number;
  /** Start of the bucket, milliseconds since 1970-01-01 UTC. */
  readonly bucketMs: number;
  /** JSON array of the values of the group. */
  readonly groupKey: string;
  readonly count: number;
  readonly valueCount: number;
  readonly sum: number;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly distribution: Readonly<Record<string, number>>;
}

/**
 * Adds sums of one partition of the log, in the transaction that moves its position. Groups beyond `mostRuleGroups`
 * are left out and their events counted. Rules that are gone are left out too. Callers hold no lock of states yet:
 * whoever waits here for another partition's new group must not keep that one waiting.
 */
export async function addRuleSums(
  tx: Transaction<Tables>,
  partition: number,
  deltas: readonly RuleDelta[],
): Promise<void> {
  if (deltas.length === 0) return;
  await admitGroups(tx, deltas);
  await sql`
    with given as (
      select d.*, g.group_key is not null as is_known
      from jsonb_to_recordset(${JSON.stringify(deltas)}::jsonb) d ("ruleId" integer, "bucketMs" bigint, "groupKey" text, count bigint,
        "valueCount" bigint, sum float8, minimum float8, maximum float8, distribution jsonb)
      join alert_rules r on r.id = d."ruleId"
      left join alert_rule_groups g on g.rule_id = d."ruleId" and g.group_key = d."groupKey"
    ), added as (
      insert into alert_rule_sums as s (rule_id, bucket_at, group_key, log_partition, count, value_count, sum, minimum, maximum, distribution)
      select "ruleId", timestamptz 'epoch' + "bucketMs" * interval '1 millisecond', "groupKey", ${partition}::smallint, count, "valueCount", sum,
        minimum, maximum, distribution
      from given where is_known
      on conflict (rule_id, bucket_at, group_key, log_partition) do update set
        count = s.count + excluded.count, value_count = s.value_count + excluded.value_count, sum = s.sum + excluded.sum,
        minimum = least(s.minimum, excluded.minimum), maximum = greatest(s.maximum, excluded.maximum),
        -- The function adds up objects of objects.
        distribution = coalesce(wk_add_counters(jsonb_build_object('of', s.distribution), jsonb_build_object('of', excluded.distribution)) -> 'of', '{}')
    )
    insert into alert_rule_left_out as l (rule_id, log_partition, events)
    select "ruleId", ${partition}::smallint, sum(count) from given where not is_known group by "ruleId"
    on conflict (rule_id, log_partition) do update set events = l.events + excluded.events`.execute(tx);
}

/** Registers groups that nobody has seen yet, in one order, up to the limit of each rule. */
async function admitGroups(tx: Transaction<Tables>, deltas: readonly RuleDelta[]): Promise<void> {
  const pairs = [
    ...new Map(deltas.map(({ ruleId, groupKey }) => [`${ruleId} ${groupKey}`, { ruleId, groupKey }])).values(),
  ];
  await sql`
    insert into alert_rule_groups (rule_id, tenant_id, group_key)
    select n.rule_id, n.tenant_id, n.group_key from (
      select r.id as rule_id, r.tenant_id, d."groupKey" as group_key,
        row_number() over (partition by r.id order by d."groupKey")
          + (select count(*) from alert_rule_groups k where k.rule_id = r.id) as place
      from jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) d ("ruleId" integer, "groupKey" text)
      join alert_rules r on r.id = d."ruleId"
      where not exists (select from alert_rule_groups g where g.rule_id = r.id and g.group_key = d."groupKey")
    ) n where n.place <= ${mostRuleGroups}
    order by n.rule_id, n.group_key
    on conflict do nothing`.execute(tx);
}

/** Sums of every group that had events in `[fromMs, toMs)`. */
export async function readRuleSums(
  tx: Transaction<Tables>,
  {
    ruleId,
    fromMs,
    toMs,
    isPercentile,
  }: { readonly ruleId: number; readonly fromMs: number; readonly toMs: number; readonly isPercentile: boolean },
): Promise<Map<string, RuleSums>> {
  const within = sql`s.rule_id = ${ruleId} and s.bucket_at >= to_timestamp(${fromMs / 1000}::float8) and s.bucket_at < to_timestamp(${toMs / 1000}::float8)`;
  const { rows } = await sql<Omit<RuleSums, 'distribution'> & { groupKey: string }>`
    select s.group_key as "groupKey", sum(s.count)::bigint as count, sum(s.value_count)::bigint as "valueCount", sum(s.sum) as sum,
      min(s.minimum) as minimum, max(s.maximum) as maximum
    from alert_rule_sums s where ${within} group by s.group_key`.execute(tx);
  const distributions = new Map<string, Map<number, number>>();
  if (isPercentile) {
    const { rows: cells } = await sql<{ groupKey: string; bucket: string; count: number }>`
      select s.group_key as "groupKey", p.key as bucket, sum(p.value::bigint)::bigint as count
      from alert_rule_sums s cross join lateral jsonb_each_text(s.distribution) p where ${within}
      group by s.group_key, p.key`.execute(tx);
    for (const { groupKey, bucket, count } of cells) {
      const distribution = distributions.get(groupKey) ?? new Map<number, number>();
      distributions.set(groupKey, distribution.set(Number(bucket), count));
    }
  }
  return new Map(
    rows.map(({ groupKey, ...sums }) => [
      groupKey,
      { ...sums, distribution: distributions.get(groupKey) ?? new Map() },
    ]),
  );
}

/** Forgets sums that no judgement will look at any more. */
export async function dropRuleSums(tx: Transaction<Tables>, ruleId: number, beforeMs: number): Promise<void> {
  await sql`delete from alert_rule_sums
    where rule_id = ${ruleId} and bucket_at < to_timestamp(${beforeMs / 1000}::float8)`.execute(tx);
}

/** Rules that count, for whoever reads the log. */
export async function readCountingRules(
  db: Db,
): Promise<{ readonly id: number; readonly tenant: string; readonly version: number }[]> {
  const { rows } = await sql<{ id: number; tenant: string; version: number }>`
    select r.id, t.name as tenant, r.version from alert_rules r join tenants t on t.id = r.tenant_id
    where not r.paused order by r.id`.execute(db);
  return rows;
}
