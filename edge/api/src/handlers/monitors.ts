import { type CheckRun, type Monitor, type MonitorInput, WatchkeeperError } from '@watchkeeper/model';
import {
  type CheckRunRow,
  countMonitors,
  deleteMonitors,
  ensurePlaces,
  fittingMonitorIds,
  insertCheckRun,
  insertMonitor,
  lockMonitor,
  type MonitorDefinition,
  type MonitorDetail,
  monitorIds,
  readCheckRun,
  readMonitors,
  recordChange,
  setMonitorsPaused,
  type Tx,
  updateMonitor,
} from '@watchkeeper/store';
import { changed } from '../change.ts';
import type { ApiDependencies, Call, Handlers } from '../handler.ts';
import { assertionProblems, inputOfMonitor, readMonitorInput } from '../monitor-definition.ts';
import { viewOfMonitor } from '../monitor-view.ts';
import { readMonitorZones } from '../monitor-zones.ts';
import { catalogueOf } from '../plugin-catalogue.ts';
import { validationError } from '../problems.ts';
import { scopeOf } from '../read-scope.ts';
import { plainSchema } from '../schema.ts';
import { assertVersion } from '../versions.ts';
import { writeOrTry } from '../write-or-try.ts';

export const monitorHandlers = {
  async createMonitor(call, dependencies) {
    const { body, caller } = call;
    const { store, messages } = dependencies;
    const view = await store.write(async (tx) => {
      const definition = await definitionOf(tx, caller.tenantId, body, dependencies);
      await makePlaces(tx, call, caller.tenantId, definition);
      const row = await insertMonitor(tx, caller.tenantId, definition, false);
      await recordChange(tx, changed(call, changeOf('created', undefined, row)));
      return viewOfMonitor(row);
    });
    await messages.publish('monitors');
    return view;
  },

  async getMonitor({ params, caller }, { store }) {
    const [row] = await store.read(scopeOf(caller), (tx) => readMonitors(tx, [params.id]));
    if (row === undefined) throw monitorNotFound(params.id);
    return viewOfMonitor(row);
  },

  async replaceMonitor(call, dependencies) {
    const { params, body, caller, ifMatch } = call;
    const { store, messages } = dependencies;
    const view = await store.write(async (tx) => {
      const before = await lockMonitor(tx, scopeOf(caller), { id: params.id });
      if (before === undefined) throw monitorNotFound(params.id);
      assertVersion(`Monitor "${before.name}"`, before.version, ifMatch);
      const definition = await definitionOf(tx, before.tenant_id, body, dependencies);
      await makePlaces(tx, call, before.tenant_id, definition);
      const after = await updateMonitor(tx, before.id, definition);
      await recordChange(tx, changed(call, changeOf('changed', before, after)));
      return viewOfMonitor(after);
    });
    await messages.publish('monitors');
    return view;
  },

  async deleteMonitor(call, { store, messages }) {
    const { params, caller, ifMatch } = call;
    await store.write(async (tx) => {
      const before = await lockMonitor(tx, scopeOf(caller), { id: params.id });
      if (before === undefined) throw monitorNotFound(params.id);
      assertVersion(`Monitor "${before.name}"`, before.version, ifMatch);
      await deleteMonitors(tx, monitorIds([before.id]));
      await recordChange(tx, changed(call, changeOf('deleted', before, undefined)));
    });
    await messages.publish('monitors');
  },

  startMonitor: (call, dependencies) => setPaused(call, dependencies, false),
  stopMonitor: (call, dependencies) => setPaused(call, dependencies, true),

  async bulkMonitors(call, { store, messages }) {
    const { filter, action, dryRun = false } = call.body;
    const scope = scopeOf(call.caller);
    const ids = fittingMonitorIds(scope, filter);
    const result = await writeOrTry(store, dryRun, async (tx) => {
      const matched = await countMonitors(tx, ids);
      const touched =
        action === 'delete' ? await deleteMonitors(tx, ids) : await setMonitorsPaused(tx, ids, action === 'stop');
      const verb = action === 'delete' ? 'deleted' : action === 'stop' ? 'stopped' : 'started';
      for (const row of touched) {
        await recordChange(tx, changed(call, changeOf(verb, row, action === 'delete' ? undefined : row)));
      }
      return { matched, changed: touched.length, dryRun };
    });
    if (!dryRun) await messages.publish('monitors');
    return result;
  },

  async runMonitor(call, { store, messages }) {
    const { params, body, caller } = call;
    const run = await store.write(async (tx) => {
      const monitor = await lockMonitor(tx, scopeOf(caller), { id: params.id });
      if (monitor === undefined) throw monitorNotFound(params.id);
      const zones = body.zones ?? monitor.zones;
      const others = zones.filter((zone) => !monitor.zones.includes(zone));
      if (others.length > 0) {
        const message = `it is watched from ${monitor.zones.join(', ')} only`;
        throw validationError([{ pointer: '/zones', message }], `The zones of monitor "${monitor.name}"`);
      }
      const { name, service, environment, type, options, retries, assertions } = monitor;
      const definition = {
        ...{ name, service, environment, zones, type, options, retries, assertions },
        intervalMs: monitor.interval_ms,
        timeoutMs: monitor.timeout_ms,
      };
      const object = `monitor "${monitor.name}"`;
      await recordChange(tx, changed(call, { action: 'monitor.run', object, tenantId: monitor.tenant_id }));
      return insertCheckRun(tx, { tenantId: monitor.tenant_id, monitorId: monitor.id, definition, zones });
    });
    await messages.publish('check-runs');
    return viewOfRun(run);
  },

  async testMonitor(call, dependencies) {
    const { body, caller } = call;
    const { store, messages } = dependencies;
    const run = await store.write(async (tx) => {
      const definition = await definitionOf(tx, caller.tenantId, body, dependencies);
      return insertCheckRun(tx, {
        tenantId: caller.tenantId,
        monitorId: null,
        definition: { ...definition },
        zones: definition.zones,
      });
    });
    await messages.publish('check-runs');
    return viewOfRun(run);
  },

  async getCheckRun({ params, caller }, { store }) {
    const run = await store.read(scopeOf(caller), (tx) => readCheckRun(tx, params.id));
    if (run !== undefined) return viewOfRun(run);
    throw new WatchkeeperError('not_found', `There is no check run ${params.id}. Runs are kept for a day.`);
  },

  async listMonitorTypes(_call, { monitorTypes }) {
    const types = await catalogueOf(monitorTypes).all();
    return {
      items: types.map(({ name, summary, options, valueNames, conditionNames, defaultAssertions }) => ({
        name,
        summary,
        options: plainSchema(options),
        valueNames: [...valueNames],
        conditionNames: [...conditionNames],
        defaultAssertions: [...defaultAssertions],
      })),
    };
  },

  async checkConditions({ body }, { monitorTypes }) {
    const catalogue = catalogueOf(monitorTypes);
    const described = await catalogue.find(body.type);
    if (described === undefined) {
      const message = catalogue.unknownMessage('monitor type', body.type);
      throw validationError([{ pointer: '/type', message }], 'The question');
    }
    const problems = assertionProblems(body.assertions, described.plugin);
    return {
      mistakes: problems.map(({ index, column, message }) => ({
        index,
        column,
        message: message.slice(message.indexOf(': ') + 2),
      })),
    };
  },
} satisfies Partial<Handlers>;

