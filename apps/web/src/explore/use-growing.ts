import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useRef } from 'react';
import type { Range } from '../search.ts';
import { onGrid } from './steps.ts';
import { useSameList } from './use-same-list.ts';

/** New events show within two seconds: the end of the range is asked for again this often. */
const everyMs = 1000;
/** How far back that reaches, so that late events come in too. */
const tailMs = 30_000;

export interface Growing<Answer> {
  /** What each is called in the cache, beside the range. */
  readonly keys: readonly (readonly unknown[])[];
  readonly stepMs: number;
  readonly range: Range;
  /** The range as it stands in the address: it stays the same while the page moves on. */
  readonly rangeKey: readonly (string | undefined)[];
  readonly isEnabled: boolean;
  readonly ask: (
    index: number,
    range: { readonly fromMs: number; readonly toMs: number },
    signal: AbortSignal,
  ) => Promise<Answer>;
  readonly merge: (present: Answer, newer: Answer, coveredFromMs: number, fromMs: number) => Answer;
}

/**
 * Answers over a range that may end now. The whole is asked for once and seldom again; every second only its end is,
 * and takes the place of what it covers.
 */
export function useGrowing<Answer>({ keys, stepMs, range, rangeKey, isEnabled, ask, merge }: Growing<Answer>) {
  const { isLive } = range;
  const rangeMs = range.toMs - range.fromMs;
  const wholeEveryMs = Math.min(600_000, Math.max(60_000, rangeMs / 60));
  const now = () => (isLive ? { fromMs: Date.now() - rangeMs, toMs: Date.now() + stepMs } : range);
  const wholes = useQueries({
    queries: keys.map((key, index) => ({
      queryKey: ['explore', 'whole', ...key, stepMs, ...rangeKey],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const asked = onGrid(now(), stepMs);
        return { ...asked, answer: await ask(index, asked, signal) };
      },
      enabled: isEnabled,
      staleTime: wholeEveryMs,
      refetchInterval: isLive ? wholeEveryMs : (false as const),
      placeholderData: keepPreviousData,
      // Half a million cells are not compared with those of before; they hardly ever are the same.
      structuralSharing: false,
    })),
  });
  const tails = useQueries({
    queries: keys.map((key, index) => {
      const whole = wholes[index]?.data;
      const fromMs =
        whole === undefined ? 0 : onGrid({ fromMs: whole.toMs - Math.max(tailMs, 3 * stepMs), toMs: 0 }, stepMs).fromMs;
      return {
        queryKey: ['explore', 'end', ...key, stepMs, ...rangeKey, fromMs],
        queryFn: async ({ signal }: { signal: AbortSignal }) => {
          const asked = { fromMs, toMs: onGrid(now(), stepMs).toMs };
          return { ...asked, answer: await ask(index, asked, signal) };
        },
        enabled: isEnabled && isLive && whole !== undefined && wholes[index]?.isPlaceholderData === false,
        refetchInterval: everyMs,
        staleTime: 0,
        gcTime: 0,
      };
    }),
  });
  // What was put together of two answers stays the same object until one of them is another one.
  const merged = useRef(new WeakMap<object, { readonly tail: object; readonly answer: Answer }>());
  const answers = useSameList(
    keys.map((_, index) => {
      const [whole, tail] = [wholes[index]?.data, tails[index]?.data];
      if (whole === undefined || tail === undefined) return whole?.answer;
      const known = merged.current.get(whole);
      if (known?.tail === tail) return known.answer;
      const answer = merge(whole.answer, tail.answer, tail.fromMs, range.fromMs);
      merged.current.set(whole, { tail, answer });
      return answer;
    }),
  );
  const failed = wholes.find(({ error }) => error !== null) ?? tails.find(({ error }) => error !== null);
  return {
    answers,
    error: failed?.error ?? null,
    dataAtMs: Math.max(0, ...wholes.map(({ dataUpdatedAt }) => dataUpdatedAt)),
    refetch: () => {
      for (const { refetch } of wholes) void refetch();
    },
  };
}
