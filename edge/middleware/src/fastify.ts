import type { FastifyInstance } from 'fastify';
import type { HttpMetrics } from './http-metrics.ts';

/**
 * Measures the requests of a Fastify server: `await app.register(fastifyMetrics, { metrics })`, before the routes. The
 * metrics are served by a route of the server, so its hooks hold for it too.
 */
export async function fastifyMetrics(
  app: FastifyInstance,
  { metrics }: { readonly metrics: HttpMetrics },
): Promise<void> {
  metrics.countConnections(app.server);
  app.addHook('onRequest', (request, reply, done) => {
    metrics.begin(request.raw, reply.raw, () => request.routeOptions.url);
    done();
  });
  if (metrics.path === null) return;
  app.get(metrics.path, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}

// What is registered holds for the whole server and not only within the plugin.
Object.assign(fastifyMetrics, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@watchkeeper/middleware',
});
