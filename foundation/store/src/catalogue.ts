import { seriesDimensions } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import { withinLimit } from './deadline.ts';
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
/** Series of one name over which the values of its attributes are counted: of many names at once, and of one. */
const countedInLists = 100;
const counted = 20_000;
const isOf = (tenantId: number, table: string) =>
  sql`${tenantId}::integer in (${allTenants}::integer, ${sql.ref(`${table}.tenant_id`)})`;
const hasText = (column: string, q: string | undefined) =>
  q === undefined ? sql`true` : sql`strpos(lower(${sql.ref(column)}), lower(${q}::text)) > 0`;

/**
 * Dimensions and attributes of names, what they have said counted over so many series of each name. `isCapped` where
 * there are more series than that.
 */
async function readAttributes(
  tx: Transaction<Tables>,
  {
    tenantId,
    names,
    counted,
  }: { readonly tenantId: number; readonly names: readonly string[]; readonly counted: number },
): Promise<(CatalogueAttributeRow & { readonly name: string })[]> {
  const { rows } = await sql<CatalogueAttributeRow & { name: string }>`
    with chosen as materialized (
      select n.name, n.series > ${counted} as is_capped, s.* from event_names n
      cross join lateral (select s.attributes, s.environment, s.zone, s.host, s.guest, s.service, s.source from series s
        where s.tenant_id = n.tenant_id and s.name = n.name limit ${counted}) s
      where ${isOf(tenantId, 'n')} and n.name = any(${names}::text[])
    ), said as (
      select c.name, p.attribute, p.value, bool_or(c.is_capped) as is_capped
      from chosen c cross join lateral (
        select key, value from jsonb_each_text(c.attributes) union all
        values ('environment', c.environment), ('zone', c.zone), ('host', c.host), ('guest', c.guest), ('service', c.service), ('source', c.source)
      ) p (attribute, value)
      where p.value <> '' group by 1, 2, 3
    ), counts as (
      select name, attribute, count(*) as count, bool_or(is_capped) as is_capped,
        (array_agg(value order by value))[1:${sql.lit(shownExamples)}] as examples
      from said group by name, attribute
    )
    select a.name, a.attribute, coalesce(max(c.count), 0) as count, coalesce(bool_or(c.is_capped), true) as "isCapped",
      coalesce(max(c.examples), '{}') as examples
    from event_attributes a left join counts c on c.name = a.name and c.attribute = a.attribute
    where ${isOf(tenantId, 'a')} and a.name = any(${names}::text[])
    group by a.name, a.attribute order by a.name, a.attribute`.execute(tx);
  return rows;
}

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
  const attributes = await readAttributes(tx, {
    tenantId,
    names,
    counted: name === undefined ? countedInLists : counted,
  });
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

/**
 * Values of a dimension or attribute in alphabetical order; one more than `limit` when there are more.
 * @throws WatchkeeperError `query_too_expensive`
 */
export async function readAttributeValues(
  tx: Transaction<Tables>,
  { tenantId, name, attribute, q, after, limit }: AttributeValuesQuery,
): Promise<string[]> {
  const said = (seriesDimensions as readonly string[]).includes(attribute)
    ? sql`s.${sql.ref(attribute)}`
    : sql`s.attributes ->> ${attribute}::text`;
  const conditions = [sql`f.value <> ''`, hasText('f.value', q)];
  if (after !== undefined) conditions.push(sql`f.value > ${after}`);
  return withinLimit(tx, async () => {
    const { rows } = await sql<{ value: string }>`
      select f.value from event_names n
      cross join lateral (select distinct ${said} as value from series s where s.tenant_id = n.tenant_id and s.name = n.name) f
      where ${isOf(tenantId, 'n')} and n.name = ${name} and ${sql.join(conditions, sql` and `)}
      group by f.value order by f.value limit ${limit + 1}`.execute(tx);
    return rows.map(({ value }) => value);
  });
}

/** Whether events of this name have such a dimension or attribute. */
export async function hasAttribute(
  tx: Transaction<Tables>,
  { tenantId, name, attribute }: Pick<AttributeValuesQuery, 'tenantId' | 'name' | 'attribute'>,
): Promise<boolean> {
  const { rows } = await sql`select from event_attributes a
    where ${isOf(tenantId, 'a')} and a.name = ${name} and a.attribute = ${attribute} limit 1`.execute(tx);
  return rows.length > 0;
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
