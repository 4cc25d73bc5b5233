import type { AlertRuleDefinition } from './alert-rule.ts';
import { percentileOf } from './distribution.ts';
import { parseDuration } from './duration.ts';
import { parseAggregate } from './rollup.ts';

/** Judging of alert rules: no clock, no store. The same sums and instants give the same alerts. */

/** How many groups a rule judges; events of others are counted as left out. */
export const mostRuleGroups = 1000;

/** What was added up of the events of one group. */
export interface RuleSums {
  readonly count: number;
  /** Events that had the value. */
  readonly valueCount: number;
  readonly sum: number;
  /** Null without a value. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** Bucket → events; only for percentiles. */
  readonly distribution: ReadonlyMap<number, number>;
}

export interface RuleTimes {
  readonly windowMs: number;
  /** A rule is judged at multiples of this since 1970; the window is a multiple of it. */
  readonly stepMs: number;
  readonly forMs: number;
  readonly endsAfterMs: number;
  readonly delayMs: number;
}

const stepsMs = [300, 120, 60, 30, 15, 10, 5, 2, 1].map((seconds) => seconds * 1000);

export function timesOfRule(rule: Pick<AlertRuleDefinition, 'window' | 'for' | 'endsAfter' | 'delay'>): RuleTimes {
  const windowMs = parseDuration(rule.window) ?? 300_000;
  return {
    windowMs,
    stepMs: stepsMs.find((stepMs) => windowMs % stepMs === 0 && stepMs <= windowMs / 20) ?? 1000,
    forMs: parseDuration(rule.for) ?? 0,
    endsAfterMs: parseDuration(rule.endsAfter) ?? 0,
    delayMs: parseDuration(rule.delay) ?? 0,
  };
}

/** The value that a rule looks at; undefined for rules that only count. */
export function valueOfRule(aggregate: string): string | undefined {
  const parsed = parseAggregate(aggregate);
  return parsed === undefined || parsed.fn === 'count' || parsed.fn === 'counter' ? undefined : parsed.value;
}

export const isPercentileRule = (aggregate: string) => parseAggregate(aggregate)?.fn === 'percentile';

/**
 * What a rule looks at; null when nothing was measured, which is never 0: also a count of no events says nothing about
 * how many there were. Of `absent` it is the count.
 */
export function ruleValue(aggregate: string, sums: RuleSums | undefined, windowMs: number): number | null {
  if (aggregate === 'absent') return sums?.count ?? 0;
  if (sums === undefined || sums.count === 0) return null;
  if (aggregate === 'count') return sums.count;
  if (aggregate === 'rate') return sums.count / (windowMs / 1000);
  const parsed = parseAggregate(aggregate);
  if (parsed === undefined || sums.valueCount === 0) return null;
  switch (parsed.fn) {
    case 'min':
      return sums.minimum;
    case 'max':
      return sums.maximum;
    case 'sum':
      return sums.sum;
    case 'avg':
      return sums.sum / sums.valueCount;
    case 'percentile':
      return percentileOf(sums.distribution, parsed.share);
    default:
      return null;
  }
}

/** Where a group stands. Instants are milliseconds since 1970-01-01 UTC. */
export interface GroupStanding {
  readonly isOpen: boolean;
  /** Since when the limit has been broken without an end. */
  readonly badSinceMs: number | null;
  /** Since when it has been well again while the alert is open. */
  readonly wellSinceMs: number | null;
}

export const standingAtFirst: GroupStanding = { isOpen: false, badSinceMs: null, wellSinceMs: null };

export interface RuleLook {
  readonly atMs: number;
  readonly value: number | null;
  /** Somebody has looked during the whole window: only then does silence, or too few events, mean anything. */
  readonly isWhole: boolean;
}

/** Where a group stands after one more look. */
export function judgeRule(rule: AlertRuleDefinition, before: GroupStanding, look: RuleLook): GroupStanding {
  const { atMs } = look;
  const verdict = verdictOf(rule, before, look);
  if (verdict === 'unknown') return before;
  const { forMs, endsAfterMs } = timesOfRule(rule);
  if (verdict === 'bad') {
    const badSinceMs = before.badSinceMs ?? atMs;
    return { isOpen: before.isOpen || atMs - badSinceMs >= forMs, badSinceMs, wellSinceMs: null };
  }
  if (!before.isOpen) return standingAtFirst;
  const wellSinceMs = before.wellSinceMs ?? atMs;
  return atMs - wellSinceMs >= endsAfterMs ? standingAtFirst : { ...before, wellSinceMs };
}

function verdictOf(
  rule: AlertRuleDefinition,
  { isOpen }: GroupStanding,
  { value, isWhole }: RuleLook,
): 'bad' | 'well' | 'unknown' {
  const { aggregate, above, below, endsAt } = rule;
  if (aggregate === 'absent') return value !== null && value > 0 ? 'well' : isWhole ? 'bad' : 'unknown';
  const isCount = aggregate === 'count' || aggregate === 'rate';
  // No event at all is surely not too many of them, but may be silence and not too few.
  if (value === null) return isCount && above !== null ? 'well' : 'unknown';
  if (above !== null) return value > (isOpen ? (endsAt ?? above) : above) ? 'bad' : 'well';
  if (below === null) return 'unknown';
  if (value < (isOpen ? (endsAt ?? below) : below)) return isCount && !isWhole ? 'unknown' : 'bad';
  return 'well';
}
