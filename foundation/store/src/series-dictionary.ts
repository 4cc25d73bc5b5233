import { createHash } from 'node:crypto';
import { canonicalSeries, type Series } from '@watchkeeper/model';
import type pg from 'pg';
import type { SeriesRef } from './event-rows.ts';

export interface SeriesLimits {
  /** Series one tenant may have in all; new ones beyond it are refused. */
  readonly perTenant: number;
}

/** Why a series has no reference. */
export type SeriesRefusal = 'series_limit' | 'series_collision';

/** Known series kept in memory; the oldest are forgotten beyond this and looked up again. */
const cacheSize = 200_000;

/**
 * The dictionary of what repeats in events. An identifier is the first 64 bits of SHA-256 over the canonical text;
 * the text is compared on insert. New series are committed, in sorted order, before any row uses them, and are
 * cached only after that commit.
 */
export class SeriesDictionary {
  readonly #limits: SeriesLimits;
  readonly #byObject = new WeakMap<Series, SeriesRef>();
  readonly #byCanonical = new Map<string, SeriesRef>();
  readonly #byId = new Map<string, Series>();
  readonly #tenantIds = new Map<string, number>();
  readonly #perTenant = new Map<number, number>();
  #refused = 0;

  constructor(limits: SeriesLimits) {
    this.#limits = limits;
  }

  /** Events refused because their series was over the limit or collided, since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** The reference when the series is known to be committed. */
  known(series: Series): SeriesRef | undefined {
    const direct = this.#byObject.get(series);
    if (direct !== undefined) return direct;
    const ref = this.#byCanonical.get(canonicalSeries(series));
    if (ref !== undefined) this.#byObject.set(series, ref);
    return ref;
  }

  /** Those of these series that nobody has committed; others are known from then on. */
  async newOnes(client: pg.ClientBase, given: Iterable<Series>): Promise<ReadonlySet<Series>> {
    const missing = new Map<string, { canonical: string; idBytes: Buffer; objects: Series[] }>();
    for (const series of given) {
      if (this.known(series) !== undefined) continue;
      const canonical = canonicalSeries(series);
      const idBytes = idBytesOf(canonical);
      const id = idBytes.readBigInt64BE(0).toString();
      const there = missing.get(id);
      if (there?.canonical === canonical) there.objects.push(series);
      else if (there === undefined) missing.set(id, { canonical, idBytes, objects: [series] });
    }
    if (missing.size === 0) return new Set();
    const { rows } = await client.query<{ id: string; tenantId: number; canonical: string }>(
      'select id::text as id, tenant_id as "tenantId", canonical from series where id = any($1::bigint[])',
      [[...missing.keys()]],
    );
    for (const { id, tenantId, canonical } of rows) {
      const found = missing.get(id);
      missing.delete(id);
      if (found?.canonical !== canonical) continue;
      const [series] = found.objects as [Series];
      this.#remember(canonical, series, { idBytes: found.idBytes, tenantId }, found.objects);
    }
    return new Set([...missing.values()].flatMap(({ objects }) => objects));
  }

