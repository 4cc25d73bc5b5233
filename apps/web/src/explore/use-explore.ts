import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { CatalogueName } from '@watchkeeper/model';
import { durationText } from '@watchkeeper/model/light';
import { useMemo } from 'react';
import { api } from '../api.ts';
import type { ExploreSearch, Range } from '../search.ts';
import { useMovingRange } from '../use-moving-range.ts';
import {
  aggregatesOf,
  heatOf,
  mergePeriods,
  mergePoints,
  type Periods,
  type PointSet,
  periodsOf,
  pointsOf,
} from './answers.ts';
import type { Condition } from './conditions.ts';
import { type Heat, mergeHeat } from './heat.ts';
import { chosenOf, type Question, questionOf } from './question.ts';
import { mostColumns, mostLinePeriods, stepFor } from './steps.ts';
import { useGrowing } from './use-growing.ts';

/** Most lanes of one picture; the groups with most events get one. */
export const mostLanes = 6;
/** Most dots of one picture; of more the extremes are drawn. */
export const mostDots = 20_000;

export type View = 'heat' | 'lines' | 'dots' | 'table';

/** One lane of the picture: what it shows of the events of its group. */
export interface LaneData {
  /** Value of the attribute that is split by; undefined when nothing is split. */
  readonly group: string | undefined;
  readonly heat?: Heat | undefined;
  readonly periods?: Periods | undefined;
  readonly points?: PointSet | undefined;
}

export interface Explored {
  readonly question: Question;
  readonly range: Range;
  readonly view: View;
  readonly lanes: readonly LaneData[];
  /** Cells of what is highlighted, among those of the single lane. */
  readonly highlight: Heat | undefined;
  /** Groups beyond those that have a lane; null when there are more than were counted. */
  readonly hiddenGroups: number | null;
  readonly isLoaded: boolean;
  readonly error: unknown;
  readonly dataAtMs: number;
  readonly refetch: () => void;
}

const none: readonly undefined[] = [];

const instants = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) => ({
  from: new Date(fromMs).toISOString(),
  to: new Date(toMs).toISOString(),
});

/** The condition that a lane adds. */
export function laneCondition(split: string | undefined, group: string | undefined): Condition[] {
  return split === undefined || group === undefined ? [] : [{ field: split, op: 'is', values: [group] }];
}

/** Which value is shown, and as what. Events without numbers are only counted. */
export function viewOf(
  search: ExploreSearch,
  entry: CatalogueName | undefined,
): { value: string | undefined; view: View } {
  const first = entry?.values.find(({ name }) => name === search.value) ?? entry?.values[0];
  const view = search.as ?? 'heat';
  if (first === undefined) return { value: undefined, view: view === 'table' ? 'table' : 'lines' };
  return { value: search.value ?? first.name, view };
}

