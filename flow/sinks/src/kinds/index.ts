/** Sink types: one file and one line each. */
export const sinkTypes = {
  file: () => import('./file.ts'),
  graphite: () => import('./graphite.ts'),
  influxdb: () => import('./influxdb.ts'),
  kafka: () => import('./kafka.ts'),
  'object-store': () => import('./object-store.ts'),
  otlp: () => import('./otlp.ts'),
  'prometheus-remote-write': () => import('./prometheus-remote-write.ts'),
  statsd: () => import('./statsd.ts'),
  webhook: () => import('./webhook.ts'),
};
