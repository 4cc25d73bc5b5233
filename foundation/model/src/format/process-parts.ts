import type { ReaderView } from '../processes.ts';
import { countText, millisecondsText } from './numbers.ts';

/** Numbers as people read them, rising: `0–3, 5`. */
export function rangesText(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs
    .map(({ first, last }) =>
      first === last ? `${first}` : last === first + 1 ? `${first}, ${last}` : `${first}–${last}`,
    )
    .join(', ');
}

/** What a process reads now: `health 0–3, processor 0, 1`. */
export function readsText(id: string, readers: readonly ReaderView[]): string {
  const own = Map.groupBy(
    readers.filter(({ holder }) => holder === id),
    ({ reader }) => reader,
  );
  return [...own].map(([reader, all]) => `${reader} ${rangesText(all.map(({ partition }) => partition))}`).join('; ');
}

export interface Lag {
  /** Events behind in all partitions together. */
  readonly events: number;
  /** Age of the oldest event that is not read in any of them, milliseconds. */
  readonly ageMs: number;
}

/** How far readers are behind together; undefined when nothing is known of any. */
export function lagOf(readers: readonly ReaderView[]): Lag | undefined {
  const known = readers.filter(({ lagEvents }) => lagEvents !== null);
  if (known.length === 0) return undefined;
  return {
    events: known.reduce((sum, { lagEvents }) => sum + (lagEvents ?? 0), 0),
    ageMs: Math.max(...known.map(({ lagMs }) => lagMs ?? 0)),
  };
}

/** `none`, `1 event, 174 ms`, `12 410 events, 2.31 s`. */
export function lagText(lag: Lag | undefined): string {
  if (lag === undefined) return '–';
  if (lag.events === 0) return 'none';
  return `${countText(lag.events)} ${lag.events === 1 ? 'event' : 'events'}, ${millisecondsText(lag.ageMs)}`;
}
