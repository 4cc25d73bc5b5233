import { QueryCache, QueryClient, useQuery } from '@tanstack/react-query';
import { createClient, ProblemError } from '@watchkeeper/client';
import type { Role } from '@watchkeeper/model';
import { useCallback } from 'react';

/** The API of the server that served this page; the session cookie goes along by itself. */
export const api = createClient({ baseUrl: '' });

const sessionKey = ['session'] as const;

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => {
      // A session that ended shows at whatever is asked next; the shell then leads to the sign-in page.
      if (isSignedOut(error) && queryKey[0] !== sessionKey[0]) {
        void queryClient.invalidateQueries({ queryKey: sessionKey });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 2000,
      refetchOnWindowFocus: true,
      // The server may be on this machine: whether there is an internet says nothing about it.
      networkMode: 'always',
      retry: (count, error) => !(error instanceof ProblemError) && count < 2,
    },
  },
});

/** Whether an error says that nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.status === 401;
}

export const useSession = () =>
  useQuery({ queryKey: sessionKey, queryFn: () => api.call('getSession'), staleTime: 60_000 });

const rank: Readonly<Record<Role, number>> = { ingest: 0, agent: 0, viewer: 1, editor: 2, operator: 3, admin: 4 };

/** Whether the one who is signed in may do what needs a role. */
export function useMay(needed: 'editor' | 'operator' | 'admin'): boolean {
  const { data } = useSession();
  return data !== undefined && rank[data.role] >= rank[needed];
}

export const useOverview = (environment: string | undefined, from: string, to: string) =>
  useQuery({
    queryKey: ['overview', environment, from, to],
    queryFn: ({ signal }) =>
      api.call('getOverview', { signal, query: { from, to, ...(environment === undefined ? {} : { environment }) } }),
    refetchInterval: 10_000,
    placeholderData: (previous) => previous,
  });

export const useProduct = () =>
  useQuery({ queryKey: ['product'], queryFn: () => api.call('getProduct'), staleTime: 60_000 });

/** On their own page they are asked for so often that a process that is killed shows within seconds. */
export const useProcesses = (everyMs = 2000) =>
  useQuery({
    queryKey: ['processes'],
    queryFn: ({ signal }) => api.call('listProcesses', { signal }),
    refetchInterval: everyMs,
  });

/** The newest dead letters, of the last hour or of all time, for whoever may see them. */
export const useDeadLetters = (
  isEnabled: boolean,
  limit: number,
  filter: { readonly from?: 'now-1h'; readonly of?: 'messages' } = {},
) =>
  useQuery({
    queryKey: ['dead-letters', limit, filter],
    queryFn: ({ signal }) => api.call('listDeadLetters', { signal, query: { limit, ...filter } }),
    refetchInterval: 30_000,
    enabled: isEnabled,
  });

/** What doors refused, by door, key and reason; the last refused first. */
export const useRefusedInputs = (limit: number) =>
  useQuery({
    queryKey: ['refused-inputs', limit],
    queryFn: ({ signal }) => api.call('listRefusedInputs', { signal, query: { limit } }),
    refetchInterval: 30_000,
  });

/** Sinks, how far they are and what they forwarded. */
export const useSinks = () =>
  useQuery({
    queryKey: ['sinks'],
    queryFn: ({ signal }) => api.call('listSinks', { signal }),
    refetchInterval: 5000,
  });

export const useZones = () =>
  useQuery({
    queryKey: ['zones'],
    queryFn: () => api.call('listZones'),
    staleTime: 30_000,
    refetchInterval: 30_000,
  });

/** What people call a zone. */
export function useZoneTitle(): (zone: string) => string {
  const zones = useZones().data?.items;
  return useCallback((name: string) => zones?.find((zone) => zone.name === name)?.title ?? name, [zones]);
}
