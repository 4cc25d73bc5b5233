import type { RequestListener } from 'node:http';
import type { HttpMetrics } from './http-metrics.ts';

/**
 * Measures the requests of a plain server: `createServer(measured(metrics, listener))`. There are no routes to be read
 * off, so the listener names them by `setRoute`; without that they are `none`.
 */
export function measured(metrics: HttpMetrics, listener: RequestListener): RequestListener {
  return (request, response) => {
    if (metrics.serve(request, response)) return;
    metrics.begin(request, response, noRoute);
    return listener(request, response);
  };
}

const noRoute = () => undefined;
