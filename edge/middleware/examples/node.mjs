/** A shop without a framework: `npm install @watchkeeper/middleware && PORT=3000 node node.mjs` */
import { createServer } from 'node:http';
import { HttpMetrics, setRoute } from '@watchkeeper/middleware';
import { measured } from '@watchkeeper/middleware/node';

const metrics = new HttpMetrics({ exclude: ['/health'] });
const server = createServer(
  measured(metrics, (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const [, id] = /^\/orders\/([^/]+)$/.exec(pathname) ?? [];
    const json = (status, value) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (pathname === '/health') return response.end('well');
    if (request.method === 'GET' && id !== undefined) {
      setRoute(request, '/orders/:id');
      return json(200, { id });
    }
    if (request.method === 'POST' && pathname === '/orders') {
      setRoute(request, '/orders');
      return json(201, { id: '1' });
    }
    return json(404, {});
  }),
);
metrics.countConnections(server);
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
process.once('SIGTERM', () => server.close());
