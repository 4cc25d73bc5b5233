import type { LoggedEvent, Series } from '@watchkeeper/model';
import type { RollupDefinitionRow, RollupDelta, RollupKey } from '@watchkeeper/store';
import {
  countsSeries,
  KeySums,
  keyOf,
  placesIn,
  planRollup,
  type RollupPlan,
  type SeriesPlaces,
} from './rollup-plan.ts';

/** Where the events of a series are added. */
interface SeriesRoute {
  readonly plan: RollupPlan;
  readonly key: RollupKey;
  readonly places: SeriesPlaces;
}

/** Shared routes that are kept. */
const keptRoutes = 10_000;

/** What was added up and is not written yet. */
export class RollupSums {
  #plans: readonly RollupPlan[] = [];
  #tenants: ReadonlyMap<string, number> = new Map();
  #routes = new WeakMap<Series, readonly SeriesRoute[]>();
  /** By their content: series that differ in what no rollup asks for share routes, so that few are in use. */
  #shared = new Map<string, readonly SeriesRoute[]>();
  #sums = new Map<string, KeySums>();

  /** Definitions (undefined keeps them) and tenants from now on; what is added up already stays. */
  use(definitions: readonly RollupDefinitionRow[] | undefined, tenants: ReadonlyMap<string, number>): void {
    if (definitions !== undefined) this.#plans = definitions.map(planRollup);
    this.#tenants = tenants;
    this.#routes = new WeakMap();
    this.#shared = new Map();
  }

  knowsTenant(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  add(event: LoggedEvent): void {
    let routes = this.#routes.get(event.series);
    if (routes === undefined) {
      routes = this.#routesOf(event.series);
      this.#routes.set(event.series, routes);
    }
    for (const { plan, key, places } of routes) {
      let sums = this.#sums.get(key.id);
      if (sums === undefined) {
        sums = new KeySums(plan, key);
        this.#sums.set(key.id, sums);
      }
      sums.add(event, places);
    }
  }

  /** Rows that the next write would have, about. */
  get rows(): number {
    let rows = 0;
    for (const sums of this.#sums.values()) rows += sums.rows;
    return rows;
  }

  /** What was added since the last call; afterwards everything is zero. */
  take(): { readonly deltas: RollupDelta[]; readonly keys: RollupKey[] } {
    const all = [...this.#sums.values()];
    this.#sums = new Map();
    return { deltas: all.flatMap((sums) => sums.deltas()), keys: all.map((sums) => sums.key) };
  }

  #routesOf(series: Series): readonly SeriesRoute[] {
    const tenantId = this.#tenants.get(series.tenant);
    if (tenantId === undefined) return [];
    const routes = this.#plans
      .filter(({ row }) => (row.tenantId === null || row.tenantId === tenantId) && countsSeries(row.definition, series))
      .map((plan) => ({ plan, key: keyOf(plan, series, tenantId), places: placesIn(plan, series) }));
    const text = JSON.stringify(routes.map(({ key, places }) => [key.id, places]));
    const shared = this.#shared.get(text);
    if (shared !== undefined) return shared;
    if (this.#shared.size >= keptRoutes) this.#shared.clear();
    this.#shared.set(text, routes);
    return routes;
  }
}
