import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { apiCalls } from './api-calls.ts';
import { hostMetrics } from './host-metrics.ts';
import { monitorDetail } from './monitor-detail.ts';
import { pipelineHealth } from './pipeline-health.ts';
import { serviceOverview } from './service-overview.ts';

/** All dashboards, by the name of their file. */
export const dashboards: Readonly<Record<string, () => Dashboard>> = {
  'api-calls': apiCalls,
  'host-metrics': hostMetrics,
  'monitor-detail': monitorDetail,
  'pipeline-health': pipelineHealth,
  'service-overview': serviceOverview,
};
