import {
  type PointsInput,
  parseDuration,
  type QueryInput,
  type QueryResult,
  rollupLayout,
  seriesDimensions,
} from '@watchkeeper/model';
import {
  type EventQuestion,
  queryEvents,
  queryHeatmap,
  queryPoints,
  queryRollup,
  readRollup,
  rollupNotFound,
  type Tx,
  unknownNames,
} from '@watchkeeper/store';
import type { Caller, Handlers } from '../handler.ts';
import {
  answerRows,
  granularityFor,
  namesIn,
  rangeText,
  refuse,
  shapeProblems,
  stepProblems,
  unknownNameProblems,
} from '../query-answer.ts';
import { scopeOf } from '../read-scope.ts';
import { rangeOf, type TimeRange } from '../time-range.ts';

const inBody = (bound: string) => `/${bound}`;
/** Dimensions that every event has beside its attributes. */
const plainDimensions = [...seriesDimensions, 'outcome', 'reason'];

export const queryHandlers = {
  async query({ body, caller }, { store, clock }) {
    const range = rangeOf(body, { nowMs: clock.wallMs(), pointer: inBody });
    refuse([...shapeProblems(body), ...stepProblems(body.step, range)], 'The question');
    return store.read(scopeOf(caller), (tx) =>
      body.rollup === undefined ? askEvents(tx, body, range, caller) : askRollup(tx, body, body.rollup, range, caller),
    );
  },

  async queryHeatmap({ body, caller }, { store, clock }) {
    const range = rangeOf(body, { nowMs: clock.wallMs(), pointer: inBody });
    const subject = 'The heat map';
    refuse([...shapeProblems(body), ...stepProblems(body.step, range)], subject);
    const stepMs = parseDuration(body.step) as number;
    const tenantId = scopeOf(caller);
    const cells = await store.read(tenantId, async (tx) =>
      (await isValueMeasured(tx, body, { tenantId, subject }))
        ? queryHeatmap(tx, { ...chosen(body, tenantId, range), stepMs })
        : { columns: [], buckets: [], counts: [] },
    );
    const startMs = Math.floor(range.fromMs / stepMs) * stepMs;
    const reported = new Map(cells.columns.map((column) => [column.atMs, column]));
    const sources: number[] = [];
    const ends: number[] = [];
    for (let atMs = startMs; atMs < range.toMs; atMs += stepMs) {
      const column = reported.get(atMs);
      sources.push(column?.sources ?? 0);
      ends.push(column?.end ?? ends.at(-1) ?? 0);
    }
    const { buckets, counts } = cells;
    return {
      ...{ ...rangeText(range, stepMs), step: body.step, startMs, stepMs, sources, ends },
      ...{ buckets: [...buckets], counts: [...counts] },
    };
  },

  async queryPoints({ body, caller }, { store, clock }) {
    const range = rangeOf(body, { nowMs: clock.wallMs(), pointer: inBody });
    const { groupBy = [], limit = 10_000 } = body;
    const subject = 'The question for points';
    refuse(shapeProblems(body), subject);
    const tenantId = scopeOf(caller);
    const { points, total } = await store.read(tenantId, async (tx) =>
      (await isValueMeasured(tx, body, { tenantId, subject }))
        ? queryPoints(tx, { ...chosen(body, tenantId, range), groupBy, limit })
        : { points: [], total: 0 },
    );
    const places = new Map<string, number>();
    const groups: Record<string, string>[] = [];
    const group = points.map((point) => {
      const key = JSON.stringify(point.group);
      const known = places.get(key);
      if (known !== undefined) return known;
      places.set(key, groups.length);
      return groups.push(Object.fromEntries(groupBy.map((name, index) => [name, point.group[index] ?? '']))) - 1;
    });
    return {
      ...{ from: rangeText(range, undefined).from, to: rangeText(range, undefined).to },
      ...{ total, thinned: total > points.length, groups, group },
      timesMs: points.map(({ timeUs }) => timeUs / 1000),
      values: points.map(({ value }) => value),
      outcomes: points.map(({ outcome }) => outcome),
    };
  },
} satisfies Partial<Handlers>;

type ChosenValue = Pick<PointsInput, 'events' | 'value' | 'where' | 'whereNot' | 'between' | 'groupBy'>;

const chosen = (body: ChosenValue, tenantId: number, range: TimeRange) => ({
  ...{ tenantId, events: body.events, value: body.value },
  ...conditionsIn(body),
  ...range,
});

const conditionsIn = ({ where = {}, whereNot = {}, between = {} }: Omit<ChosenValue, 'events' | 'value'>) => ({
  ...{ where, whereNot, between },
});

