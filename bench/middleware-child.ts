/**
 * A server with one kind of metrics, or none: `node middleware-child.ts <framework> none|again|ours|events|peer <address>
 * <folder>`. It tells its port to the parent, and at each message the CPU seconds that it has used. Events go to the
 * address by a buffer in the folder.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import { createEmitter } from '@watchkeeper/emit';
import { HttpMetrics, setRoute } from '@watchkeeper/middleware';
import { expressMetrics } from '@watchkeeper/middleware/express';
import { fastifyMetrics } from '@watchkeeper/middleware/fastify';
import { koaMetrics } from '@watchkeeper/middleware/koa';
import { measured } from '@watchkeeper/middleware/node';
import express from 'express';
import promBundle from 'express-prom-bundle';
import Fastify from 'fastify';
import fastifyMetricsPeer from 'fastify-metrics';
import Koa from 'koa';

const [framework = '', kind = '', address = '', folder = ''] = process.argv.slice(2);
const answer = { id: '7', name: 'anna' };

const servers: Readonly<Record<string, () => Server | Promise<Server>>> = {
  express: () => {
    const app = express();
    if (kind === 'ours') app.use(expressMetrics(new HttpMetrics()));
    // The labels that come nearest: the path, in which it replaces what looks like an identifier.
    if (kind === 'peer') app.use(promBundle({ includeMethod: true, includePath: true }));
    app.get('/users/:id', (_request, response) => {
      response.json(answer);
    });
    return createServer(app);
  },
  fastify: async () => {
    const app = Fastify();
    if (kind === 'ours') await app.register(fastifyMetrics, { metrics: new HttpMetrics() });
    if (kind === 'events') {
      const emitter = createEmitter({ server: address, key: 'wk_bench', folder });
      await app.register(fastifyMetrics, { metrics: new HttpMetrics({ emitter }) });
    }
    if (kind === 'peer') await app.register(fastifyMetricsPeer.default, { endpoint: '/metrics' });
    app.get('/users/:id', async () => answer);
    await app.ready();
    return app.server;
  },
  koa: () => {
    const app = new Koa();
    if (kind === 'ours') app.use(koaMetrics(new HttpMetrics()));
    const router = new Router();
    router.get('/users/:id', (context) => {
      context.body = answer;
    });
    app.use(router.routes());
    return createServer(app.callback());
  },
  'node:http': () => {
    const body = JSON.stringify(answer);
    const metrics = new HttpMetrics();
    const bare: Parameters<typeof measured>[1] = (request, response) => {
      setRoute(request, '/users/:id');
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
    };
    return createServer(kind === 'ours' ? measured(metrics, bare) : bare);
  },
};

const server = (await servers[framework]?.()) ?? createServer();
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.((user + system) / 1_000_000);
});
