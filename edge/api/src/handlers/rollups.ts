import { expositionText } from '@watchkeeper/formats';
import { parseDuration, WatchkeeperError } from '@watchkeeper/model';
import {
  addedUpUntil,
  deleteRollup,
  listRollups,
  putRollup,
  readPeriod,
  readRollup,
  recordChange,
  rollupNotFound,
} from '@watchkeeper/store';
import { changed } from '../change.ts';
import type { Handlers } from '../handler.ts';
import { validationError } from '../problems.ts';
import { exposedPeriod, rollupProblems, viewOfRollup } from '../rollup-view.ts';
import { assertVersion } from '../versions.ts';

/** Keys of a rollup that are shown to a scraper. */
const mostExposed = 10_000;

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

  async getRollupMetrics({ params, query, caller }, { store }) {
    const { tenantId } = caller;
    return store.read(tenantId, async (tx) => {
      const row = await readRollup(tx, tenantId, params.name);
      if (row === undefined) throw rollupNotFound(params.name);
      const { granularities, aggregates } = row.definition;
      const all = granularities.map((text) => parseDuration(text) as number);
      const wanted = query.granularity === undefined ? Math.min(...all) : parseDuration(query.granularity);
      if (wanted === undefined || !all.includes(wanted)) {
        const message = `the rollup has periods of ${granularities.join(', ')}`;
        throw validationError([{ pointer: 'query:granularity', message }], 'The question');
      }
      const untilMs = (await addedUpUntil(tx)) - (parseDuration(query.delay ?? '10s') ?? 0);
      const atMs = Math.floor(untilMs / wanted) * wanted - wanted;
      const limit = mostExposed + 1;
      const periods = await readPeriod(tx, { definitionId: row.id, tenantId, granularityMs: wanted, atMs, limit });
      if (periods.length > mostExposed) {
        throw new WatchkeeperError(
          'query_too_expensive',
          `Rollup "${row.name}" has more than ${mostExposed} keys in a period. Define one with a coarser group for scraping.`,
        );
      }
      return expositionText(exposedPeriod(row.name, aggregates, periods));
    });
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
