import type { Logger } from '@watchkeeper/kit';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Readiness } from './handler.ts';
import type { Metrics } from './metrics.ts';

export interface ProbeOptions {
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
}

/** Whether the process lives and can work. */
export function addHealth(app: FastifyInstance, { readiness }: Pick<ProbeOptions, 'readiness'>): void {
  app.get('/health/live', async () => ({ status: 'ok' }));
  app.get('/health/ready', async (_request, reply) => {
    const { ready, checks } = await readiness();
    if (!ready) reply.code(503).header('retry-after', '2');
    return { status: ready ? 'ok' : 'unavailable', checks };
  });
}

/**
 * The HTTP server of a process for those who look after it: health and metrics without a key, and nothing else.
 * `listen` and `close` are the caller's.
 */
export function createProbes(options: ProbeOptions & { readonly logger: Logger }): FastifyInstance {
  const app = Fastify({
    loggerInstance: options.logger as unknown as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  addHealth(app, options);
  const { metrics } = options;
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  return app;
}
