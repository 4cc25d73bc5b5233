import {
  type LeaseView,
  type ProcessList,
  type ProcessView,
  processFiguresOf,
  type ReaderView,
} from '@watchkeeper/model';
import type { SeenLease, SeenProcess, SeenReader } from '@watchkeeper/store';

/** Pure parts of the page of processes. */

/** A process that says nothing for so long is silent: two of its words are missing. Milliseconds. */
export const silentAfterMs = 11_000;

export function processListOf({
  at,
  backMs,
  processes,
  leases,
  readers,
}: {
  readonly at: Date;
  /** Time since the database is back, milliseconds; null when it has not been away. */
  readonly backMs: number | null;
  readonly processes: readonly SeenProcess[];
  readonly leases: readonly SeenLease[];
  readonly readers: readonly SeenReader[];
}): ProcessList {
  const shown = leases.filter((lease) => isOfInterest(lease, at, readers));
  // After the database was away nobody has told of itself yet, and everybody needs one more word.
  const isBack = backMs !== null && backMs <= silentAfterMs;
  const items = processes.map((process) => processView(process, shown, !isBack && process.silentMs > silentAfterMs));
  return {
    at: at.toISOString(),
    backAt: isBack ? new Date(at.getTime() - backMs).toISOString() : null,
    items: [...items.filter(isRunning), ...items.filter((item) => !isRunning(item))],
    leases: shown.map(leaseView),
    readers: readers.map((reader) => readerView(reader, leases)),
  };
}

/**
 * What is held, and what should be. A zone that nobody has held for a day was given up, and a name that this release
 * does not know may be one of another release; a partition always has to be read.
 */
function isOfInterest({ name, expiresAt, isHeld }: SeenLease, at: Date, readers: readonly SeenReader[]): boolean {
  if (isHeld || readers.some(({ reader, partition }) => name === `${reader}/${partition}`)) return true;
  const isKnown = name.startsWith('scheduler/') || name === 'maintenance' || name === 'health-sweep';
  return isKnown && at.getTime() - expiresAt.getTime() < 86_400_000;
}

const isRunning = ({ state }: ProcessView) => state === 'running';

function processView(process: SeenProcess, leases: readonly SeenLease[], isSilent: boolean): ProcessView {
  const { id, host, pid, version, roles, zones } = process;
  const figures = processFiguresOf(process.figures);
  const had = isSilent ? leases.filter(({ name }) => figures.leases.includes(name)) : [];
  const moved = Map.groupBy(
    had.filter(({ holder, isHeld }) => isHeld && holder !== id),
    ({ holder }) => holder,
  );
  return {
    ...{ id, host, pid, version, roles: [...roles], zones: [...zones] },
    startedAt: process.startedAt.toISOString(),
    seenAt: process.seenAt.toISOString(),
    state: isSilent ? 'silent' : 'running',
    isRemote: figures.isRemote,
    figures,
    leases: leases.filter(({ holder, isHeld }) => isHeld && holder === id).map(nameOf),
    replacedBy: [...moved].map(([holder, all]) => ({ process: holder, leases: all.map(nameOf) })),
    abandoned: had.filter(({ isHeld }) => !isHeld).map(nameOf),
  };
}

const nameOf = ({ name }: SeenLease) => name;

function leaseView({ name, holder, expiresAt, isHeld }: SeenLease): LeaseView {
  return { name, holder: isHeld ? holder : null, lastHolder: holder, until: expiresAt.toISOString() };
}

function readerView(
  { reader, partition, updatedAt, lagEvents, lagMs }: SeenReader,
  leases: readonly SeenLease[],
): ReaderView {
  const lease = leases.find(({ name }) => name === `${reader}/${partition}`);
  const holder = lease?.isHeld === true ? lease.holder : null;
  const leftAt = lease === undefined ? updatedAt : lease.expiresAt;
  return {
    ...{ reader, partition, holder, lagEvents },
    unheldSince: holder === null && leftAt !== null ? leftAt.toISOString() : null,
    lagMs: lagMs === null ? null : Math.max(0, lagMs),
  };
}
