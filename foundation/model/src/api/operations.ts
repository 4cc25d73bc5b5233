/**
 * Every operation of the native API: method and path. This table is all that a client needs at run time; schemas,
 * roles and descriptions stand in `routes.ts`, which has exactly the same keys.
 */
export const operations = {
  getProduct: 'GET /api/v1',
  listProcesses: 'GET /api/v1/processes',

  listMonitors: 'GET /api/v1/monitors',
  createMonitor: 'POST /api/v1/monitors',
  bulkMonitors: 'POST /api/v1/monitors/bulk',
  getMonitor: 'GET /api/v1/monitors/:id',
  replaceMonitor: 'PUT /api/v1/monitors/:id',
  deleteMonitor: 'DELETE /api/v1/monitors/:id',
  startMonitor: 'POST /api/v1/monitors/:id/start',
  stopMonitor: 'POST /api/v1/monitors/:id/stop',
  runMonitor: 'POST /api/v1/monitors/:id/run',
  getMonitorStatus: 'GET /api/v1/monitors/:id/status',
  getMonitorChecks: 'GET /api/v1/monitors/:id/checks',
  getMonitorStatistics: 'GET /api/v1/monitors/:id/statistics',
  listMonitorTypes: 'GET /api/v1/monitor-types',
  checkConditions: 'POST /api/v1/conditions/check',
  testMonitor: 'POST /api/v1/check-runs',
  getCheckRun: 'GET /api/v1/check-runs/:id',

  listServices: 'GET /api/v1/services',
  getService: 'GET /api/v1/services/:name',
  putService: 'PUT /api/v1/services/:name',
  deleteService: 'DELETE /api/v1/services/:name',
  listEnvironments: 'GET /api/v1/environments',
  putEnvironment: 'PUT /api/v1/environments/:name',
  listZones: 'GET /api/v1/zones',
  putZone: 'PUT /api/v1/zones/:name',
  getOverview: 'GET /api/v1/overview',
  listActivity: 'GET /api/v1/activity',

  listEvents: 'GET /api/v1/events',
  streamEvents: 'GET /api/v1/events/stream',
  query: 'POST /api/v1/query',
  queryHeatmap: 'POST /api/v1/query/heatmap',
  listRollups: 'GET /api/v1/rollups',
  getRollup: 'GET /api/v1/rollups/:name',
  putRollup: 'PUT /api/v1/rollups/:name',
  deleteRollup: 'DELETE /api/v1/rollups/:name',

  listAlerts: 'GET /api/v1/alerts',
  getAlert: 'GET /api/v1/alerts/:id',
  listAlertChannelTypes: 'GET /api/v1/alert-channel-types',
  listAlertChannels: 'GET /api/v1/alert-channels',
  getAlertChannel: 'GET /api/v1/alert-channels/:name',
  putAlertChannel: 'PUT /api/v1/alert-channels/:name',
  deleteAlertChannel: 'DELETE /api/v1/alert-channels/:name',
  testAlertChannel: 'POST /api/v1/alert-channels/:name/test',

  apply: 'POST /api/v1/apply',
  exportObjects: 'GET /api/v1/export',
  listChanges: 'GET /api/v1/changes',

  listKeys: 'GET /api/v1/keys',
  createKey: 'POST /api/v1/keys',
  revokeKey: 'DELETE /api/v1/keys/:id',
  createLoginLink: 'POST /api/v1/login-links',
  openSession: 'POST /api/v1/session',
  getSession: 'GET /api/v1/session',
  closeSession: 'DELETE /api/v1/session',
} as const;

export type OperationName = keyof typeof operations;
