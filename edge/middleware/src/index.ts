export { HttpMetrics, type HttpMetricsOptions, type RouteOf } from './http-metrics.ts';
export { setRoute } from './own-route.ts';
