import { useEffect, useSyncExternalStore } from 'react';

/** One step of the path to a page; the last one is the page itself. */
export interface Crumb {
  readonly title: string;
  readonly to?: string;
}

let current: readonly Crumb[] = [];
const watchers = new Set<() => void>();

/** Says where the page stands; also the title of the tab. */
export function useCrumbs(...crumbs: readonly Crumb[]): void {
  const key = JSON.stringify(crumbs);
  useEffect(() => {
    current = JSON.parse(key) as Crumb[];
    document.title = [...current.map(({ title }) => title).reverse(), 'Watchkeeper'].join(' · ');
    for (const watch of watchers) watch();
  }, [key]);
}

export function useCurrentCrumbs(): readonly Crumb[] {
  return useSyncExternalStore(
    (watch) => {
      watchers.add(watch);
      return () => watchers.delete(watch);
    },
    () => current,
  );
}
