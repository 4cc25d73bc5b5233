import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExpressRequest, expressRoute } from './express-route.ts';
import type { HttpMetrics } from './http-metrics.ts';

/** Measures the requests of an Express application: `app.use(expressMetrics(metrics))`, before everything else. */
export function expressMetrics(
  metrics: HttpMetrics,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  return (request, response, next) => {
    if (metrics.serve(request, response)) return;
    const { app } = request as ExpressRequest;
    metrics.begin(request, response, () => expressRoute(request as ExpressRequest, app));
    next();
  };
}
