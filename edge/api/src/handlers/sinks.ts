import { type Sink, type SinkRefusal, WatchkeeperError } from '@watchkeeper/model';
import {
  deleteSink,
  findSink,
  listSinks,
  lockSink,
  readSinkProgress,
  readSinkRefusals,
  recordChange,
  type SinkRefusalRow,
  type SinkRow,
  type Tx,
} from '@watchkeeper/store';
import { changed } from '../change.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Handlers } from '../handler.ts';
import { sinkKind } from '../objects/sink.ts';
import { catalogueOf } from '../plugin-catalogue.ts';
import { validationError } from '../problems.ts';
import { scopeOf } from '../read-scope.ts';
import { plainSchema } from '../schema.ts';
import { inputOfSink, viewOfSink } from '../sink-view.ts';
import { assertVersion } from '../versions.ts';
import { assertName } from './services.ts';

export const sinkHandlers = {
  async listSinkTypes(_call, { sinkTypes }) {
    const types = await catalogueOf(sinkTypes).all();
    return { items: types.map(({ name, summary, options }) => ({ name, summary, options: plainSchema(options) })) };
  },

  async listSinks({ caller }, { store }) {
    const tenantId = scopeOf(caller);
    return store.read(tenantId, async (tx) => ({ items: await viewsOf(tx, tenantId, await listSinks(tx, tenantId)) }));
  },

  async getSink({ params, caller }, { store }) {
    return store.read(caller.tenantId, (tx) => sinkOf(tx, caller.tenantId, params.name));
  },

  async putSink(call, dependencies) {
    const { params, body, caller, ifMatch } = call;
    const { store, messages } = dependencies;
    assertName(params.name, body.name, 'The sink');
    const view = await store.write(async (tx) => {
      const problems = await sinkKind.problems(tx, caller.tenantId, body, dependencies);
      if (problems.length > 0) throw validationError(problems, 'The sink');
      const present = await lockSink(tx, caller.tenantId, body.name);
      if (present !== undefined) assertVersion(`Sink "${body.name}"`, present.version, ifMatch);
      const { before, after } = await sinkKind.put(tx, caller.tenantId, body, dependencies);
      const written = await sinkOf(tx, caller.tenantId, body.name);
      // The same once more is no change.
      if (written.version === present?.version) return written;
      const action = before === undefined ? 'sink.created' : 'sink.changed';
      const object = { kind: 'sink', name: body.name } as const;
      await recordChange(tx, changed(call, { action, object, before, after }));
      return written;
    });
    await messages.publish('sinks');
    return view;
  },

  async deleteSink(call, { store, messages }) {
    const { params, caller } = call;
    await store.write(async (tx) => {
      const before = await deleteSink(tx, caller.tenantId, params.name);
      if (before === undefined) throw sinkNotFound(params.name);
      const object = { kind: 'sink', name: params.name } as const;
      await recordChange(tx, changed(call, { action: 'sink.deleted', object, before: inputOfSink(before) }));
    });
    await messages.publish('sinks');
  },

  async listSinkRefusals({ params, query, caller }, { store }) {
    const { limit = 50, cursor } = query;
    const place = cursor === undefined ? undefined : decodeCursor<[number]>('sink-refusals', cursor, [0]);
    const rows = await store.read(caller.tenantId, async (tx) => {
      const sink = await findSink(tx, caller.tenantId, params.name);
      if (sink === undefined) throw sinkNotFound(params.name);
      const after = place === undefined ? {} : { beforeId: place[0] };
      return readSinkRefusals(tx, { sinkId: sink.id, limit: limit + 1, ...after });
    });
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map(viewOfRefusal),
      next: rows.length > limit && last !== undefined ? encodeCursor('sink-refusals', [last.id]) : null,
    };
  },
} satisfies Partial<Handlers>;

async function sinkOf(tx: Tx, tenantId: number, name: string): Promise<Sink> {
  const row = await findSink(tx, tenantId, name);
  if (row === undefined) throw sinkNotFound(name);
  return (await viewsOf(tx, tenantId, [row]))[0] as Sink;
}

async function viewsOf(tx: Tx, tenantId: number, rows: readonly SinkRow[]): Promise<Sink[]> {
  const progress = new Map((await readSinkProgress(tx, tenantId)).map((row) => [row.sinkId, row]));
  return rows.map((row) => viewOfSink(row, progress.get(row.id)));
}

function viewOfRefusal({ id, at, event, reason, body }: SinkRefusalRow): SinkRefusal {
  return { id, at: at.toISOString(), event, reason, body };
}

function sinkNotFound(name: string): WatchkeeperError {
  return new WatchkeeperError('not_found', `There is no sink "${name}". List the sinks to see which there are.`, {
    details: { name },
  });
}
