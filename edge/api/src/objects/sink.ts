import { type FieldProblem, parseDuration, type SinkDefinition, type SinkInput, sinkBounds } from '@watchkeeper/model';
import { listSinks, putSink, readRollup, type Tx } from '@watchkeeper/store';
import type { ApiDependencies } from '../handler.ts';
import { catalogueOf } from '../plugin-catalogue.ts';
import { validationError } from '../problems.ts';
import { inputOfSink } from '../sink-view.ts';
import { defineObjectKind } from './object-kind.ts';

export const sinkKind = defineObjectKind<SinkInput>({
  kind: 'Sink',
  topic: 'sinks',
  async problems(tx, tenantId, input, dependencies) {
    const read = await readSinkInput(tx, tenantId, input, dependencies);
    return read.ok ? [] : read.problems;
  },
  async put(tx, tenantId, input, dependencies) {
    const read = await readSinkInput(tx, tenantId, input, dependencies);
    if (!read.ok) throw validationError(read.problems, `Sink "${input.name}"`);
    const { before, after } = await putSink(tx, tenantId, read.definition);
    return { before: before && inputOfSink(before), after: inputOfSink(after) };
  },
  list: async (tx, tenantId) => (await listSinks(tx, tenantId)).map(inputOfSink),
});

type ReadSink =
  | { readonly ok: true; readonly definition: SinkDefinition }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Checks what the schema of a sink cannot say, and fills in what was left out. */
async function readSinkInput(
  tx: Tx,
  tenantId: number,
  input: SinkInput,
  { sinkTypes }: ApiDependencies,
): Promise<ReadSink> {
  const catalogue = catalogueOf(sinkTypes);
  const described = await catalogue.find(input.type);
  const options = structuredClone(input.options);
  const definition = filledIn(input, options);
  const problems: FieldProblem[] = [
    ...durationProblems(definition),
    ...(await rollupProblems(tx, tenantId, definition)),
  ];
  if (input.events !== undefined && input.rollup !== undefined)
    problems.push({ pointer: '/rollup', message: 'a sink takes events or a rollup; leave one of them out' });
  if (described === undefined)
    problems.push({ pointer: '/type', message: catalogue.unknownMessage('sink type', input.type) });
  else problems.push(...described.validator.problems(options));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, definition };
}

function filledIn({ events, rollup, mapping, ...input }: SinkInput, options: SinkInput['options']): SinkDefinition {
  return {
    name: input.name,
    type: input.type,
    options,
    ...(rollup === undefined
      ? { events: { names: events?.names ?? [], where: events?.where ?? {} } }
      : { rollup: { ...rollup, delay: rollup.delay ?? '10s', correctFor: rollup.correctFor ?? '10m' } }),
    mapping: { name: mapping?.name ?? '{name}', keep: mapping?.keep ?? [], rename: mapping?.rename ?? {} },
    begin: input.begin ?? 'now',
    batchEvents: input.batchEvents ?? 1000,
    batchWait: input.batchWait ?? '1s',
    retryFirst: input.retryFirst ?? '1s',
    retryLongest: input.retryLongest ?? '1m',
    timeout: input.timeout ?? '10s',
    paused: input.paused ?? false,
  };
}

/** Periods whose counts are remembered, so that they can be corrected. */
const mostCorrected = 1500;

function durationProblems(definition: SinkDefinition): FieldProblem[] {
  const { longestWaitMs, longestRetryMs } = sinkBounds;
  const within = (pointer: string, text: string, fromMs: number, toMs: number, range: string): FieldProblem[] => {
    const milliseconds = parseDuration(text) ?? -1;
    return milliseconds < fromMs || milliseconds > toMs ? [{ pointer, message: `must be ${range}` }] : [];
  };
  const { rollup } = definition;
  return [
    ...within('/batchWait', definition.batchWait, 0, longestWaitMs, '0s to 10m'),
    ...within('/retryFirst', definition.retryFirst, 100, longestRetryMs, '100ms to 1h'),
    ...within('/retryLongest', definition.retryLongest, 100, longestRetryMs, '100ms to 1h'),
    ...within('/timeout', definition.timeout, 100, 300_000, '100ms to 5m'),
    ...(rollup === undefined
      ? []
      : [
          ...within('/rollup/delay', rollup.delay, 0, 3_600_000, '0s to 1h'),
          ...within(
            '/rollup/correctFor',
            rollup.correctFor,
            0,
            Math.min(86_400_000, mostCorrected * (parseDuration(rollup.granularity) ?? 1)),
            `at most 1d and ${mostCorrected} periods`,
          ),
        ]),
  ];
}

async function rollupProblems(tx: Tx, tenantId: number, { rollup }: SinkDefinition): Promise<FieldProblem[]> {
  if (rollup === undefined) return [];
  const found = await readRollup(tx, tenantId, rollup.name);
  if (found === undefined) return [{ pointer: '/rollup/name', message: `there is no rollup "${rollup.name}"` }];
  const { granularities } = found.definition;
  const wanted = parseDuration(rollup.granularity);
  if (granularities.some((text) => parseDuration(text) === wanted)) return [];
  return [{ pointer: '/rollup/granularity', message: `the rollup has periods of ${granularities.join(', ')}` }];
}
