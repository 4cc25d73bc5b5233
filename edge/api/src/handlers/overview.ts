import { CheckTally, type Problem } from '@watchkeeper/model';
import {
  type ActivityPlace,
  activityKinds,
  countMonitorKeys,
  countRecentEvents,
  type LogFigures,
  readActivity,
  readCellMonitors,
  readCellParts,
  readCheckMinutes,
  readLogFigures,
  readMonitorPage,
  readOpenAlerts,
  readPlaceNames,
  readServiceCells,
  type ServiceCell,
  type Store,
  type Tx,
  withinLimit,
} from '@watchkeeper/store';
import { activityEntry } from '../activity-view.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { ApiDependencies, Handlers } from '../handler.ts';
import {
  type CellRatios,
  cellKey,
  countStates,
  environmentsOf,
  matrixOf,
  matrixPeriods,
  type ProblemDetail,
  problemsOf,
  problemView,
  ratiosOf,
  selfOf,
} from '../overview-answer.ts';
import { scopeOf } from '../read-scope.ts';
import { ShortMemory } from '../short-memory.ts';
import { rangeOf, type TimeRange } from '../time-range.ts';

/** Problems of one answer; the counts tell of all. */
const mostProblems = 500;
/** The first ones come with their last hour and the monitors behind them. */
const detailedProblems = 20;
/** Monitors of a service whose last hour makes its strip, those that are not OK first. */
const monitorsPerStrip = 200;
const monitorsPerProblem = 20;
const activityEntries = 50;

const inQuery = (bound: string) => `query:${bound}`;

export const overviewHandlers = {
  async getOverview({ query, caller }, dependencies) {
    const { store, clock } = dependencies;
    const nowMs = clock.wallMs();
    const range = rangeOf(query, { nowMs, pointer: inQuery });
    const tenantId = scopeOf(caller);
    const place = { tenantId, ...(query.environment === undefined ? {} : { environment: query.environment }) };
    const ratios = await readRatios(dependencies, place, range);
    return store.read(tenantId, async (tx) => {
      const cells = await readServiceCells(tx, place);
      const monitors = await readMonitorPage(tx, tenantId, { filter: environmentOnly(place), sort: 'name', limit: 0 });
      const { rows } = await readActivity(tx, { ...place, fromMs: 0, toMs: nowMs + 60_000, limit: activityEntries });
      const figures = await readLogFigures(tx);
      return {
        at: new Date(nowMs).toISOString(),
        counts: countStates(cells.map(({ state }) => state)),
        monitorCounts: { ...monitors.counts },
        problems: await readProblems(tx, tenantId, cells, nowMs),
        environments: environmentsOf(cells, await readPlaceNames(tx, tenantId)),
        services: matrixOf(cells, ratios, caller.tenantId),
        activity: rows.map(activityEntry),
        self: selfOf(figures, await eventsPerSecond(tx, dependencies, figures), dependencies.databaseBackMs()),
      };
    });
  },

  async listActivity({ query, caller }, { store, clock }) {
    const { cursor, limit = 100, ...bounds } = query;
    const range = rangeOf(bounds, { nowMs: clock.wallMs(), pointer: inQuery });
    const after = cursor === undefined ? undefined : placeOf(cursor);
    const tenantId = scopeOf(caller);
    const { rows, hasMore } = await store.read(tenantId, (tx) =>
      readActivity(tx, { tenantId, ...range, limit, ...(after === undefined ? {} : { after }) }),
    );
    const last = rows.at(-1);
    return {
      items: rows.map(activityEntry),
      next:
        hasMore && last !== undefined
          ? encodeCursor('activity', [last.atUs, activityKinds.indexOf(last.kind), last.id])
          : null,
    };
  },
} satisfies Partial<Handlers>;

interface Place {
  readonly tenantId: number;
  readonly environment?: string;
}

const environmentOnly = ({ environment }: Place) => (environment === undefined ? {} : { environment });

