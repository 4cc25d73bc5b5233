import type { RollupInput } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** A rollup definition as the processor needs it. */
export interface RollupDefinitionRow {
  readonly id: number;
  /** Whose events it counts; null counts every tenant's. */
  readonly tenantId: number | null;
  readonly name: string;
  readonly version: number;
  readonly definition: RollupInput;
}

export async function readRollupDefinitions(db: Db): Promise<RollupDefinitionRow[]> {
  const rows = await db.selectFrom('rollup_definitions').selectAll().orderBy('id').execute();
  return rows.map((row) => ({
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    version: row.version,
    definition: row.definition as unknown as RollupInput,
  }));
}

/** Makes a built-in definition what this release says; called at start. */
export async function putBuiltInRollup(db: Db, definition: RollupInput): Promise<void> {
  const json = JSON.stringify(definition);
  await sql`
    insert into rollup_definitions (tenant_id, name, definition, built_in) values (null, ${definition.name}, ${json}::jsonb, true)
    on conflict (tenant_id, name) do update set definition = excluded.definition, version = rollup_definitions.version + 1
    where rollup_definitions.definition is distinct from excluded.definition`.execute(db);
}

/** What the events of one key and period add to a rollup. Arrays stand in the order of the definition's values. */
export interface RollupDelta {
  /** 64-bit hash of definition and key, as decimal text. */
  readonly keyId: string;
  readonly granularityS: number;
  /** Start of the period, seconds since 1970-01-01 UTC. */
  readonly bucketS: number;
  readonly tenantId: number;
  readonly count: number;
  readonly valueCounts: readonly number[];
  readonly sums: readonly number[];
  /** Infinity where nothing was measured; stored as such and read as null. */
  readonly minimums: readonly number[];
  readonly maximums: readonly number[];
  readonly counters: Record<string, Record<string, number>>;
  readonly distributions: Record<string, Record<string, number>>;
}

export interface RollupKey {
  readonly id: string;
  readonly definitionId: number;
  readonly tenantId: number;
  readonly key: Record<string, string>;
}

/** Adds keys that are not there; sorted, so that processors cannot deadlock. */
export async function insertRollupKeys(tx: Transaction<Tables>, keys: readonly RollupKey[]): Promise<void> {
  if (keys.length === 0) return;
  const sorted = [...keys].sort((a, b) => compareIds(a.id, b.id));
  await sql`
    insert into rollup_keys (id, definition_id, tenant_id, key)
    select k.* from unnest(
      ${sorted.map((key) => key.id)}::bigint[], ${sorted.map((key) => key.definitionId)}::integer[],
      ${sorted.map((key) => key.tenantId)}::integer[], ${sorted.map((key) => JSON.stringify(key.key))}::jsonb[]
    ) as k (id, definition_id, tenant_id, key)
    where exists (select from rollup_definitions d where d.id = k.definition_id)
    on conflict (id) do nothing`.execute(tx);
}

/**
 * Adds deltas in one statement with the keys sorted (unsorted keys deadlock). Counters and distributions are added
 * to, never overwritten. Deltas of a definition that was deleted meanwhile are left out.
 */
export async function addRollups(tx: Transaction<Tables>, deltas: readonly RollupDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  const sorted = [...deltas].sort(
    (a, b) => compareIds(a.keyId, b.keyId) || a.granularityS - b.granularityS || a.bucketS - b.bucketS,
  );
  const column = <T>(pick: (delta: RollupDelta) => T) => sorted.map(pick);
  await sql`
    insert into rollups as r (key_id, granularity_s, bucket_at, tenant_id, count, value_counts, sums, minimums, maximums, counters, distributions)
    select key_id, granularity_s, to_timestamp(bucket_s), tenant_id, count, value_counts::bigint[], sums::float8[], minimums::float8[], maximums::float8[], counters, distributions
    from unnest(
      ${column((delta) => delta.keyId)}::bigint[], ${column((delta) => delta.granularityS)}::integer[], ${column((delta) => delta.bucketS)}::bigint[],
      ${column((delta) => delta.tenantId)}::integer[], ${column((delta) => delta.count)}::bigint[],
      ${column((delta) => arrayText(delta.valueCounts))}::text[], ${column((delta) => arrayText(delta.sums))}::text[],
      ${column((delta) => arrayText(delta.minimums))}::text[], ${column((delta) => arrayText(delta.maximums))}::text[],
      ${column((delta) => JSON.stringify(delta.counters))}::jsonb[], ${column((delta) => JSON.stringify(delta.distributions))}::jsonb[]
    ) as t (key_id, granularity_s, bucket_s, tenant_id, count, value_counts, sums, minimums, maximums, counters, distributions)
    where exists (select from rollup_keys k where k.id = t.key_id)
    on conflict (key_id, granularity_s, bucket_at) do update set
      count = r.count + excluded.count,
      value_counts = array(select a + b from unnest(r.value_counts, excluded.value_counts) with ordinality as v (a, b, i) order by i),
      sums = array(select a + b from unnest(r.sums, excluded.sums) with ordinality as v (a, b, i) order by i),
      minimums = array(select least(a, b) from unnest(r.minimums, excluded.minimums) with ordinality as v (a, b, i) order by i),
      maximums = array(select greatest(a, b) from unnest(r.maximums, excluded.maximums) with ordinality as v (a, b, i) order by i),
      counters = wk_add_counters(r.counters, excluded.counters),
      distributions = wk_add_counters(r.distributions, excluded.distributions)`.execute(tx);
}

function arrayText(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

function compareIds(a: string, b: string): number {
  const left = BigInt(a);
  const right = BigInt(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
