/** A shop by Express, as CommonJS: `npm install express @watchkeeper/middleware && PORT=3000 node express.cjs` */
const express = require('express');
const { HttpMetrics } = require('@watchkeeper/middleware');
const { expressMetrics } = require('@watchkeeper/middleware/express');

const metrics = new HttpMetrics({ exclude: ['/health'], ofNode: true });
const app = express();
app.use(expressMetrics(metrics));
app.get('/orders/:id', (request, response) => {
  response.json({ id: request.params.id });
});
app.post('/orders', (_request, response) => {
  response.status(201).json({ id: '1' });
});
app.get('/health', (_request, response) => {
  response.send('well');
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
metrics.countConnections(server);
process.once('SIGTERM', () => server.close());