function placeOf(cursor: string): ActivityPlace {
  const [atUs, kind, id] = decodeCursor<[number, number, number]>('activity', cursor, [0, 0, 0]);
  return { atUs, kind: activityKinds[kind] ?? 'change', id };
}

/** The ratios of the matrix are dear where much is watched, and the same for everybody who sees the same rows. */
const ratioMemories = new WeakMap<Store, ShortMemory<ReadonlyMap<string, CellRatios>>>();

function readRatios(
  { store, clock }: ApiDependencies,
  place: Place,
  range: TimeRange,
): Promise<ReadonlyMap<string, CellRatios>> {
  let memory = ratioMemories.get(store);
  if (memory === undefined) {
    memory = new ShortMemory(clock, 1000);
    ratioMemories.set(store, memory);
  }
  // A range that ends now moves on with every question; to the minute it is the same.
  const minute = (ms: number) => Math.floor(ms / 60_000);
  const key = JSON.stringify([place.tenantId, place.environment, minute(range.fromMs), minute(range.toMs)]);
  return memory.get(key, () =>
    store.read(place.tenantId, (tx) =>
      withinLimit(tx, async () => {
        const periods = matrixPeriods(range, await countMonitorKeys(tx, place.tenantId));
        return ratiosOf(await readCellParts(tx, { ...place, ...periods }));
      }),
    ),
  );
}

async function readProblems(
  tx: Tx,
  tenantId: number,
  cells: readonly ServiceCell[],
  nowMs: number,
): Promise<Problem[]> {
  const problems = problemsOf(cells).slice(0, mostProblems);
  if (problems.length === 0) return [];
  const alerts = new Map((await readOpenAlerts(tx, tenantId)).map((alert) => [cellKey(alert), alert]));
  const details = await readDetails(tx, problems.slice(0, detailedProblems), nowMs);
  return problems.map((cell) => problemView(cell, alerts.get(cellKey(cell)), details.get(cellKey(cell))));
}

async function readDetails(
  tx: Tx,
  cells: readonly ServiceCell[],
  nowMs: number,
): Promise<ReadonlyMap<string, ProblemDetail>> {
  const monitors = await readCellMonitors(tx, cells, monitorsPerStrip);
  const minutes = await readCheckMinutes(
    tx,
    monitors.flatMap(({ monitorIds }) => monitorIds),
    nowMs - 3_600_000,
  );
  return new Map(
    monitors.map((ofCell) => {
      const tally = new CheckTally();
      for (const id of ofCell.monitorIds) {
        for (const { startMs, outcomes, durations } of minutes.get(id) ?? []) tally.add(startMs, outcomes, durations);
      }
      return [cellKey(ofCell), { strip: tally.strip(nowMs), monitorIds: ofCell.notOkIds.slice(0, monitorsPerProblem) }];
    }),
  );
}

interface EventSample {
  readonly atMs: number;
  readonly events: number;
}
const sampleSpanMs = 10_000;
/** Samples of the end of the log in this process, oldest first. */
const samplesOf = new WeakMap<Store, EventSample[]>();

/** Events a second over the last moments: between two readings of the log's end, or at first from the newest events. */
async function eventsPerSecond(tx: Tx, { store, clock }: ApiDependencies, { events }: LogFigures): Promise<number> {
  const nowMs = clock.nowMs();
  const samples = (samplesOf.get(store) ?? []).filter(({ atMs }) => nowMs - atMs <= 2 * sampleSpanMs);
  const earlier =
    samples.findLast(({ atMs }) => nowMs - atMs >= sampleSpanMs) ?? samples.find(({ atMs }) => nowMs - atMs >= 1000);
  if (samples.every(({ atMs }) => nowMs - atMs >= 1000)) samples.push({ atMs: nowMs, events });
  samplesOf.set(store, samples);
  if (earlier === undefined) return (await countRecentEvents(tx, sampleSpanMs)) / (sampleSpanMs / 1000);
  return Math.max(0, events - earlier.events) / ((nowMs - earlier.atMs) / 1000);
}
