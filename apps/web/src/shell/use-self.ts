import { ProblemError } from '@watchkeeper/client';
import type { Overview, State } from '@watchkeeper/model';
import { selfAnswer } from '@watchkeeper/model/light';
import { useDeadLetters, useMay, useProcesses, useZones } from '../api.ts';
import { useNow } from '../clock.ts';
import { useOverviewOfAll } from './pages.ts';

/** How often the shell asks for the processes, milliseconds. */
const everyMs = 10_000;
/** Answers that are older are no longer of now, milliseconds: three are missing. */
const staleMs = 35_000;

export interface SelfKnown {
  readonly state: State;
  readonly title: string;
  readonly self: Overview['self'];
  /** When all of it was known last and why nothing newer is, while it is no longer of now. */
  readonly stale: { readonly atMs: number; readonly reason: string } | undefined;
}

/** How Watchkeeper itself is; undefined until the first answers are there. */
export function useSelf(): SelfKnown | undefined {
  const overview = useOverviewOfAll();
  const processes = useProcesses(everyMs);
  const zones = useZones().data?.items;
  // What clients send wrong says nothing of Watchkeeper itself.
  const letters = useDeadLetters(useMay('operator'), 1, { from: 'now-1h', of: 'messages' }).data;
  const nowMs = useNow();
  const { data: list } = processes;
  const self = overview.data?.self;
  if (self === undefined || list === undefined) return undefined;
  const answer = selfAnswer({
    ...{ self, list, zones: zones ?? [] },
    hasDeadLetters: letters === undefined ? undefined : letters.items.length > 0,
  });
  const atMs = Math.min(overview.dataUpdatedAt, processes.dataUpdatedAt);
  const error = overview.error ?? processes.error;
  const isStale = error !== null || nowMs - atMs > staleMs;
  return { ...answer, self, stale: isStale ? { atMs, reason: reasonOf(error) } : undefined };
}

function reasonOf(error: Error | null): string {
  return error instanceof ProblemError ? error.problem.title : 'No answer from the server';
}
