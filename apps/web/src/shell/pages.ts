import type { Overview, State } from '@watchkeeper/model';
import { useOverview } from '../api.ts';
import type { IconName } from '../components/icon-paths.ts';
import { defaultFrom } from '../search.ts';

/** The places of the app, as the rail and the bar at the bottom show them. */
export const pages: readonly {
  readonly to: '/' | '/monitors' | '/explore' | '/system/processes' | '/settings/keys';
  readonly title: string;
  readonly icon: IconName;
}[] = [
  { to: '/', title: 'Overview', icon: 'layout-dashboard' },
  { to: '/monitors', title: 'Monitors', icon: 'heartbeat' },
  { to: '/explore', title: 'Explore', icon: 'chart-dots' },
  { to: '/system/processes', title: 'System', icon: 'server' },
  { to: '/settings/keys', title: 'Settings', icon: 'settings' },
];

/** A link to the settings, say, is the current one on all of their pages. */
export const isCurrent = (to: string, pathname: string): boolean =>
  to === '/' ? pathname === '/' : pathname.startsWith(`/${to.split('/')[1]}`);

/** How many monitors need a look, and how bad the worst of them is. */
function troubleOf(overview: Overview | undefined): { readonly state: State; readonly count: number } | undefined {
  if (overview === undefined) return undefined;
  const { failed, degraded } = overview.monitorCounts;
  if (failed > 0) return { state: 'failed', count: failed };
  return degraded > 0 ? { state: 'degraded', count: degraded } : undefined;
}

/** Everything, whatever the page is filtered by: for the rail. */
export const useOverviewOfAll = () => useOverview(undefined, defaultFrom, 'now');
export const useWholeOverview = () => useOverviewOfAll().data;
export const useTrouble = () => troubleOf(useWholeOverview());
