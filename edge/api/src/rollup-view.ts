import type { ExposedMetric } from '@watchkeeper/formats';
import { type FieldProblem, parseAggregate, parseDuration, type Rollup, type RollupInput } from '@watchkeeper/model';
import { type PeriodOfKey, type RollupRow, valuesOfPeriod } from '@watchkeeper/store';

/** A rollup as the API shows it. */
export function viewOfRollup({ tenant, builtIn, name, definition, version }: RollupRow): Rollup {
  return {
    tenant,
    builtIn,
    name,
    events: definition.events,
    where: definition.where ?? {},
    groupBy: definition.groupBy,
    granularities: definition.granularities,
    aggregates: definition.aggregates,
    version,
  };
}

/** The keys of one period as gauges: one per aggregate, a counter by the values that it counts. */
export function exposedPeriod(
  rollup: string,
  aggregates: readonly string[],
  periods: readonly PeriodOfKey[],
): ExposedMetric[] {
  const metrics = new Map<string, { labels: Record<string, string>; value: number }[]>();
  for (const period of periods) {
    const labels = Object.fromEntries(Object.entries(period.key).filter(([, value]) => value !== ''));
    for (const { name, counted, value } of valuesOfPeriod(aggregates, period)) {
      if (value === null) continue;
      const samples = metrics.get(name) ?? [];
      metrics.set(name, samples);
      samples.push({ labels: counted === undefined ? labels : { ...labels, [name]: counted }, value });
    }
  }
  return [...metrics].map(([name, samples]) => ({
    name: `${rollup}_${name}`,
    help: `Of rollup ${rollup}, its newest whole period`,
    samples,
  }));
}

const longestGranularityMs = 31 * 86_400_000;

/** What the schema of a definition cannot say. */
export function rollupProblems({ where, groupBy, granularities, aggregates }: RollupInput): FieldProblem[] {
  const ofPeriods = granularities.flatMap((text, index) => {
    const milliseconds = parseDuration(text) ?? 0;
    const isWhole = milliseconds >= 1000 && milliseconds % 1000 === 0 && milliseconds <= longestGranularityMs;
    return isWhole
      ? []
      : [{ pointer: `/granularities/${index}`, message: `"${text}" is no multiple of a second up to 31 days` }];
  });
  const lengths = granularities.map((text) => parseDuration(text));
  const twice = lengths.flatMap((length, index) =>
    lengths.indexOf(length) < index
      ? [{ pointer: `/granularities/${index}`, message: `"${granularities[index]}" is there already` }]
      : [],
  );
  const ofAggregates = aggregates.flatMap((text, index) =>
    parseAggregate(text) === undefined
      ? [{ pointer: `/aggregates/${index}`, message: `"${text}" is no aggregate` }]
      : [],
  );
  const isOfEvent = (name: string) => name === 'outcome' || name === 'reason';
  const message = (name: string) =>
    `"${name}" belongs to a single event, rollups are grouped by what belongs to a series; count it with counter(${name})`;
  const ofGroups = groupBy.flatMap((name, index) =>
    isOfEvent(name) ? [{ pointer: `/groupBy/${index}`, message: message(name) }] : [],
  );
  const ofWhere = Object.keys(where ?? {}).flatMap((name) =>
    isOfEvent(name) ? [{ pointer: `/where/${name}`, message: message(name) }] : [],
  );
  return [...ofPeriods, ...twice, ...ofAggregates, ...ofGroups, ...ofWhere];
}
