import { type StatisticsRow, stripMinutes, WatchkeeperError } from '@watchkeeper/model';
import {
  type MonitorDetail,
  type MonitorPlace,
  readCheckMinutes,
  readChecks,
  readMonitorPage,
  readMonitorStatistics,
  readMonitors,
  readZoneStates,
  type StatisticsViewRow,
  type Tx,
} from '@watchkeeper/store';
import { anyUuid, decodeCursor, encodeCursor } from '../cursor.ts';
import type { Handlers } from '../handler.ts';
import { rowOf, statusOf } from '../monitor-view.ts';
import { scopeOf } from '../read-scope.ts';
import { rangeOf } from '../time-range.ts';

const inQuery = (bound: string) => `query:${bound}`;

export const monitorReadHandlers = {
  async listMonitors({ query, caller }, { store, clock }) {
    const { sort = 'worst', limit = 100, cursor, ...filter } = query;
    const nowMs = clock.wallMs();
    const list = `monitors:${sort}`;
    const after =
      cursor === undefined ? undefined : placeOf(decodeCursor<PlaceParts>(list, cursor, [anyUuid, '', 0, 0]));
    const scope = scopeOf(caller);
    return store.read(scope, async (tx) => {
      const page = await readMonitorPage(tx, scope, { filter, sort, limit, ...(after === undefined ? {} : { after }) });
      const ids = page.places.map(({ id }) => id);
      const firstMinuteMs = (Math.floor(nowMs / 60_000) - stripMinutes + 1) * 60_000;
      const monitors = new Map((await readMonitors(tx, ids)).map((row) => [row.id, row]));
      const states = Map.groupBy(await readZoneStates(tx, ids), ({ monitorId }) => monitorId);
      const minutes = await readCheckMinutes(tx, ids, firstMinuteMs);
      const last = page.places.at(-1);
      return {
        items: page.places.flatMap(({ id }) => {
          const monitor = monitors.get(id);
          return monitor === undefined ? [] : [rowOf(monitor, states.get(id) ?? [], minutes.get(id) ?? [], nowMs)];
        }),
        next:
          page.hasMore && last !== undefined
            ? encodeCursor(list, [last.id, last.name, last.rank, last.createdUs])
            : null,
        total:
          filter.state === undefined
            ? Object.values(page.counts).reduce((sum, count) => sum + count, 0)
            : page.counts[filter.state],
        counts: page.counts,
      };
    });
  },

  async getMonitorStatus({ params, caller }, { store }) {
    return store.read(scopeOf(caller), async (tx) =>
      statusOf(await monitorOf(tx, params.id), await readZoneStates(tx, [params.id])),
    );
  },

  async getMonitorChecks({ params, query, caller }, { store, clock }) {
    const range = rangeOf(query, { nowMs: clock.wallMs(), pointer: inQuery });
    return store.read(scopeOf(caller), async (tx) => {
      const monitor = await monitorOf(tx, params.id);
      const { zone, max = 60_000 } = query;
      const { thinned, zones } = await readChecks(tx, {
        monitorId: monitor.id,
        ...range,
        max,
        ...(zone === undefined ? {} : { zone }),
      });
      const silent = monitor.zones.filter(
        (name) => (zone === undefined || name === zone) && !zones.some((columns) => columns.zone === name),
      );
      return {
        from: new Date(range.fromMs).toISOString(),
        to: new Date(range.toMs).toISOString(),
        thinned,
        zones: [
          ...zones,
          ...silent.map((name) => ({
            zone: name,
            total: 0,
            timeMs: [],
            outcome: [],
            reason: [],
            retried: [],
            values: {},
          })),
        ],
      };
    });
  },

  async getMonitorStatistics({ params, query, caller }, { store, clock }) {
    const range = rangeOf(query, { nowMs: clock.wallMs(), pointer: inQuery });
    const { granularity = 'minute', limit = 1000 } = query;
    return store.read(scopeOf(caller), async (tx) => {
      const monitor = await monitorOf(tx, params.id);
      const rows = await readMonitorStatistics(tx, { monitorId: monitor.id, granularity, limit, ...range });
      return { rows: rows.map(statisticsRow) };
    });
  },
} satisfies Partial<Handlers>;

type PlaceParts = [id: string, name: string, rank: number, createdUs: number];

function placeOf([id, name, rank, createdUs]: PlaceParts): MonitorPlace {
  return { id, name, rank, createdUs };
}

async function monitorOf(tx: Tx, id: string): Promise<MonitorDetail> {
  const [monitor] = await readMonitors(tx, [id]);
  if (monitor !== undefined) return monitor;
  throw new WatchkeeperError('not_found', `There is no monitor ${id}. List the monitors to see which there are.`, {
    details: { id },
  });
}

function statisticsRow(row: StatisticsViewRow): StatisticsRow {
  return {
    monitorId: row.monitor_id,
    environment: row.environment,
    zone: row.zone,
    dt: row.dt.toISOString(),
    granularity: row.granularity,
    rtMin: row.rt_min,
    rtMax: row.rt_max,
    data: row.data,
  };
}
