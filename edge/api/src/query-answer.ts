import {
  durationText,
  type FieldProblem,
  outcomes,
  parseAggregate,
  parseDuration,
  type QueryInput,
  type QueryRow,
  WatchkeeperError,
} from '@watchkeeper/model';
import type { PeriodRow } from '@watchkeeper/store';
import type { TimeRange } from './time-range.ts';

/** Pure parts of answering a question: what may be asked, which granularity answers it, and what an answer looks like. */

/** Most periods of one answer; a longer range needs a longer step. */
export const mostPeriods = 20_000;

/** @throws WatchkeeperError `validation_failed` when there is any problem. */
export function refuse(problems: readonly FieldProblem[], subject: string): void {
  if (problems.length === 0) return;
  const [first] = problems;
  throw new WatchkeeperError(
    'validation_failed',
    `${subject} cannot be answered: ${first?.message}. Correct ${first?.pointer}.`,
    {
      problems,
    },
  );
}

/** The step in milliseconds, when it is one that the range can be cut into. */
export function stepProblems(step: string | undefined, { fromMs, toMs }: TimeRange): FieldProblem[] {
  if (step === undefined) return [];
  const stepMs = parseDuration(step) ?? 0;
  if (stepMs < 1) return [{ pointer: '/step', message: 'the step must be longer than nothing' }];
  const periods = Math.ceil((toMs - fromMs) / stepMs);
  return periods > mostPeriods
    ? [
        {
          pointer: '/step',
          message: `the range has ${periods} periods of ${step}, at most ${mostPeriods} are answered`,
        },
      ]
    : [];
}

/** What the aggregates and conditions ask that cannot be, whatever the data are. */
export function shapeProblems({
  aggregates = [],
  where,
  whereNot,
}: Partial<Pick<QueryInput, 'aggregates' | 'where' | 'whereNot'>>): FieldProblem[] {
  const wrongAggregates = aggregates.flatMap((text, index) =>
    parseAggregate(text) === undefined
      ? [{ pointer: `/aggregates/${index}`, message: `"${text}" is no aggregate` }]
      : [],
  );
  const wrongOutcomes = Object.entries({ where, whereNot }).flatMap(([part, names]) =>
    (names?.outcome ?? []).flatMap((text, index) =>
      (outcomes as readonly string[]).includes(text)
        ? []
        : [
            {
              pointer: `/${part}/outcome/${index}`,
              message: `"${text}" is no outcome; there are ${outcomes.join(', ')}`,
            },
          ],
    ),
  );
  return [...wrongAggregates, ...wrongOutcomes];
}

/** Where a question names something: value names and dimensions, each with its pointers. */
export function namesIn({
  aggregates = [],
  where = {},
  whereNot = {},
  between = {},
  groupBy = [],
}: Partial<Pick<QueryInput, 'aggregates' | 'where' | 'whereNot' | 'between' | 'groupBy'>>): {
  values: Map<string, string[]>;
  dimensions: Map<string, string[]>;
} {
  const values = new Map<string, string[]>();
  const dimensions = new Map<string, string[]>();
  const note = (map: Map<string, string[]>, name: string, pointer: string) =>
    map.set(name, [...(map.get(name) ?? []), pointer]);
  for (const [index, text] of aggregates.entries()) {
    const aggregate = parseAggregate(text);
    if (aggregate === undefined || aggregate.fn === 'count') continue;
    if (aggregate.fn === 'counter') note(dimensions, aggregate.attribute, `/aggregates/${index}`);
    else note(values, aggregate.value, `/aggregates/${index}`);
  }
  for (const name of Object.keys(where)) note(dimensions, name, `/where/${name}`);
  for (const name of Object.keys(whereNot)) note(dimensions, name, `/whereNot/${name}`);
  for (const name of Object.keys(between)) note(values, name, `/between/${name}`);
  for (const [index, name] of groupBy.entries()) note(dimensions, name, `/groupBy/${index}`);
  return { values, dimensions };
}

