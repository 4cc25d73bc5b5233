import type { Environment, Service, State, Zone } from '@watchkeeper/model';
import {
  countMonitorsByService,
  deleteService,
  type EnvironmentRow,
  listEnvironments,
  listServices,
  listZones,
  lockService,
  putEnvironment,
  putZone,
  readServiceStates,
  recordChange,
  type ServiceRow,
  type ServiceStateRow,
  serviceNotFound,
  type Tx,
  watchedZones,
  type ZoneRow,
} from '@watchkeeper/store';
import { changed } from '../change.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Handlers } from '../handler.ts';
import { serviceKind } from '../objects/service.ts';
import { validationError } from '../problems.ts';
import { scopeOf } from '../read-scope.ts';
import { assertVersion } from '../versions.ts';

export const serviceHandlers = {
  async listServices({ query, caller }, { store }) {
    const { limit = 100, cursor } = query;
    const [afterName, afterTenant] = cursor === undefined ? ['', ''] : decodeCursor('services', cursor, ['', '']);
    const rows = await store.read(scopeOf(caller), async (tx) => {
      const isAfter = ({ name, tenant }: ServiceRow) =>
        name > afterName || (name === afterName && tenant > afterTenant);
      return viewsOf(
        tx,
        scopeOf(caller),
        (await listServices(tx, scopeOf(caller))).filter(isAfter).slice(0, limit + 1),
      );
    });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return { items, next: hasMore ? encodeCursor('services', [last.name, last.tenant]) : null };
  },

  async getService({ params, caller }, { store }) {
    return store.read(caller.tenantId, (tx) => serviceOf(tx, caller.tenantId, params.name));
  },

  async putService(call, dependencies) {
    const { params, body, caller, ifMatch } = call;
    const { store, messages } = dependencies;
    assertName(params.name, body.name, 'The service');
    const view = await store.write(async (tx) => {
      const problems = await serviceKind.problems(tx, caller.tenantId, body, dependencies);
      if (problems.length > 0) throw validationError(problems, 'The service');
      const present = await lockService(tx, caller.tenantId, body.name);
      if (present !== undefined) assertVersion(`Service "${body.name}"`, present.version, ifMatch);
      const put = await serviceKind.put(tx, caller.tenantId, body, dependencies);
      const action = put.before === undefined ? 'service.created' : 'service.changed';
      await recordChange(tx, changed(call, { action, object: { kind: 'service', name: body.name }, ...put }));
      return serviceOf(tx, caller.tenantId, body.name);
    });
    await messages.publish('services');
    return view;
  },

  async deleteService(call, { store, messages }) {
    const { params, caller } = call;
    await store.write(async (tx) => {
      const before = await deleteService(tx, caller.tenantId, params.name);
      const object = { kind: 'service', name: params.name } as const;
      await recordChange(tx, changed(call, { action: 'service.deleted', object, before }));
    });
    await messages.publish('services');
  },

  async listEnvironments({ caller }, { store }) {
    const rows = await store.read(scopeOf(caller), (tx) => listEnvironments(tx, scopeOf(caller)));
    return { items: rows.map(viewOfEnvironment) };
  },

  async putEnvironment(call, { store, messages }) {
    const { params, body, caller } = call;
    assertName(params.name, body.name, 'The environment');
    const view = await store.write(async (tx) => {
      const { before, after } = await putEnvironment(tx, caller.tenantId, body);
      const action = before === undefined ? 'environment.created' : 'environment.changed';
      const object = { kind: 'environment', name: body.name } as const;
      await recordChange(tx, changed(call, { action, object, before, after }));
      return viewOfEnvironment(after);
    });
    await messages.publish('services');
    return view;
  },

  async listZones({ caller }, { store }) {
    return store.read(scopeOf(caller), async (tx) => {
      const watched = await watchedZones(tx);
      return { items: (await listZones(tx, scopeOf(caller))).map((row) => viewOfZone(row, watched)) };
    });
  },

  async putZone(call, { store, messages }) {
    const { params, body, caller } = call;
    assertName(params.name, body.name, 'The zone');
    const view = await store.write(async (tx) => {
      const { before, after } = await putZone(tx, caller.tenantId, body);
      const action = before === undefined ? 'zone.created' : 'zone.changed';
      const object = { kind: 'zone', name: body.name } as const;
      await recordChange(tx, changed(call, { action, object, before, after }));
      return viewOfZone(after, await watchedZones(tx));
    });
    await messages.publish('services');
    return view;
  },
} satisfies Partial<Handlers>;

/** @throws WatchkeeperError `validation_failed` when body and address name different objects */
export function assertName(inAddress: string, inBody: string, subject: string): void {
  if (inAddress === inBody) return;
  throw validationError([{ pointer: '/name', message: `must be "${inAddress}", as in the address` }], subject);
}

async function serviceOf(tx: Tx, tenantId: number, name: string): Promise<Service> {
  const rows = (await listServices(tx, tenantId)).filter((row) => row.name === name);
  const [view] = await viewsOf(tx, tenantId, rows);
  if (view === undefined) throw serviceNotFound(name);
  return view;
}

async function viewsOf(tx: Tx, tenantId: number, rows: readonly ServiceRow[]): Promise<Service[]> {
  const states = await readServiceStates(tx, tenantId);
  const counts = await countMonitorsByService(tx, tenantId);
  return rows.map((row) => ({
    tenant: row.tenant,
    name: row.name,
    title: row.title,
    dependsOn: row.depends_on,
    monitors:
      counts.find(({ tenantId: owner, service }) => owner === row.tenant_id && service === row.name)?.count ?? 0,
    states: states
      .filter((state) => state.tenant_id === row.tenant_id && state.service === row.name)
      .map(viewOfServiceState),
    version: row.version,
  }));
}

function viewOfServiceState(row: ServiceStateRow): Service['states'][number] {
  return {
    environment: row.environment,
    state: row.state as State,
    since: row.since.toISOString(),
    reason: row.reason,
    message: row.message,
    heldBy: row.held_by,
  };
}

function viewOfEnvironment({ tenant, name, title, version }: EnvironmentRow): Environment {
  return { tenant, name, title, version };
}

function viewOfZone({ tenant, name, title, code, version }: ZoneRow, watched: ReadonlySet<string>): Zone {
  return { tenant, name, title, code, watched: watched.has(name), version };
}