/** Whether such events ever arrived. @throws WatchkeeperError `validation_failed` when they did, but without such names */
async function isValueMeasured(
  tx: Tx,
  body: ChosenValue,
  { tenantId, subject }: { readonly tenantId: number; readonly subject: string },
): Promise<boolean> {
  const { values, dimensions } = namesIn(body);
  values.set(body.value, ['/value', ...(values.get(body.value) ?? [])]);
  const { isMeasured, unknown, knownValues, knownAttributes } = await unknownNames(tx, {
    ...{ tenantId, events: body.events },
    values: [...values.keys()],
    dimensions: [...dimensions.keys()],
  });
  if (!isMeasured) return false;
  refuse(
    [
      ...unknownNameProblems(values, unknown, knownValues),
      ...unknownNameProblems(dimensions, unknown, [...plainDimensions, ...knownAttributes]),
    ],
    subject,
  );
  return true;
}

async function askEvents(tx: Tx, body: QueryInput, range: TimeRange, caller: Caller): Promise<QueryResult> {
  const { values, dimensions } = namesIn(body);
  const question: EventQuestion = {
    tenantId: scopeOf(caller),
    ...(body.events === undefined ? {} : { events: body.events }),
    ...conditionsIn(body),
    ...range,
    groupBy: body.groupBy ?? [],
    aggregates: body.aggregates,
    limit: body.limit ?? 10_000,
  };
  const { isMeasured, unknown, knownValues, knownAttributes } = await unknownNames(tx, {
    tenantId: question.tenantId,
    ...(body.events === undefined ? {} : { events: body.events }),
    values: [...values.keys()],
    dimensions: [...dimensions.keys()],
  });
  if (isMeasured) {
    refuse(
      [
        ...unknownNameProblems(values, unknown, knownValues),
        ...unknownNameProblems(dimensions, unknown, [...plainDimensions, ...knownAttributes]),
      ],
      'The question',
    );
  }
  const stepMs = body.step === undefined ? undefined : parseDuration(body.step);
  const rows = isMeasured ? await queryEvents(tx, { ...question, ...(stepMs === undefined ? {} : { stepMs }) }) : [];
  return { ...rangeText(range, stepMs), ...answerRows(rows, { ...question, range, stepMs }) };
}

async function askRollup(
  tx: Tx,
  body: QueryInput,
  name: string,
  asked: TimeRange,
  caller: Caller,
): Promise<QueryResult> {
  const rollup = await readRollup(tx, caller.tenantId, name);
  if (rollup === undefined) throw rollupNotFound(name);
  const { definition } = rollup;
  const stepMs = body.step === undefined ? undefined : parseDuration(body.step);
  const granularitiesMs = definition.granularities.map((text) => parseDuration(text) ?? 0);
  const granularityMs = granularityFor(granularitiesMs, asked, stepMs);
  refuse(
    [...rollupProblems(body, definition.aggregates, definition.groupBy), ...eventsProblems(body, definition.events)],
    `The question to rollup "${name}"`,
  );
  if (granularityMs === undefined) {
    const message = `the rollup has periods of ${definition.granularities.join(', ')}; a step must be a multiple of one of them`;
    refuse([{ pointer: '/step', message }], `The question to rollup "${name}"`);
  }
  // Only whole periods of the rollup can be added up: the range is widened to them, and the answer tells it.
  const gridMs = stepMs ?? (granularityMs as number);
  const range = { fromMs: Math.floor(asked.fromMs / gridMs) * gridMs, toMs: Math.ceil(asked.toMs / gridMs) * gridMs };
  const options = {
    groupBy: body.groupBy ?? [],
    aggregates: body.aggregates,
    limit: body.limit ?? 10_000,
  };
  const rows = await queryRollup(tx, {
    tenantId: scopeOf(caller),
    definitionId: rollup.id,
    definitionAggregates: definition.aggregates,
    granularityMs: granularityMs as number,
    where: body.where ?? {},
    whereNot: body.whereNot ?? {},
    ...options,
    ...range,
    ...(stepMs === undefined ? {} : { stepMs }),
  });
  return { ...rangeText(range, stepMs), ...answerRows(rows, { ...options, range, stepMs }) };
}

/** What a question asks of a rollup that it has not kept. */
function rollupProblems(body: QueryInput, aggregates: readonly string[], groupBy: readonly string[]) {
  const layout = rollupLayout(aggregates);
  const { dimensions } = namesIn({ ...body, aggregates: ['count'] });
  const missing = new Set([...dimensions.keys()].filter((name) => !groupBy.includes(name)));
  const problems = unknownNameProblems(dimensions, missing, groupBy);
  for (const name of Object.keys(body.between ?? {}))
    problems.push({ pointer: `/between/${name}`, message: 'a rollup has no single values; ask raw events' });
  for (const [index, text] of body.aggregates.entries()) {
    const { values, distributions, counters } = rollupLayout([text]);
    const isKept =
      values.every((name) => layout.values.includes(name)) &&
      distributions.every((name) => layout.distributions.includes(name)) &&
      counters.every((name) => layout.counters.includes(name));
    if (!isKept)
      problems.push({
        pointer: `/aggregates/${index}`,
        message: `the rollup has not kept "${text}"; it has ${aggregates.join(', ')}`,
      });
  }
  return problems;
}

function eventsProblems({ events }: QueryInput, ofRollup: string) {
  return events === undefined || events === ofRollup
    ? []
    : [{ pointer: '/events', message: `the rollup counts "${ofRollup}"; leave this out` }];
}
