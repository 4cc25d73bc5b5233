import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import {
  parseSearch,
  readExploreSearch,
  readGlobalSearch,
  readMonitorSearch,
  readMonitorsSearch,
  readOverviewSearch,
  searchText,
} from './search.ts';
import { NotFound } from './shell/NotFound.tsx';
import { Shell } from './shell/Shell.tsx';

const rootRoute = createRootRoute({ component: Outlet });

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  component: lazyRouteComponent(() => import('./pages/LoginPage.tsx'), 'LoginPage'),
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
  validateSearch: readGlobalSearch,
  notFoundComponent: NotFound,
});

const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  validateSearch: readOverviewSearch,
  component: lazyRouteComponent(() => import('./pages/OverviewPage.tsx'), 'OverviewPage'),
});
const monitorsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/monitors',
  validateSearch: readMonitorsSearch,
  component: lazyRouteComponent(() => import('./pages/MonitorsPage.tsx'), 'MonitorsPage'),
});
const newMonitorRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/monitors/new',
  component: lazyRouteComponent(() => import('./pages/MonitorFormPage.tsx'), 'NewMonitorPage'),
});
const monitorRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/monitors/$id',
  validateSearch: readMonitorSearch,
  component: lazyRouteComponent(() => import('./pages/MonitorPage.tsx'), 'MonitorPage'),
});
const editMonitorRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/monitors/$id/edit',
  component: lazyRouteComponent(() => import('./pages/MonitorFormPage.tsx'), 'EditMonitorPage'),
});
const exploreRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/explore',
  validateSearch: readExploreSearch,
  component: lazyRouteComponent(() => import('./pages/ExplorePage.tsx'), 'ExplorePage'),
});
const processesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/system/processes',
  component: lazyRouteComponent(() => import('./pages/ProcessesPage.tsx'), 'ProcessesPage'),
});
const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/SettingsPage.tsx'), 'SettingsPage'),
});
const keysRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/keys',
  component: lazyRouteComponent(() => import('./settings/KeysCard.tsx'), 'KeysCard'),
});
const alertsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/alerts',
  component: lazyRouteComponent(() => import('./settings/AlertsCard.tsx'), 'AlertsCard'),
});
const sinksRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/sinks',
  component: lazyRouteComponent(() => import('./settings/SinksCard.tsx'), 'SinksCard'),
});
const changesRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/changes',
  component: lazyRouteComponent(() => import('./settings/ChangesCard.tsx'), 'ChangesCard'),
});

const routeTree = rootRoute.addChildren([
  loginRoute,
  shellRoute.addChildren([
    overviewRoute,
    monitorsRoute,
    newMonitorRoute,
    monitorRoute,
    editMonitorRoute,
    exploreRoute,
    processesRoute,
    settingsRoute.addChildren([keysRoute, alertsRoute, sinksRoute, changesRoute]),
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  scrollRestoration: true,
  parseSearch,
  stringifySearch: searchText,
  defaultNotFoundComponent: NotFound,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
