import { QueryClient, useQuery } from '@tanstack/react-query';
import { createClient, ProblemError } from '@watchkeeper/client';
import type { Role } from '@watchkeeper/model';

/** The API of the server that served this page; the session cookie goes along by itself. */
export const api = createClient({ baseUrl: '' });

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      refetchOnWindowFocus: true,
      retry: (count, error) => !(error instanceof ProblemError) && count < 2,
    },
  },
});

/** Whether an error says that nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.status === 401;
}

export const useSession = () =>
  useQuery({ queryKey: ['session'], queryFn: () => api.call('getSession'), staleTime: 60_000 });

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

export const useZones = () =>
  useQuery({ queryKey: ['zones'], queryFn: () => api.call('listZones'), staleTime: 30_000 });
