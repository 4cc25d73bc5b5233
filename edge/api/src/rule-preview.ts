import {
  type AlertRuleDefinition,
  type AlertRulePreview,
  judgeRule,
  type RuleSums,
  ruleValue,
  standingAtFirst,
  timesOfRule,
} from '@watchkeeper/model';
import type { RuleBucket } from '@watchkeeper/store';
import type { TimeRange } from './time-range.ts';

const mostAlerts = 200;
const mostValues = 300;

type Judgement = { atMs: number; lowest: number | null; highest: number | null };

/**
 * What a rule would have done with these sums, judged as health judges, as if somebody had looked all the time and no
 * event had been late. The buckets begin a window before the range.
 */
export function previewRule(
  rule: AlertRuleDefinition,
  buckets: readonly RuleBucket[],
  { fromMs, toMs }: TimeRange,
): AlertRulePreview {
  const { stepMs, windowMs } = timesOfRule(rule);
  const firstMs = Math.ceil(fromMs / stepMs) * stepMs;
  const groups = Map.groupBy(buckets, ({ groupKey }) => groupKey);
  // Without groups there is one even where no event ever came.
  if (rule.groupBy.length === 0 && groups.size === 0) groups.set('[]', []);
  const judgements: Judgement[] = [];
  for (let atMs = firstMs; atMs <= toMs; atMs += stepMs) judgements.push({ atMs, lowest: null, highest: null });
  const alerts: AlertRulePreview['alerts'] = [];
  for (const [key, own] of groups) {
    const texts = JSON.parse(key) as string[];
    const group = Object.fromEntries(rule.groupBy.map((name, index) => [name, texts[index] ?? '']));
    const firstSeenMs = own[0]?.bucketMs ?? firstMs - windowMs;
    const seenSinceMs = rule.groupBy.length === 0 ? Number.NEGATIVE_INFINITY : firstSeenMs;
    let standing = standingAtFirst;
    let begin = 0;
    let end = 0;
    for (const judgement of judgements) {
      const { atMs } = judgement;
      while (end < own.length && (own[end] as RuleBucket).bucketMs < atMs) end += 1;
      while (begin < end && (own[begin] as RuleBucket).bucketMs < atMs - windowMs) begin += 1;
      const value = ruleValue(rule.aggregate, sumOf(own.slice(begin, end)), windowMs);
      if (atMs < seenSinceMs) continue;
      if (value !== null) {
        judgement.lowest = Math.min(judgement.lowest ?? value, value);
        judgement.highest = Math.max(judgement.highest ?? value, value);
      }
      const after = judgeRule(rule, standing, { atMs, value, isWhole: atMs - windowMs >= seenSinceMs });
      if (after.isOpen && !standing.isOpen)
        alerts.push({ group, openedAt: new Date(after.badSinceMs ?? atMs).toISOString(), resolvedAt: null, value });
      const open = alerts.at(-1);
      if (!after.isOpen && standing.isOpen && open !== undefined) open.resolvedAt = new Date(atMs).toISOString();
      standing = after;
    }
  }
  return {
    ...{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), groups: groups.size },
    alerts: alerts.sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1)).slice(0, mostAlerts),
    values: thinned(judgements),
  };
}

function sumOf(buckets: readonly RuleBucket[]): RuleSums | undefined {
  const [first, ...others] = buckets;
  if (first === undefined || others.length === 0) return first;
  const distribution = new Map<number, number>();
  for (const bucket of buckets) {
    for (const [place, count] of bucket.distribution) distribution.set(place, (distribution.get(place) ?? 0) + count);
  }
  const known = (pick: (bucket: RuleBucket) => number | null) => buckets.map(pick).filter((value) => value !== null);
  const minimums = known(({ minimum }) => minimum);
  const maximums = known(({ maximum }) => maximum);
  return {
    count: buckets.reduce((sum, bucket) => sum + bucket.count, 0),
    valueCount: buckets.reduce((sum, bucket) => sum + bucket.valueCount, 0),
    sum: buckets.reduce((sum, bucket) => sum + bucket.sum, 0),
    minimum: minimums.length === 0 ? null : Math.min(...minimums),
    maximum: maximums.length === 0 ? null : Math.max(...maximums),
    distribution,
  };
}

/** Neighbouring judgements put together, so that their extremes stay. */
function thinned(judgements: readonly Judgement[]): AlertRulePreview['values'] {
  const together = Math.ceil(judgements.length / mostValues);
  const parts: AlertRulePreview['values'] = [];
  for (let start = 0; start < judgements.length; start += together) {
    const part = judgements.slice(start, start + together);
    const lows = part.map(({ lowest }) => lowest).filter((value) => value !== null);
    const highs = part.map(({ highest }) => highest).filter((value) => value !== null);
    parts.push({
      at: new Date(part[0]?.atMs ?? 0).toISOString(),
      lowest: lows.length === 0 ? null : Math.min(...lows),
      highest: highs.length === 0 ? null : Math.max(...highs),
    });
  }
  return parts;
}
