import { type AlertChannelInput, type FieldProblem, parseDuration } from '@watchkeeper/model';
import { type AlertChannelDefinition, listAlertChannels, putAlertChannel } from '@watchkeeper/store';
import { inputOfChannel } from '../alert-view.ts';
import type { ApiDependencies } from '../handler.ts';
import { catalogueOf } from '../plugin-catalogue.ts';
import { validationError } from '../problems.ts';
import { defineObjectKind } from './object-kind.ts';

const longestGroupWaitMs = 600_000;

export const alertChannelKind = defineObjectKind<AlertChannelInput>({
  kind: 'AlertChannel',
  topic: 'alerts',
  async problems(_tx, _tenantId, input, dependencies) {
    const read = await readChannelInput(input, dependencies);
    return read.ok ? [] : read.problems;
  },
  async put(tx, tenantId, input, dependencies) {
    const read = await readChannelInput(input, dependencies);
    if (!read.ok) throw validationError(read.problems, `Channel "${input.name}"`);
    const { before, after } = await putAlertChannel(tx, tenantId, read.definition);
    return { before: before && inputOfChannel(before), after: inputOfChannel(after) };
  },
  list: async (tx, tenantId) => (await listAlertChannels(tx, tenantId)).map(inputOfChannel),
});

type ReadChannel =
  | { readonly ok: true; readonly definition: AlertChannelDefinition }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Checks what the schema of a channel cannot say, and fills in what was left out. */
async function readChannelInput(input: AlertChannelInput, { channelTypes }: ApiDependencies): Promise<ReadChannel> {
  const catalogue = catalogueOf(channelTypes);
  const described = await catalogue.find(input.type);
  const groupWaitMs = parseDuration(input.groupWait ?? '2s') ?? 0;
  const problems: FieldProblem[] = [];
  if (groupWaitMs > longestGroupWaitMs) problems.push({ pointer: '/groupWait', message: 'must be at most 10m' });
  const options = structuredClone(input.options);
  if (described === undefined) {
    problems.push({ pointer: '/type', message: catalogue.unknownMessage('channel type', input.type) });
  } else {
    problems.push(...described.validator.problems(options));
  }
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    definition: {
      name: input.name,
      type: input.type,
      options,
      states: input.states ?? ['failed'],
      environments: input.environments ?? [],
      services: input.services ?? [],
      groupWaitMs,
      resolved: input.resolved ?? true,
      paused: input.paused ?? false,
    },
  };
}
