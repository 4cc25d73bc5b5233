import {
  CheckTally,
  type Overview,
  type Problem,
  type State,
  type StateCounts,
  severityOf,
  states,
  worstState,
} from '@watchkeeper/model';
import type { CellParts, LogFigures, NamedRow, OpenAlertRow, ServiceCell } from '@watchkeeper/store';

/** Pure parts of the first page. */

type Places = { readonly environments: readonly NamedRow[]; readonly zones: readonly NamedRow[] };

/** One text for what belongs together: cells, alerts and parts of a service in an environment of a tenant. */
export function cellKey({
  tenantId,
  service,
  environment,
}: Pick<ServiceCell, 'tenantId' | 'service' | 'environment'>): string {
  return `${tenantId} ${service} ${environment}`;
}

export function countStates(all: Iterable<State>): StateCounts {
  const counts = Object.fromEntries(states.map((state) => [state, 0])) as StateCounts;
  for (const state of all) counts[state] += 1;
  return counts;
}

const problemStates: readonly State[] = ['failed', 'degraded', 'unknown'];

/** Services that are not well: worst first, causes before what they hold, then the newest trouble. */
export function problemsOf(cells: readonly ServiceCell[]): ServiceCell[] {
  const sinceMs = (cell: ServiceCell) => cell.since?.getTime() ?? 0;
  return cells
    .filter((cell) => problemStates.includes(cell.state))
    .sort(
      (a, b) =>
        severityOf(b.state) - severityOf(a.state) ||
        Number(a.heldBy !== null) - Number(b.heldBy !== null) ||
        sinceMs(b) - sinceMs(a) ||
        cellKey(a).localeCompare(cellKey(b)),
    );
}

export interface ProblemDetail {
  readonly strip: string;
  readonly monitorIds: readonly string[];
}

export function problemView(
  cell: ServiceCell,
  alert: OpenAlertRow | undefined,
  detail: ProblemDetail | undefined,
): Problem {
  return {
    service: cell.service,
    environment: cell.environment,
    state: cell.state,
    since: cell.since?.toISOString() ?? null,
    reason: cell.reason,
    message: cell.message,
    heldBy: cell.heldBy,
    failingChecks: cell.failingChecks,
    allChecks: cell.allChecks,
    zones: cell.zones.map(({ zone, state }) => ({ zone, state })),
    strip: detail?.strip ?? '',
    alert:
      alert === undefined
        ? null
        : {
            id: alert.id,
            openedAt: alert.openedAt.toISOString(),
            held: alert.heldBy !== null,
            toldAt: alert.toldAt?.toISOString() ?? null,
            channels: [...alert.channels],
            lastError: alert.lastError,
          },
    monitorIds: [...(detail?.monitorIds ?? [])],
  };
}

/** OK share and 95th percentile of a service in an environment, and of each of its zones. */
export interface CellRatios {
  readonly okRatio: number | null;
  readonly p95Ms: number | null;
  readonly zones: ReadonlyMap<string, { readonly okRatio: number | null; readonly p95Ms: number | null }>;
}

export function ratiosOf(all: readonly CellParts[]): ReadonlyMap<string, CellRatios> {
  return new Map(
    all.map((cell) => {
      const whole = new CheckTally();
      const zones = new Map<string, CheckTally>();
      for (const [zone, outcomes, durations] of cell.parts) {
        let tally = zones.get(zone);
        if (tally === undefined) {
          tally = new CheckTally();
          zones.set(zone, tally);
        }
        tally.add(0, outcomes, durations);
        whole.add(0, outcomes, durations);
      }
      return [
        cellKey(cell),
        { ...ratios(whole), zones: new Map([...zones].map(([zone, tally]) => [zone, ratios(tally)])) },
      ];
    }),
  );
}

const ratios = (tally: CheckTally) => ({ okRatio: tally.okRatio, p95Ms: tally.percentile(0.95) });

