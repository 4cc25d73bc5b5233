/** A shop by Fastify: `npm install fastify @watchkeeper/middleware @watchkeeper/emit && PORT=3000 node fastify.mjs` */
import { createEmitter } from '@watchkeeper/emit';
import { HttpMetrics } from '@watchkeeper/middleware';
import { fastifyMetrics } from '@watchkeeper/middleware/fastify';
import Fastify from 'fastify';

// Events are optional: each request as it was, beside the numbers.
const { WATCHKEEPER_SERVER: server, WATCHKEEPER_KEY: key = '', BUFFER: folder = './buffer' } = process.env;
const emitter = server === undefined ? undefined : createEmitter({ server, key, folder, service: 'shop' });

const metrics = new HttpMetrics({ exclude: ['/health'], emitter });
const app = Fastify();
await app.register(fastifyMetrics, { metrics });
app.get('/orders/:id', async (request) => ({ id: request.params.id }));
app.post('/orders', async (_request, reply) => reply.code(201).send({ id: '1' }));
app.get('/health', async () => 'well');

console.log(`listening on ${await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })}`);
process.once('SIGTERM', async () => {
  await app.close();
  await emitter?.close();
});