/** @throws WatchkeeperError `validation_failed` */
async function definitionOf(
  tx: Tx,
  tenantId: number,
  body: MonitorInput,
  { monitorTypes }: ApiDependencies,
): Promise<MonitorDefinition> {
  const read = await readMonitorInput(body, { monitorTypes, ...(await readMonitorZones(tx, tenantId)) });
  if (!read.ok) throw validationError(read.problems, 'The monitor');
  return read.definition;
}

type WritingName = 'createMonitor' | 'replaceMonitor';

async function makePlaces(
  tx: Tx,
  call: Call<WritingName>,
  tenantId: number,
  definition: MonitorDefinition,
): Promise<void> {
  for (const { kind, name } of await ensurePlaces(tx, tenantId, definition)) {
    await recordChange(tx, changed(call, { action: `${kind}.created`, object: { kind, name }, tenantId }));
  }
}

async function setPaused(
  call: Call<'startMonitor' | 'stopMonitor'>,
  { store, messages }: ApiDependencies,
  paused: boolean,
): Promise<Monitor> {
  const { params, caller } = call;
  const view = await store.write(async (tx) => {
    const before = await lockMonitor(tx, scopeOf(caller), { id: params.id });
    if (before === undefined) throw monitorNotFound(params.id);
    const [after] = await setMonitorsPaused(tx, monitorIds([before.id]), paused);
    if (after === undefined) return viewOfMonitor(before);
    await recordChange(tx, changed(call, changeOf(paused ? 'stopped' : 'started', before, after)));
    return viewOfMonitor(after);
  });
  await messages.publish('monitors');
  return view;
}

function changeOf(verb: string, before: MonitorDetail | undefined, after: MonitorDetail | undefined) {
  const row = (after ?? before) as MonitorDetail;
  return {
    action: `monitor.${verb}`,
    object: { kind: 'monitor', name: row.name, id: row.id } as const,
    tenantId: row.tenant_id,
    ...(before === undefined ? {} : { before: inputOfMonitor(before) }),
    ...(after === undefined ? {} : { after: inputOfMonitor(after) }),
  };
}

function monitorNotFound(id: string): WatchkeeperError {
  return new WatchkeeperError('not_found', `There is no monitor ${id}. List the monitors to see which there are.`, {
    details: { id },
  });
}

function viewOfRun({ id, monitorId, requestedAt, zones }: CheckRunRow): CheckRun {
  return {
    id,
    monitorId,
    requestedAt: requestedAt.toISOString(),
    finished: zones.every(({ finishedAt }) => finishedAt !== null),
    zones: zones.map(({ zone, finishedAt, result }) => ({
      zone,
      outcome: null,
      reason: null,
      message: null,
      values: {},
      attributes: {},
      detail: null,
      ...(result as Partial<CheckRun['zones'][number]> | null),
      finishedAt: finishedAt?.toISOString() ?? null,
    })),
  };
}