/** The matrix of services and environments, worst services first. Services of other tenants carry the tenant's name. */
export function matrixOf(
  cells: readonly ServiceCell[],
  ratiosByCell: ReadonlyMap<string, CellRatios>,
  ownTenantId: number,
): Overview['services'] {
  const rows = [...Map.groupBy(cells, ({ tenantId, service }) => `${tenantId} ${service}`).values()].map(
    (ofService) => {
      const [first] = ofService as [ServiceCell, ...ServiceCell[]];
      return {
        worst: severityOf(worstState(ofService.map(({ state }) => state))),
        service: {
          name: first.service,
          title: first.tenantId === ownTenantId ? first.title : `${first.tenant}: ${first.title}`,
          cells: ofService.map((cell) => cellView(cell, ratiosByCell.get(cellKey(cell)))),
        },
      };
    },
  );
  rows.sort((a, b) => b.worst - a.worst || a.service.title.localeCompare(b.service.title));
  return rows.map(({ service }) => service);
}

function cellView(cell: ServiceCell, measured: CellRatios | undefined) {
  return {
    environment: cell.environment,
    state: cell.state,
    okRatio: measured?.okRatio ?? null,
    p95Ms: measured?.p95Ms ?? null,
    zones: cell.zones.map(({ zone, state }) => {
      const tile = measured?.zones.get(zone);
      return { zone, state, okRatio: tile?.okRatio ?? null, p95Ms: tile?.p95Ms ?? null };
    }),
  };
}

/** Environments that are watched, each with the zones it is watched from, by title. */
export function environmentsOf(cells: readonly ServiceCell[], places: Places): Overview['environments'] {
  const zonesByEnvironment = new Map<string, Set<string>>();
  for (const { environment, zones } of cells) {
    const known = zonesByEnvironment.get(environment) ?? new Set();
    zonesByEnvironment.set(environment, known);
    for (const { zone } of zones) known.add(zone);
  }
  const titleOf = new Map(places.environments.map(({ name, title }) => [name, title]));
  const zoneOf = new Map(places.zones.map((zone) => [zone.name, zone]));
  return [...zonesByEnvironment]
    .map(([name, zones]) => ({
      name,
      title: titleOf.get(name) ?? name,
      zones: [...zones]
        .map((zone) => ({
          name: zone,
          title: zoneOf.get(zone)?.title ?? zone,
          code: zoneOf.get(zone)?.code ?? zone.slice(0, 3).toUpperCase(),
        }))
        .sort((a, b) => a.title.localeCompare(b.title)),
    }))
    .sort((a, b) => a.title.localeCompare(b.title));
}

/** A reader of the log that is this far behind is late. */
const lateReaderMs = 120_000;
/** Roles without which nothing is judged. */
const neededRoles = ['processor', 'health'];

/** After the database was away so long nobody counts as late or missing, milliseconds. */
const catchUpMs = 30_000;

/**
 * How Watchkeeper itself is: late when a reader of the log or a needed role stays away. `backMs` is the time since the
 * database is back, null when it has not been away.
 */
export function selfOf(figures: LogFigures, eventsPerSecond: number, backMs: number | null): Overview['self'] {
  const isSettled = backMs === null || backMs > catchUpMs;
  const isRoleAway = isSettled && figures.roles.length > 0 && neededRoles.some((role) => !figures.roles.includes(role));
  const isLate = isSettled && figures.readerLagMs > lateReaderMs;
  return {
    state: isRoleAway ? 'failed' : isLate ? 'degraded' : figures.newestAgeMs === null ? 'unknown' : 'ok',
    eventsPerSecond,
    dropped: figures.dropped,
    newestEventAgeMs: figures.newestAgeMs === null ? null : Math.max(0, figures.newestAgeMs),
  };
}

const granularitiesS = [60, 3600, 86_400];
/** Most rows of the rollup that one matrix is added up from. */
const mostRows = 250_000;

/**
 * Periods for the matrix: the finest that make not more than a bounded number of rows, but never one longer than the
 * range. The range is widened to whole periods.
 */
export function matrixPeriods(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  keys: number,
): { granularityS: number; fromMs: number; toMs: number } {
  const possible = granularitiesS.filter((size) => size <= Math.max(3600, (toMs - fromMs) / 1000));
  const rowsOf = (size: number) => keys * Math.ceil((toMs - fromMs) / (size * 1000));
  const granularityS = possible.find((size) => rowsOf(size) <= mostRows) ?? (possible.at(-1) as number);
  const gridMs = granularityS * 1000;
  return { granularityS, fromMs: Math.floor(fromMs / gridMs) * gridMs, toMs: Math.ceil(toMs / gridMs) * gridMs };
}
