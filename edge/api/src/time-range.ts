import { type FieldProblem, parseDuration, WatchkeeperError } from '@watchkeeper/model';

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

const defaultRangeMs = 3_600_000;

/** Milliseconds of `now`, `now-1h` or an RFC 3339 instant; undefined of anything else, such as 30 February. */
export function instantOf(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  if (text.startsWith('now-')) {
    const backMs = parseDuration(text.slice('now-'.length));
    return backMs === undefined || backMs > nowMs ? undefined : nowMs - backMs;
  }
  const [, day] = /^\d{4}-\d{2}-(\d{2})T/.exec(text) ?? [];
  const ms = Date.parse(text);
  if (day === undefined || Number.isNaN(ms)) return undefined;
  // A day that the month does not have would roll over into the next one.
  const dayStart = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return dayStart.getUTCDate() === Number(day) ? ms : undefined;
}

export interface RangeOptions {
  readonly nowMs: number;
  /** Pointer of a bound for problems: `query:from` or `/from`. */
  readonly pointer: (bound: 'from' | 'to') => string;
  /** Longest range, milliseconds. */
  readonly longestMs?: number;
}

/**
 * The range of a question; `to` is now and `from` an hour before `to` when they are left out.
 * @throws WatchkeeperError `validation_failed` with the bound that is wrong
 */
export function rangeOf(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  { nowMs, pointer, longestMs = Number.POSITIVE_INFINITY }: RangeOptions,
): TimeRange {
  const toMs = to === undefined ? nowMs : instantOf(to, nowMs);
  if (toMs === undefined) throw invalid({ pointer: pointer('to'), message: `"${to}" is no instant that exists` });
  const fromMs = from === undefined ? toMs - defaultRangeMs : instantOf(from, nowMs);
  if (fromMs === undefined) throw invalid({ pointer: pointer('from'), message: `"${from}" is no instant that exists` });
  if (fromMs >= toMs) throw invalid({ pointer: pointer('from'), message: 'must be before the end of the range' });
  if (toMs - fromMs > longestMs) {
    throw invalid({
      pointer: pointer('from'),
      message: `the range may be at most ${longestMs / 86_400_000} days long`,
    });
  }
  return { fromMs, toMs };
}

function invalid(problem: FieldProblem): WatchkeeperError {
  return new WatchkeeperError(
    'validation_failed',
    `The range of time is not valid: ${problem.message}. Correct ${problem.pointer}.`,
    {
      problems: [problem],
    },
  );
}
