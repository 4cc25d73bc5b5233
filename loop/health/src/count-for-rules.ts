import {
  type AlertRuleDefinition,
  attributeOf,
  bucketOf,
  isPercentileRule,
  type LoggedEvent,
  largestValue,
  type Series,
  type SeriesDimension,
  seriesDimensions,
  timesOfRule,
  valueOfRule,
} from '@watchkeeper/model';
import { allTenants, listAlertRules, type RuleDelta, readCountingRules, type Tx } from '@watchkeeper/store';

/** A rule made ready for counting. */
interface CountingRule {
  readonly id: number;
  readonly definition: AlertRuleDefinition;
  readonly stepUs: number;
  /** Events that happened longer ago than this when they arrived are in no window that is judged. */
  readonly reachUs: number;
  readonly value: string | undefined;
  readonly isPercentile: boolean;
}

/** What a rule finds in events of one series. */
interface Match {
  readonly rule: CountingRule;
  /** Place of the value in the series; -1 without one. */
  readonly place: number;
  /** Undefined where the group is made of something that belongs to a single event. */
  readonly groupKey: string | undefined;
}

/** Longest text of a dimension within a group. */
const longestGroupText = 200;
/** Events later than their window and this are not counted, microseconds. */
const latenessUs = 600_000_000;

/** Adds up what alert rules look at, for one partition of the log. */
export class RuleCounter {
  /** Identifiers and versions of the rules that are compiled. */
  #signature = '';
  #rules = new Map<string, CountingRule[]>();
  /** The log gives the same object for the same series again and again. */
  #matches = new WeakMap<Series, readonly Match[]>();

  /** Sums of events for all rules, in the transaction that will save them. */
  async count(tx: Tx, events: readonly LoggedEvent[]): Promise<RuleDelta[]> {
    await this.#refresh(tx);
    if (this.#rules.size === 0) return [];
    const sums = new Map<string, MutableDelta>();
    for (const event of events) {
      for (const match of this.#matchesOf(event.series)) add(sums, match, event);
    }
    return [...sums.values()]
      .map(({ buckets, ...delta }) => ({ ...delta, distribution: Object.fromEntries(buckets) }))
      .sort((a, b) => a.ruleId - b.ruleId || a.bucketMs - b.bucketMs || (a.groupKey < b.groupKey ? -1 : 1));
  }

  async #refresh(tx: Tx): Promise<void> {
    const signature = JSON.stringify(await readCountingRules(tx));
    if (signature === this.#signature) return;
    const rules = (await listAlertRules(tx, allTenants)).filter(({ definition }) => !definition.paused);
    this.#rules = Map.groupBy(
      rules.map(({ id, tenant, definition }) => ({ id, tenant, definition, ...compiled(definition) })),
      ({ tenant, definition }) => nameKey(tenant, definition.events),
    );
    this.#matches = new WeakMap();
    this.#signature = signature;
  }

  #matchesOf(series: Series): readonly Match[] {
    let matches = this.#matches.get(series);
    if (matches === undefined) {
      matches = (this.#rules.get(nameKey(series.tenant, series.name)) ?? []).flatMap((rule) => matchOf(rule, series));
      this.#matches.set(series, matches);
    }
    return matches;
  }
}

const nameKey = (tenant: string, name: string) => `${tenant} ${name}`;

function compiled(definition: AlertRuleDefinition) {
  const { stepMs, windowMs } = timesOfRule(definition);
  return {
    stepUs: stepMs * 1000,
    reachUs: windowMs * 1000 + latenessUs,
    value: valueOfRule(definition.aggregate),
    isPercentile: isPercentileRule(definition.aggregate),
  };
}

const isOfEvent = (name: string) => name === 'outcome' || name === 'reason';

function dimensionOf(series: Series, name: string): string {
  if ((seriesDimensions as readonly string[]).includes(name)) return series[name as SeriesDimension];
  return attributeOf(series, name);
}

function matchOf(rule: CountingRule, series: Series): Match[] {
  const { where, groupBy } = rule.definition;
  const fits = Object.entries(where).every(
    ([name, accepted]) => isOfEvent(name) || accepted.includes(dimensionOf(series, name)),
  );
  if (!fits) return [];
  const place = rule.value === undefined ? -1 : series.valueNames.indexOf(rule.value);
  const groupKey = groupBy.some(isOfEvent) ? undefined : keyOf(groupBy.map((name) => dimensionOf(series, name)));
  return [{ rule, place, groupKey }];
}

const keyOf = (texts: readonly string[]) =>
  JSON.stringify(texts.map((text) => text.slice(0, longestGroupText).toWellFormed()));

type MutableDelta = { -readonly [Field in keyof Omit<RuleDelta, 'distribution'>]: RuleDelta[Field] } & {
  readonly buckets: Map<number, number>;
};

function add(sums: Map<string, MutableDelta>, { rule, place, groupKey }: Match, event: LoggedEvent): void {
  const { where, groupBy } = rule.definition;
  const ofEvent = (name: string) => (name === 'outcome' ? event.outcome : (event.reason ?? ''));
  for (const [name, accepted] of Object.entries(where)) {
    if (isOfEvent(name) && !accepted.includes(ofEvent(name))) return;
  }
  // Nothing happens after the log took it: a clock that runs ahead must not fill windows of the future.
  const timeUs = Math.min(event.timeUs, event.receivedUs);
  if (timeUs < event.receivedUs - rule.reachUs) return;
  const key =
    groupKey ?? keyOf(groupBy.map((name) => (isOfEvent(name) ? ofEvent(name) : dimensionOf(event.series, name))));
  const bucketMs = (Math.floor(timeUs / rule.stepUs) * rule.stepUs) / 1000;
  const id = `${rule.id} ${bucketMs} ${key}`;
  let delta = sums.get(id);
  if (delta === undefined) {
    delta = {
      ...{ ruleId: rule.id, bucketMs, groupKey: key, count: 0, valueCount: 0, sum: 0, minimum: null, maximum: null },
      buckets: new Map(),
    };
    sums.set(id, delta);
  }
  delta.count += 1;
  const value = place < 0 ? null : (event.values[place] ?? null);
  if (value === null || Math.abs(value) > largestValue) return;
  delta.valueCount += 1;
  delta.sum += value;
  delta.minimum = Math.min(delta.minimum ?? value, value);
  delta.maximum = Math.max(delta.maximum ?? value, value);
  if (rule.isPercentile) {
    const bucket = bucketOf(value);
    delta.buckets.set(bucket, (delta.buckets.get(bucket) ?? 0) + 1);
  }
}
