import { type FieldProblem, parseAggregate, parseDuration, type Rollup, type RollupInput } from '@watchkeeper/model';
import type { RollupRow } from '@watchkeeper/store';

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