/** A problem at every place where a name stands that nobody knows. */
export function unknownNameProblems(
  places: ReadonlyMap<string, readonly string[]>,
  unknown: ReadonlySet<string>,
  known: readonly string[],
): FieldProblem[] {
  return [...places].flatMap(([name, pointers]) =>
    unknown.has(name)
      ? pointers.map((pointer) => ({
          pointer,
          message: `nothing is called "${name}" here; there is ${known.length === 0 ? 'nothing to choose from' : known.join(', ')}`,
        }))
      : [],
  );
}

/**
 * The coarsest granularity that answers exactly: one that divides the step; without a step, one of which the range
 * begins at a multiple, or failing that one so fine that widening the range to it changes it by at most a hundredth.
 * Undefined when the step is no multiple of any.
 */
export function granularityFor(
  granularitiesMs: readonly number[],
  { fromMs, toMs }: TimeRange,
  stepMs: number | undefined,
): number | undefined {
  const coarsestFirst = [...granularitiesMs].sort((a, b) => b - a);
  if (stepMs !== undefined) return coarsestFirst.find((granularityMs) => stepMs % granularityMs === 0);
  const isExact = (granularityMs: number) => fromMs % granularityMs === 0 && granularityMs <= toMs - fromMs;
  const isFine = (granularityMs: number) => granularityMs * 100 <= toMs - fromMs;
  return coarsestFirst.find((granularityMs) => isExact(granularityMs) || isFine(granularityMs)) ?? coarsestFirst.at(-1);
}

export interface AnswerOptions {
  readonly groupBy: readonly string[];
  readonly aggregates: readonly string[];
  readonly range: TimeRange;
  readonly stepMs: number | undefined;
  readonly limit: number;
}

/**
 * Rows of an answer. A period in which nobody reported is a row with `sources` 0 and null values, never 0: nothing was
 * measured. There is one for every group that reported anywhere in the range.
 */
export function answerRows(
  rows: readonly PeriodRow[],
  { groupBy, aggregates, range, stepMs, limit }: AnswerOptions,
): { rows: QueryRow[]; truncated: boolean } {
  const filled =
    rows.length > limit
      ? rows
      : [...withGaps(rows, groupBy.length > 0, aggregates, periodStarts(range, stepMs)).take(limit + 1)];
  return {
    rows: filled.slice(0, limit).map(({ atMs, group, sources, values }) => ({
      at: atMs === null ? null : new Date(atMs).toISOString(),
      group: Object.fromEntries(groupBy.map((name, index) => [name, group[index] ?? ''])),
      sources,
      values: Object.fromEntries(
        aggregates.map((text, index) => {
          const value = values[index] ?? null;
          return [text, typeof value === 'object' && value !== null ? { ...value } : value];
        }),
      ),
    })),
    truncated: filled.length > limit,
  };
}

/** A row of every group for every period, whether anything was reported or not. */
function* withGaps(
  rows: readonly PeriodRow[],
  isGrouped: boolean,
  aggregates: readonly string[],
  starts: Iterable<number | null>,
): Generator<PeriodRow> {
  const groups = new Map(rows.map(({ group }) => [JSON.stringify(group), group]));
  if (!isGrouped) groups.set('[]', []);
  const reported = new Map(rows.map((row) => [JSON.stringify([row.atMs, row.group]), row]));
  const nothing = aggregates.map(() => null);
  for (const atMs of groups.size === 0 ? [] : starts) {
    for (const group of groups.values()) {
      yield reported.get(JSON.stringify([atMs, group])) ?? { atMs, group, sources: 0, values: nothing };
    }
  }
}

function* periodStarts({ fromMs, toMs }: TimeRange, stepMs: number | undefined): Generator<number | null> {
  if (stepMs === undefined) yield null;
  else for (let atMs = Math.floor(fromMs / stepMs) * stepMs; atMs < toMs; atMs += stepMs) yield atMs;
}

/** The form in which an answer repeats its range and step. */
export function rangeText({ fromMs, toMs }: TimeRange, stepMs: number | undefined) {
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    step: stepMs === undefined ? null : durationText(stepMs),
  };
}