/** What the address asks, answered; while the range ends now, new events come in every second. */
export function useExplore(search: ExploreSearch, entry: CatalogueName | undefined): Explored {
  const { value, view } = viewOf(search, entry);
  const question = questionOf(search, value);
  const range = useMovingRange(search.from, search.to);
  const { split } = search;
  const hasHighlight = split !== undefined && search.hl !== undefined && view === 'heat';
  const groups = useGroups(question, range, search, hasHighlight ? undefined : split);
  const isKnown = entry !== undefined && groups.data !== undefined && !groups.isPlaceholderData;
  const lanes = groups.data?.shown ?? none;
  const rangeKey = [search.from, search.to];
  const shared = { range, rangeKey };
  const whereKey = JSON.stringify(chosenOf(question));
  const rangeMs = range.toMs - range.fromMs;
  const columnMs = stepFor(rangeMs, mostColumns);
  const lineMs = stepFor(rangeMs, mostLinePeriods);
  const laneWhere = (group: string | undefined) =>
    chosenOf({ ...question, conditions: [...question.conditions, ...laneCondition(split, group)] });

  const heatGroups = hasHighlight ? [...lanes, search.hl] : lanes;
  const heats = useGrowing<Heat>({
    ...shared,
    keys: heatGroups.map((group) => ['heat', whereKey, value, split, group]),
    stepMs: columnMs,
    isEnabled: isKnown && view === 'heat' && value !== undefined,
    ask: async (index, asked, signal) =>
      heatOf(
        await api.call('queryHeatmap', {
          body: {
            ...laneWhere(heatGroups[index]),
            value: value ?? '',
            step: durationText(columnMs),
            ...instants(asked),
          },
          signal,
        }),
      ),
    merge: mergeHeat,
  });

  const inLanes: Condition[] =
    split === undefined || hasHighlight ? [] : [{ field: split, op: 'is', values: lanes.map((group) => group ?? '') }];
  const laned = chosenOf({ ...question, conditions: [...question.conditions, ...inLanes] });
  const bySplit = split === undefined || hasHighlight ? {} : { groupBy: [split] };
  const groupsKey = JSON.stringify(lanes);
  const dots = useGrowing<PointSet>({
    ...shared,
    keys: [['points', whereKey, value, split, groupsKey]],
    stepMs: 1000,
    isEnabled: isKnown && view === 'dots' && value !== undefined && lanes.length > 0,
    ask: async (_, asked, signal) =>
      pointsOf(
        await api.call('queryPoints', {
          body: { ...laned, ...bySplit, value: value ?? '', limit: mostDots, ...instants(asked) },
          signal,
        }),
        split,
      ),
    merge: mergePoints,
  });
  const points = dots.answers[0];
  const needsPeriods = view === 'lines' || view === 'table' || (view === 'dots' && points?.isThinned === true);
  const periods = useGrowing<Periods>({
    ...shared,
    keys: [['periods', whereKey, value, split, groupsKey]],
    stepMs: lineMs,
    isEnabled: isKnown && needsPeriods && lanes.length > 0,
    ask: async (_, asked, signal) =>
      periodsOf(
        await api.call('query', {
          body: {
            ...laned,
            ...bySplit,
            aggregates: aggregatesOf(value),
            step: durationText(lineMs),
            limit: 10_000,
            ...instants(asked),
          },
          signal,
        }),
        lineMs,
        split,
      ),
    merge: mergePeriods,
  });
  const [heatAnswers, allPeriods] = [heats.answers, periods.answers[0]];
  const laneData = useMemo(
    () =>
      lanes.map((group, index) => ({
        group,
        heat: heatAnswers[index],
        points: points && ofGroup(points, group),
        periods: allPeriods && periodsOfGroup(allPeriods, group),
      })),
    [lanes, heatAnswers, points, allPeriods],
  );
  const used = view === 'heat' ? heats : view === 'dots' ? dots : periods;
  // Dots that are too many stand on the extremes of their periods: both are needed.
  const isThere = used.answers.some((answer) => answer !== undefined) && (!needsPeriods || allPeriods !== undefined);
  const isLoaded = groups.data !== undefined && (lanes.length === 0 || isThere);
  return {
    question,
    range,
    view,
    lanes: laneData,
    highlight: hasHighlight ? heats.answers[lanes.length] : undefined,
    hiddenGroups: groups.data?.hidden ?? 0,
    isLoaded,
    error: groups.error ?? used.error ?? (needsPeriods ? periods.error : null),
    dataAtMs: used.dataAtMs,
    refetch: () => {
      void groups.refetch();
      used.refetch();
    },
  };
}

function ofGroup(set: PointSet, group: string | undefined): PointSet {
  return group === undefined ? set : { ...set, points: set.points.filter((point) => point.group === group) };
}

function periodsOfGroup(periods: Periods, group: string | undefined): Periods {
  return group === undefined ? periods : { ...periods, rows: periods.rows.filter((row) => row.group === group) };
}

/** Groups that are counted to find those with most events. */
const mostGroups = 1000;

/** The groups that get a lane, those with most events first; a single one when nothing is split. */
function useGroups(question: Question, range: Range, { from, to }: ExploreSearch, split: string | undefined) {
  const chosen = chosenOf(question);
  return useQuery({
    queryKey: ['explore', 'groups', JSON.stringify(chosen), from, to, split],
    queryFn: async ({ signal }): Promise<{ shown: readonly (string | undefined)[]; hidden: number | null }> => {
      if (split === undefined) return { shown: [undefined], hidden: 0 };
      const rangeMs = range.toMs - range.fromMs;
      const asked = range.isLive ? { fromMs: Date.now() - rangeMs, toMs: Date.now() + 1000 } : range;
      const { rows, truncated } = await api.call('query', {
        body: { ...chosen, groupBy: [split], aggregates: ['count'], limit: mostGroups, ...instants(asked) },
        signal,
      });
      const counted = rows.map(({ group, values }) => ({
        group: group[split] ?? '',
        count: Number(values.count ?? 0),
      }));
      const most = counted.toSorted((a, b) => b.count - a.count).slice(0, mostLanes);
      const shown = most.map(({ group }) => group).toSorted();
      return { shown, hidden: truncated ? null : Math.max(0, counted.length - shown.length) };
    },
    staleTime: 5000,
    refetchInterval: range.isLive && split !== undefined ? 5000 : false,
    structuralSharing: true,
    placeholderData: keepPreviousData,
  });
}
