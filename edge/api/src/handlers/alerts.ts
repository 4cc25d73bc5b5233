import { type AlertChannel, WatchkeeperError } from '@watchkeeper/model';
import {
  type AlertChannelRow,
  deleteAlertChannel,
  findAlertChannel,
  listAlertChannels,
  lockAlertChannel,
  readAlerts,
  readChannelDeliveries,
  recordChange,
  type Tx,
} from '@watchkeeper/store';
import { inputOfChannel, viewOfAlert, viewOfChannel } from '../alert-view.ts';
import { changed } from '../change.ts';
import { anyUuid, decodeCursor, encodeCursor } from '../cursor.ts';
import type { Handlers } from '../handler.ts';
import { alertChannelKind } from '../objects/alert-channel.ts';
import { catalogueOf } from '../plugin-catalogue.ts';
import { validationError } from '../problems.ts';
import { scopeOf } from '../read-scope.ts';
import { plainSchema } from '../schema.ts';
import { assertVersion } from '../versions.ts';
import { assertName } from './services.ts';

export const alertHandlers = {
  async listAlerts({ query, caller }, { store }) {
    const { limit = 100, cursor, ...filter } = query;
    const place = cursor === undefined ? undefined : decodeCursor<[number, string]>('alerts', cursor, [0, anyUuid]);
    const tenantId = scopeOf(caller);
    const rows = await store.read(tenantId, (tx) =>
      readAlerts(tx, {
        ...{ tenantId, limit, ...filter },
        ...(place === undefined ? {} : { after: { openedUs: place[0], id: place[1] } }),
      }),
    );
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return { items: items.map(viewOfAlert), next: hasMore ? encodeCursor('alerts', [last.openedUs, last.id]) : null };
  },

  async getAlert({ params, caller }, { store }) {
    const tenantId = scopeOf(caller);
    const [row] = await store.read(tenantId, (tx) => readAlerts(tx, { tenantId, id: params.id, limit: 1 }));
    if (row !== undefined) return viewOfAlert(row);
    throw new WatchkeeperError('not_found', `There is no alert ${params.id}. List the alerts to see which there are.`);
  },

  async listAlertChannelTypes(_call, { channelTypes }) {
    const types = await catalogueOf(channelTypes).all();
    return { items: types.map(({ name, summary, options }) => ({ name, summary, options: plainSchema(options) })) };
  },

  async listAlertChannels({ caller }, { store }) {
    const tenantId = scopeOf(caller);
    return store.read(tenantId, async (tx) => ({
      items: await viewsOf(tx, tenantId, await listAlertChannels(tx, tenantId)),
    }));
  },

  async getAlertChannel({ params, caller }, { store }) {
    return store.read(caller.tenantId, (tx) => channelOf(tx, caller.tenantId, params.name));
  },

  async putAlertChannel(call, dependencies) {
    const { params, body, caller, ifMatch } = call;
    const { store, messages } = dependencies;
    assertName(params.name, body.name, 'The channel');
    const view = await store.write(async (tx) => {
      const problems = await alertChannelKind.problems(tx, caller.tenantId, body, dependencies);
      if (problems.length > 0) throw validationError(problems, 'The channel');
      const present = await lockAlertChannel(tx, caller.tenantId, body.name);
      if (present !== undefined) assertVersion(`Channel "${body.name}"`, present.version, ifMatch);
      const { before, after } = await alertChannelKind.put(tx, caller.tenantId, body, dependencies);
      const written = await channelOf(tx, caller.tenantId, body.name);
      // The same once more is no change.
      if (written.version === present?.version) return written;
      const action = before === undefined ? 'alert_channel.created' : 'alert_channel.changed';
      const object = { kind: 'alert_channel', name: body.name } as const;
      await recordChange(tx, changed(call, { action, object, before, after }));
      return written;
    });
    await messages.publish('alerts');
    return view;
  },

  async deleteAlertChannel(call, { store, messages }) {
    const { params, caller } = call;
    await store.write(async (tx) => {
      const before = await deleteAlertChannel(tx, caller.tenantId, params.name);
      if (before === undefined) throw channelNotFound(params.name);
      const object = { kind: 'alert_channel', name: params.name } as const;
      await recordChange(
        tx,
        changed(call, { action: 'alert_channel.deleted', object, before: inputOfChannel(before) }),
      );
    });
    await messages.publish('alerts');
  },

  async testAlertChannel({ params, caller }, { store, sendTest }) {
    const channel = await store.read(caller.tenantId, (tx) => findAlertChannel(tx, caller.tenantId, params.name));
    if (channel === undefined) throw channelNotFound(params.name);
    return sendTest(channel);
  },
} satisfies Partial<Handlers>;

async function channelOf(tx: Tx, tenantId: number, name: string): Promise<AlertChannel> {
  const row = await findAlertChannel(tx, tenantId, name);
  if (row === undefined) throw channelNotFound(name);
  return (await viewsOf(tx, tenantId, [row]))[0] as AlertChannel;
}

async function viewsOf(tx: Tx, tenantId: number, rows: readonly AlertChannelRow[]): Promise<AlertChannel[]> {
  const deliveries = await readChannelDeliveries(tx, tenantId);
  return rows.map((row) =>
    viewOfChannel(
      row,
      deliveries.find((last) => last.tenantId === row.tenantId && last.channel === row.name),
    ),
  );
}

function channelNotFound(name: string): WatchkeeperError {
  return new WatchkeeperError(
    'not_found',
    `There is no alert channel "${name}". List the channels to see which there are.`,
    {
      details: { name },
    },
  );
}
