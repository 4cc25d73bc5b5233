import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { CatalogueName, QueryResult } from '@watchkeeper/model';
import { useMemo } from 'react';
import { api } from '../api.ts';
import type { ExploreSearch } from '../search.ts';
import type { Condition } from './conditions.ts';
import { comparedFields } from './fields.ts';
import type { Selection } from './Plot.tsx';
import { chosenOf } from './question.ts';
import { compareShares, type GroupCount } from './shares.ts';
import { type Explored, laneCondition } from './use-explore.ts';

/** Different events that are told apart in a comparison. */
const mostGroups = 10_000;

/** The selection beside all data of the picture, attribute by attribute. */
export function useComparison(
  { question, range }: Explored,
  search: ExploreSearch,
  entry: CatalogueName | undefined,
  selection: Selection,
) {
  const fields = comparedFields(entry);
  const { value } = question;
  const bounds: Condition[] =
    value === undefined
      ? []
      : [
          ...(Number.isFinite(selection.low) ? [{ field: value, op: 'least', limit: selection.low } as const] : []),
          ...(Number.isFinite(selection.high) ? [{ field: value, op: 'below', limit: selection.high } as const] : []),
        ];
  const inside = [...question.conditions, ...laneCondition(search.split, selection.group), ...bounds];
  const ask = (conditions: readonly Condition[], fromMs: number, toMs: number, signal: AbortSignal) =>
    api.call('query', {
      body: {
        ...chosenOf({ events: question.events, conditions }),
        groupBy: fields,
        aggregates: ['count'],
        limit: mostGroups,
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
      },
      signal,
    });
  const selected = useQuery({
    queryKey: [
      'explore',
      'selected',
      JSON.stringify([inside, question.events, fields, selection.fromMs, selection.toMs]),
    ],
    queryFn: ({ signal }) => ask(inside, selection.fromMs, selection.toMs, signal),
    enabled: entry !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: range.isLive && selection.toMs > range.toMs - 60_000 ? 5000 : false,
  });
  // Only events that have the value are on the picture.
  const shown: Condition[] = value === undefined ? [] : [{ field: value, op: 'least', limit: -Number.MAX_VALUE }];
  const all = useQuery({
    queryKey: ['explore', 'all', JSON.stringify([question, fields]), search.from, search.to],
    queryFn: ({ signal }) => ask([...question.conditions, ...shown], range.fromMs, range.toMs, signal),
    enabled: entry !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    refetchInterval: range.isLive ? 30_000 : false,
  });
  const fieldsKey = JSON.stringify(fields);
  const shares = useMemo(() => {
    if (selected.data === undefined || all.data === undefined) return undefined;
    const names = JSON.parse(fieldsKey) as string[];
    // Reasons that nobody gave say nothing.
    const compared = compareShares(countsOf(selected.data), countsOf(all.data), names);
    return compared.filter(({ values }) => values.some(({ value: said }) => said !== ''));
  }, [selected.data, all.data, fieldsKey]);
  return {
    shares,
    isCut: selected.data?.truncated === true || all.data?.truncated === true,
    error: selected.error ?? all.error,
    refetch: () => {
      void selected.refetch();
      void all.refetch();
    },
  };
}

const countsOf = ({ rows }: QueryResult): GroupCount[] =>
  rows.map(({ group, values }) => ({ group, count: typeof values.count === 'number' ? values.count : 0 }));
