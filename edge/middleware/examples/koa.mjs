/** A shop by Koa: `npm install koa @koa/router @watchkeeper/middleware && PORT=3000 node koa.mjs` */
import Router from '@koa/router';
import { HttpMetrics } from '@watchkeeper/middleware';
import { koaMetrics } from '@watchkeeper/middleware/koa';
import Koa from 'koa';

// A label of its own: at most three shops, and "other" for whatever else is sent.
const metrics = new HttpMetrics({
  exclude: ['/health'],
  labels: { shop: (request) => String(request.headers['x-shop'] ?? 'main') },
  maxLabelValues: 3,
});
const router = new Router();
router.get('/orders/:id', (context) => {
  context.body = { id: context.params.id };
});
router.post('/orders', (context) => {
  context.status = 201;
  context.body = { id: '1' };
});
router.get('/health', (context) => {
  context.body = 'well';
});

const app = new Koa();
app.use(koaMetrics(metrics));
app.use(router.routes());
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
metrics.countConnections(server);
process.once('SIGTERM', () => server.close());
