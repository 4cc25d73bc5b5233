import type { EventView, MonitorChecks } from '@watchkeeper/model';
import type { Outcome } from '@watchkeeper/model/light';

/** One check as the chart and the tables show it. */
export interface Check {
  readonly atMs: number;
  readonly zone: string;
  readonly outcome: Outcome;
  readonly reason: string | null;
  /** An attempt that was followed by another one. */
  readonly isRetried: boolean;
  readonly values: Readonly<Record<string, number | null>>;
}

/** Checks of an answer in columns, in the order of time. */
export function checksOf({ zones }: MonitorChecks): Check[] {
  const checks = zones.flatMap(({ zone, timeMs, outcome, reason, retried, values }) => {
    const names = Object.keys(values);
    return timeMs.map((atMs, index) => ({
      atMs,
      zone,
      outcome: outcome[index] ?? 'ok',
      reason: reason[index] ?? null,
      isRetried: retried[index] ?? false,
      values: Object.fromEntries(names.map((name) => [name, values[name]?.[index] ?? null])),
    }));
  });
  return checks.sort((a, b) => a.atMs - b.atMs);
}

/** A check that came over the stream; undefined for another event. */
export function checkOfEvent(event: EventView): Check | undefined {
  const isRetried = event.name === 'monitor.attempted';
  if (!isRetried && event.name !== 'monitor.checked') return undefined;
  return {
    atMs: Date.parse(event.time),
    zone: event.zone,
    outcome: event.outcome,
    reason: event.reason,
    isRetried,
    values: event.values,
  };
}

/** Adds what is new; a check that is there already stays once. */
export function mergeChecks(present: readonly Check[], arrived: readonly Check[]): readonly Check[] {
  const known = new Set(present.slice(-500).map(({ atMs, zone, isRetried }) => `${atMs} ${zone} ${isRetried}`));
  const fresh = arrived.filter(({ atMs, zone, isRetried }) => !known.has(`${atMs} ${zone} ${isRetried}`));
  return fresh.length === 0 ? present : [...present, ...fresh].sort((a, b) => a.atMs - b.atMs);
}

/** The value at a share of the sorted list; null of none. */
export function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

/** Limits that conditions put on the duration, milliseconds: below which it fails, and below which it is slow. */
export function limitsOf(assertions: readonly string[]): { readonly failMs?: number; readonly warnMs?: number } {
  const limits: { failMs?: number; warnMs?: number } = {};
  for (const text of assertions) {
    const [, warn, digits, unit] = /^\s*(warn\s+)?durationMs\s*<=?\s*(\d+(?:\.\d+)?)\s*(ms|s)?\s*$/.exec(text) ?? [];
    if (digits === undefined) continue;
    const ms = Number(digits) * (unit === 's' ? 1000 : 1);
    if (warn === undefined) limits.failMs = ms;
    else limits.warnMs = ms;
  }
  return limits;
}

/** A limit as it was written: 500 ms, 2 s. */
export const shortText = (ms: number): string => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`);

/** State of each of `count` periods in one zone: `n` none, `o` OK, `d` degraded, `f` failed. */
export function stripOf(
  checks: readonly Check[],
  range: { readonly fromMs: number; readonly toMs: number },
  count: number,
): string {
  const letters = new Array<string>(count).fill('n');
  const weight: Readonly<Record<string, number>> = { n: 0, o: 1, d: 2, f: 3 };
  const letterOf: Readonly<Record<Outcome, string>> = { ok: 'o', degraded: 'd', failed: 'f', skipped: 'n' };
  for (const check of checks) {
    if (check.isRetried) continue;
    const index = Math.floor(((check.atMs - range.fromMs) / (range.toMs - range.fromMs)) * count);
    const letter = letterOf[check.outcome];
    if (index >= 0 && index < count && (weight[letter] ?? 0) > (weight[letters[index] ?? 'n'] ?? 0))
      letters[index] = letter;
  }
  return letters.join('');
}
