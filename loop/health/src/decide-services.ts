import { type State, severityOf } from '@watchkeeper/model';
import type { MeasuredService, StoredService } from '@watchkeeper/store';

export interface ServiceInputs {
  readonly measured: readonly MeasuredService[];
  readonly stored: readonly StoredService[];
  /** Service → services it depends on, in the same environment. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** Time of what led to this, microseconds since 1970-01-01 UTC. */
  readonly nowUs: number;
}

export interface DecidedService extends StoredService {
  /** Nobody knows yet, and nobody is late: its monitors are new or were started again. */
  readonly isAwaited: boolean;
  /** Null when the service had no state before. */
  readonly previousState: State | null;
  /** Differs from what is stored, in whatever. */
  readonly isDifferent: boolean;
}

export interface Decided {
  readonly services: readonly DecidedService[];
  /** Stored, but no monitor watches it any more. */
  readonly gone: readonly StoredService[];
}

/** States of the services of one tenant: worst of their monitors, held by what they depend on. No I/O. */
export function decideServices({ measured, stored, dependencies, nowUs }: ServiceInputs): Decided {
  const storedByKey = new Map(stored.map((row) => [keyOf(row), row]));
  const states = new Map(measured.map((row) => [keyOf(row), row.state]));
  const services = measured.map((row): DecidedService => {
    const before = storedByKey.get(keyOf(row));
    const { service, environment, state, reason, message } = row;
    const isWell = state === 'ok' || state === 'paused' || state === 'maintenance';
    const heldBy = isWell ? null : holderOf(row, dependencies, states);
    const sinceUs = before?.state === state ? before.sinceUs : sinceOf(row, before?.state, nowUs);
    const decided = { service, environment, state, sinceUs, reason, message, heldBy };
    const isDifferent =
      before === undefined ||
      before.state !== state ||
      before.reason !== reason ||
      before.message !== message ||
      before.heldBy !== heldBy;
    const isAwaited = state === 'unknown' && message === null;
    return { ...decided, isAwaited, previousState: before?.state ?? null, isDifferent };
  });
  const present = new Set(measured.map(keyOf));
  return { services, gone: stored.filter((row) => !present.has(keyOf(row))) };
}

/** A service became worse when the first of its monitors did; it became better when the last one did, which is now. */
function sinceOf({ state, sinceUs }: MeasuredService, before: State | undefined, nowUs: number): number {
  const isWorse = before === undefined || severityOf(state) > severityOf(before);
  return isWorse ? (sinceUs ?? nowUs) : nowUs;
}

/**
 * The failed service that explains why this one is not well: reached over dependencies, as far down as failures go.
 * Services that depend on each other never hold each other: somebody must be told.
 */
function holderOf(
  { service, environment }: MeasuredService,
  dependencies: ReadonlyMap<string, readonly string[]>,
  states: ReadonlyMap<string, State>,
): string | null {
  const failed = [...reachable(service, dependencies)].filter(
    (name) =>
      name !== service &&
      states.get(keyOf({ service: name, environment })) === 'failed' &&
      !reachable(name, dependencies).has(service),
  );
  const roots = failed.filter(
    (name) => !failed.some((other) => other !== name && reachable(name, dependencies).has(other)),
  );
  return roots.sort()[0] ?? failed.sort()[0] ?? null;
}

/** Everything a service depends on, directly or not; itself only when it stands in a circle. */
function reachable(service: string, dependencies: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(dependencies.get(service) ?? [])];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    open.push(...(dependencies.get(name) ?? []));
  }
  return found;
}

const keyOf = ({ service, environment }: { readonly service: string; readonly environment: string }) =>
  `${service} ${environment}`;
