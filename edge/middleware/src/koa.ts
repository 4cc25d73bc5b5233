import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpMetrics } from './http-metrics.ts';

/** What this needs of the context of Koa. `_matchedRoute` is how @koa/router tells the template. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  respond?: boolean;
  readonly _matchedRoute?: unknown;
}

/** Measures the requests of a Koa application: `app.use(koaMetrics(metrics))`, before everything else. */
export function koaMetrics(metrics: HttpMetrics): (context: KoaContext, next: () => Promise<unknown>) => Promise<void> {
  return async (context, next) => {
    if (metrics.serve(context.req, context.res)) {
      context.respond = false;
      return;
    }
    metrics.begin(context.req, context.res, () => {
      const route = context._matchedRoute;
      return route === undefined ? undefined : String(route);
    });
    await next();
  };
}
