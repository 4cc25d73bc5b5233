import type { ProcessList } from '@watchkeeper/model';
import { lagOf, unreadPartitions } from '@watchkeeper/model/light';

/** How far one reader was behind at one moment. */
export interface ReaderLag {
  readonly events: number;
  readonly ageMs: number;
  /** Partitions that nobody read at that moment, those left out that only changed hands. */
  readonly unread: readonly number[];
}

export interface LagPoint {
  readonly atMs: number;
  readonly readers: ReadonlyMap<string, ReaderLag>;
}

/** Longest time that is kept while the page is open, milliseconds. */
const keptMs = 15 * 60_000;
/** Answers further apart than this leave a gap, milliseconds: nobody knows what was between. */
export const gapMs = 10_000;

export function lagPointOf(list: ProcessList): LagPoint {
  const { at, readers } = list;
  const byReader = Map.groupBy(readers, ({ reader }) => reader);
  const unreadOf = Map.groupBy(unreadPartitions(list), ({ reader }) => reader);
  return {
    atMs: Date.parse(at),
    readers: new Map(
      [...byReader].map(([reader, all]) => {
        const unread = (unreadOf.get(reader) ?? []).map(({ partition }) => partition);
        const { events, ageMs } = lagOf(all) ?? { events: 0, ageMs: 0 };
        return [reader, { events, ageMs, unread }];
      }),
    ),
  };
}

/** The history with one more point; what is too old goes. */
export function withPoint(history: readonly LagPoint[], point: LagPoint): readonly LagPoint[] {
  const last = history.at(-1);
  if (last !== undefined && point.atMs <= last.atMs) return history;
  return [...history.filter(({ atMs }) => atMs > point.atMs - keptMs), point];
}
