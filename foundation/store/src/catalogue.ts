import { sql, type Transaction } from 'kysely';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/**
 * Reads of the catalogue. Its rows are written by the trigger on `series` (migration 10), so with the series; only
 * what people say of a value and when a name was last seen is written here.
 */

export interface CatalogueNameRow {
  readonly name: string;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly series: number;
  readonly values: readonly CatalogueValueRow[];
  /** Dimensions and attributes. */
  readonly attributes: readonly CatalogueAttributeRow[];
}

export interface CatalogueValueRow {
  readonly value: string;
  /** As people set it. */
  readonly unit: string | null;
  readonly description: string | null;
}

export interface CatalogueAttributeRow {
  readonly attribute: string;
  readonly count: number;
  readonly isCapped: boolean;
  readonly examples: readonly string[];
}

export interface CatalogueQuery {
  readonly tenantId: number;
  /** Only this name. */
  readonly name?: string;
  /** Text in the name, in large or small letters. */
  readonly q?: string;
  /** The last name of the page before. */
  readonly after?: string;
  readonly limit: number;
}

const shownExamples = 10;
const isOf = (tenantId: number, table: string) =>
  sql`${tenantId}::integer in (${allTenants}::integer, ${sql.ref(`${table}.tenant_id`)})`;
const hasText = (column: string, q: string | undefined) =>
  q === undefined ? sql`true` : sql`strpos(lower(${sql.ref(column)}), lower(${q}::text)) > 0`;

/** Names by name, those of several tenants together; one more than `limit` when there are more. */
export async function readCatalogue(
  tx: Transaction<Tables>,
  { tenantId, name, q, after, limit }: CatalogueQuery,
): Promise<CatalogueNameRow[]> {
  const conditions = [isOf(tenantId, 'n'), hasText('n.name', q)];
  if (name !== undefined) conditions.push(sql`n.name = ${name}`);
  if (after !== undefined) conditions.push(sql`n.name > ${after}`);
  const { rows } = await sql<{ name: string; firstSeen: Date; lastSeen: Date; series: number }>`
    select n.name, min(n.first_seen) as "firstSeen", max(n.last_seen) as "lastSeen", sum(n.series)::bigint as series
    from event_names n where ${sql.join(conditions, sql` and `)}
    group by n.name order by n.name limit ${limit + 1}`.execute(tx);
  const names = rows.map((row) => row.name);
  const { rows: values } = await sql<CatalogueValueRow & { name: string }>`
    select v.name, v.value, (array_agg(v.unit order by v.tenant_id) filter (where v.unit is not null))[1] as unit,
      (array_agg(v.description order by v.tenant_id) filter (where v.description is not null))[1] as description
    from event_values v where ${isOf(tenantId, 'v')} and v.name = any(${names}::text[])
    group by v.name, v.value order by v.name, v.value`.execute(tx);
  const { rows: attributes } = await sql<CatalogueAttributeRow & { name: string }>`
    select a.name, a.attribute, sum(a.value_count)::bigint as count, bool_or(a.is_capped) as "isCapped",
      array(select distinct v.value from event_attribute_values v
        where ${isOf(tenantId, 'v')} and v.name = a.name and v.attribute = a.attribute order by v.value limit ${shownExamples}) as examples
    from event_attributes a where ${isOf(tenantId, 'a')} and a.name = any(${names}::text[])
    group by a.name, a.attribute order by a.name, a.attribute`.execute(tx);
  const valuesOf = Map.groupBy(values, (row) => row.name);
  const attributesOf = Map.groupBy(attributes, (row) => row.name);
  return rows.map((row) => ({
    ...row,
    values: valuesOf.get(row.name) ?? [],
    attributes: attributesOf.get(row.name) ?? [],
  }));
}

export interface AttributeValuesQuery {
  readonly tenantId: number;
  readonly name: string;
  readonly attribute: string;
  readonly q?: string;
  readonly after?: string;
  readonly limit: number;
}

/** Values of a dimension or attribute in alphabetical order; one more than `limit` when there are more. */
export async function readAttributeValues(
  tx: Transaction<Tables>,
  { tenantId, name, attribute, q, after, limit }: AttributeValuesQuery,
): Promise<string[]> {
  const conditions = [
    isOf(tenantId, 'v'),
    sql`v.name = ${name}`,
    sql`v.attribute = ${attribute}`,
    hasText('v.value', q),
  ];
  if (after !== undefined) conditions.push(sql`v.value > ${after}`);
  const { rows } = await sql<{ value: string }>`
    select distinct v.value from event_attribute_values v where ${sql.join(conditions, sql` and `)}
    order by v.value limit ${limit + 1}`.execute(tx);
  return rows.map(({ value }) => value);
}

/** What people say of a value, locked until the end of the transaction; undefined when no event has such a value. */
export async function lockCatalogueValue(
  tx: Transaction<Tables>,
  tenantId: number,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<CatalogueValueRow | undefined> {
  const { rows } = await sql<CatalogueValueRow>`
    select value, unit, description from event_values
    where tenant_id = ${tenantId} and name = ${name} and value = ${value} for update`.execute(tx);
  return rows[0];
}

export async function saveCatalogueValue(
  tx: Transaction<Tables>,
  tenantId: number,
  { name, value, unit, description }: CatalogueValueRow & { readonly name: string },
): Promise<void> {
  await sql`update event_values set unit = ${unit}, description = ${description}
    where tenant_id = ${tenantId} and name = ${name} and value = ${value}`.execute(tx);
}

export interface SeenName {
  readonly tenant: string;
  readonly name: string;
  /** When the newest event of it arrived, microseconds since 1970-01-01 UTC. */
  readonly receivedUs: number;
}

/** Notes when names were last seen. It only moves forward, so whoever notes it, in whatever order. */
export async function noteSeenNames(db: Db, names: readonly SeenName[]): Promise<void> {
  await sql`
    with seen as (
      select n.tenant_id, n.name, s.at from unnest(${names.map(({ tenant }) => tenant)}::text[], ${names.map(({ name }) => name)}::text[],
        ${names.map(({ receivedUs }) => receivedUs)}::bigint[]) u (tenant, name, received_us)
      cross join lateral (select timestamptz 'epoch' + u.received_us * interval '1 microsecond' as at) s
      join tenants t on t.name = u.tenant join event_names n on n.tenant_id = t.id and n.name = u.name
      where n.last_seen < s.at order by n.tenant_id, n.name for no key update of n
    )
    update event_names n set last_seen = greatest(n.last_seen, seen.at) from seen
    where n.tenant_id = seen.tenant_id and n.name = seen.name`.execute(db);
}
