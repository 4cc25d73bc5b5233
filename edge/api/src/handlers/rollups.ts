import { deleteRollup, listRollups, putRollup, readRollup, recordChange, rollupNotFound } from '@watchkeeper/store';
import { changed } from '../change.ts';
import type { Handlers } from '../handler.ts';
import { validationError } from '../problems.ts';
import { rollupProblems, viewOfRollup } from '../rollup-view.ts';
import { assertVersion } from '../versions.ts';

export const rollupHandlers = {
  async listRollups({ caller }, { store }) {
    const rows = await store.read(caller.tenantId, (tx) => listRollups(tx, caller.tenantId));
    return { items: rows.map(viewOfRollup) };
  },

  async getRollup({ params, caller }, { store }) {
    const row = await store.read(caller.tenantId, (tx) => readRollup(tx, caller.tenantId, params.name));
    if (row === undefined) throw rollupNotFound(params.name);
    return viewOfRollup(row);
  },

  async putRollup(call, { store, messages }) {
    const { params, body, caller, ifMatch } = call;
    const nameProblem = { pointer: '/name', message: `must be "${params.name}", as in the address` };
    const problems = [...(body.name === params.name ? [] : [nameProblem]), ...rollupProblems(body)];
    if (problems.length > 0) throw validationError(problems, 'The rollup');
    const view = await store.write(async (tx) => {
      const present = await readRollup(tx, caller.tenantId, params.name);
      if (present !== undefined) assertVersion(`Rollup "${params.name}"`, present.version, ifMatch);
      const { row, before } = await putRollup(tx, caller.tenantId, body);
      if (row.id !== before?.id) {
        await recordChange(
          tx,
          changed(call, {
            action: before === undefined ? 'rollup.created' : 'rollup.changed',
            object: { kind: 'rollup', name: row.name },
            before: before?.definition,
            after: row.definition,
          }),
        );
      }
      return viewOfRollup(row);
    });
    await messages.publish('rollups');
    return view;
  },

  async deleteRollup(call, { store, messages }) {
    const { params, caller } = call;
    await store.write(async (tx) => {
      const { definition } = await deleteRollup(tx, caller.tenantId, params.name);
      const object = { kind: 'rollup', name: params.name } as const;
      await recordChange(tx, changed(call, { action: 'rollup.deleted', object, before: definition }));
    });
    await messages.publish('rollups');
  },
} satisfies Partial<Handlers>;