  /** Commits the unknown ones of these series, whose texts must be storable. Afterwards `known` answers for all but the refused. */
  async learn(client: pg.ClientBase, wanted: Iterable<Series>): Promise<ReadonlyMap<Series, SeriesRefusal>> {
    const refusals = new Map<Series, SeriesRefusal>();
    const fresh = new Map<string, { series: Series; objects: Series[]; idBytes: Buffer; id: string }>();
    for (const object of wanted) {
      if (this.known(object) !== undefined) continue;
      const canonical = canonicalSeries(object);
      const there = fresh.get(canonical);
      if (there !== undefined) {
        there.objects.push(object);
        continue;
      }
      const idBytes = idBytesOf(canonical);
      fresh.set(canonical, { series: object, objects: [object], idBytes, id: idBytes.readBigInt64BE(0).toString() });
    }
    if (fresh.size === 0) return refusals;

    const refuse = (objects: readonly Series[], code: SeriesRefusal) => {
      this.#refused += objects.length;
      for (const object of objects) refusals.set(object, code);
    };
    const sorted = [...fresh].sort(([, a], [, b]) => Buffer.compare(a.idBytes, b.idBytes));
    const rows: { canonical: string; tenantId: number; entry: (typeof sorted)[number][1] }[] = [];
    for (const [canonical, entry] of sorted) {
      const tenantId = await this.#tenantId(client, entry.series.tenant);
      const count = await this.#countOf(client, tenantId);
      if (count >= this.#limits.perTenant && !(await isStored(client, entry.id))) {
        refuse(entry.objects, 'series_limit');
        continue;
      }
      this.#perTenant.set(tenantId, count + 1);
      rows.push({ canonical, tenantId, entry });
    }
    if (rows.length === 0) return refusals;

    const column = <T>(pick: (row: (typeof rows)[number]) => T) => rows.map(pick);
    // One statement, so one transaction of its own: it is committed when it returns. Array columns travel as text
    // since unnest would flatten an array of arrays.
    await client.query(
      `insert into series (id, tenant_id, environment, zone, host, guest, service, name, source, attributes, value_names, canonical)
       select id, tenant_id, environment, zone, host, guest, service, name, source, attributes,
              array(select jsonb_array_elements_text(value_names)), canonical
       from unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[], $12::text[])
         as t (id, tenant_id, environment, zone, host, guest, service, name, source, attributes, value_names, canonical)
       on conflict (id) do nothing`,
      [
        column((row) => row.entry.id),
        column((row) => row.tenantId),
        column((row) => row.entry.series.environment),
        column((row) => row.entry.series.zone),
        column((row) => row.entry.series.host),
        column((row) => row.entry.series.guest),
        column((row) => row.entry.series.service),
        column((row) => row.entry.series.name),
        column((row) => row.entry.series.source),
        column((row) => JSON.stringify(row.entry.series.attributes)),
        column((row) => JSON.stringify(row.entry.series.valueNames)),
        column((row) => row.canonical),
      ],
    );
    const { rows: stored } = await client.query<{ id: string; canonical: string }>(
      'select id::text as id, canonical from series where id = any($1::bigint[])',
      [column((row) => row.entry.id)],
    );
    const storedText = new Map(stored.map((row) => [row.id, row.canonical]));
    for (const { canonical, tenantId, entry } of rows) {
      if (storedText.get(entry.id) !== canonical) {
        refuse(entry.objects, 'series_collision');
        continue;
      }
      this.#remember(canonical, entry.series, { idBytes: entry.idBytes, tenantId }, entry.objects);
    }
    return refusals;
  }

  /** Series of rows that were read, by identifier; those not in memory are fetched. */
  async ofIds(client: pg.ClientBase, ids: Iterable<string>): Promise<(id: string) => Series> {
    const missing = [...new Set(ids)].filter((id) => !this.#byId.has(id));
    if (missing.length > 0) {
      const { rows } = await client.query(
        `select s.id::text as id, t.name as tenant, environment, zone, host, guest, service, s.name, source, attributes, value_names
         from series s join tenants t on t.id = s.tenant_id where s.id = any($1::bigint[])`,
        [missing],
      );
      for (const { id, value_names: valueNames, ...rest } of rows) this.#byId.set(id, { ...rest, valueNames });
    }
    return (id) => {
      const series = this.#byId.get(id);
      if (series === undefined) throw new RangeError(`series ${id} is in no dictionary row`);
      return series;
    };
  }

  #remember(canonical: string, series: Series, ref: SeriesRef, objects: readonly Series[]): void {
    for (const map of [this.#byCanonical, this.#byId]) {
      if (map.size >= cacheSize) map.delete(map.keys().next().value as string);
    }
    this.#byCanonical.set(canonical, ref);
    this.#byId.set(ref.idBytes.readBigInt64BE(0).toString(), series);
    for (const object of objects) this.#byObject.set(object, ref);
  }

  async #tenantId(client: pg.ClientBase, tenant: string): Promise<number> {
    const known = this.#tenantIds.get(tenant);
    if (known !== undefined) return known;
    await client.query('insert into tenants (name) values ($1) on conflict (name) do nothing', [tenant]);
    const { rows } = await client.query<{ id: number }>('select id from tenants where name = $1', [tenant]);
    const id = rows[0]?.id ?? 0;
    this.#tenantIds.set(tenant, id);
    return id;
  }

  async #countOf(client: pg.ClientBase, tenantId: number): Promise<number> {
    const known = this.#perTenant.get(tenantId);
    if (known !== undefined) return known;
    const { rows } = await client.query<{ count: number }>(
      'select count(*) as count from series where tenant_id = $1',
      [tenantId],
    );
    const count = Number(rows[0]?.count ?? 0);
    this.#perTenant.set(tenantId, count);
    return count;
  }
}

async function isStored(client: pg.ClientBase, id: string): Promise<boolean> {
  const { rowCount } = await client.query('select from series where id = $1::bigint', [id]);
  return rowCount === 1;
}

const idBytesOf = (canonical: string) => createHash('sha256').update(canonical).digest().subarray(0, 8);

/** The identifier under which a series is stored, as decimal text. */
export function seriesIdOf(series: Series): string {
  return idBytesOf(canonicalSeries(series)).readBigInt64BE(0).toString();
}
