import type { RollupInput } from '@watchkeeper/model';
import { listRollups, putRollup } from '@watchkeeper/store';
import { rollupProblems } from '../rollup-view.ts';
import { defineObjectKind } from './object-kind.ts';

const formOf = (definition: RollupInput) => ({ ...definition, where: definition.where ?? {} });

export const rollupKind = defineObjectKind<RollupInput>({
  kind: 'Rollup',
  topic: 'rollups',
  problems: async (_tx, _tenantId, input) => rollupProblems(input),
  async put(tx, tenantId, input) {
    const { before, row } = await putRollup(tx, tenantId, input);
    return { before: before && formOf(before.definition), after: formOf(row.definition) };
  },
  async list(tx, tenantId) {
    const rows = await listRollups(tx, tenantId);
    return rows.filter(({ builtIn }) => !builtIn).map(({ definition }) => formOf(definition));
  },
});
