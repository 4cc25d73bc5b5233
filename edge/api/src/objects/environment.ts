import type { EnvironmentInput } from '@watchkeeper/model';
import { type EnvironmentRow, listEnvironments, putEnvironment } from '@watchkeeper/store';
import { defineObjectKind } from './object-kind.ts';

const formOf = ({ name, title }: EnvironmentRow) => ({ name, title });

export const environmentKind = defineObjectKind<EnvironmentInput>({
  kind: 'Environment',
  topic: 'services',
  problems: async () => [],
  async put(tx, tenantId, input) {
    const { before, after } = await putEnvironment(tx, tenantId, input);
    return { before: before && formOf(before), after: formOf(after) };
  },
  list: async (tx, tenantId) => (await listEnvironments(tx, tenantId)).map(formOf),
});
