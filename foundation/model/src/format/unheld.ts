import type { ProcessList, ReaderView } from '../processes.ts';
import { rangesText } from './process-parts.ts';

/** What nobody holds or does, for longer than it takes to change hands. */

/** Roles without which nothing is added up or judged. */
const neededRoles = ['processor', 'health'];

/**
 * What changes hands in order lies for a moment: so long it is nobody's fault. Milliseconds, as `docs/how-to/grow-it.md`
 * promises; who takes over from a killed process has its lease within this time after it ran out, too.
 */
const handOverMs = 3000;
/** After the database was away, and after a start, everybody has taken what is to be taken within this time, milliseconds. */
const settleMs = 11_000;

/** Whether what nobody holds since then (null: nobody ever held it) is only changing hands. */
export function isChangingHands(
  since: string | null,
  { at, backAt, items }: Pick<ProcessList, 'at' | 'backAt' | 'items'>,
): boolean {
  const nowMs = Date.parse(at);
  const isYoung = (instant: string | null, withinMs: number) =>
    instant !== null && nowMs - Date.parse(instant) < withinMs;
  if (since === null) return items.some(({ state, startedAt }) => state === 'running' && isYoung(startedAt, settleMs));
  return isYoung(since, handOverMs) || isYoung(backAt, settleMs);
}

/** Partitions that nobody reads and that do not just change hands, the one left longest first; those that nobody ever read lead. */
export function unreadPartitions(list: Pick<ProcessList, 'at' | 'backAt' | 'items' | 'readers'>): ReaderView[] {
  const sinceMs = ({ unheldSince }: ReaderView) => (unheldSince === null ? 0 : Date.parse(unheldSince));
  return list.readers
    .filter(({ holder, unheldSince }) => holder === null && !isChangingHands(unheldSince, list))
    .sort((a, b) => sinceMs(a) - sinceMs(b));
}

/** Partitions that nobody reads, by reader: `health 3; processor 0–3`. */
export function unreadText(list: Pick<ProcessList, 'at' | 'backAt' | 'items' | 'readers'>): string {
  return [...Map.groupBy(unreadPartitions(list), ({ reader }) => reader)]
    .map(([reader, all]) => `${reader} ${rangesText(all.map(({ partition }) => partition))}`)
    .join('; ');
}

/** Zones whose scheduler is gone: `scheduler/frankfurt` that nobody holds and that does not just change hands. */
export function unwatchedZones(list: Pick<ProcessList, 'at' | 'backAt' | 'items' | 'leases'>): string[] {
  return list.leases.flatMap(({ name, holder, until }) =>
    holder === null && name.startsWith('scheduler/') && !isChangingHands(until, list)
      ? [name.slice('scheduler/'.length)]
      : [],
  );
}

/** Roles without which nothing goes on and that no process has; not while one is started anew in order. */
export function absentRoles(list: ProcessList): string[] {
  return neededRoles.filter((role) => {
    if (list.items.some(({ state, roles }) => state === 'running' && roles.includes(role))) return false;
    const own = list.readers.filter(({ reader }) => reader === role);
    const isMoving = own.every(({ holder, unheldSince }) => holder === null && isChangingHands(unheldSince, list));
    return own.length === 0 || !isMoving;
  });
}
