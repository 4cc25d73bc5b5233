import { createServer } from 'node:http';
import express, { Router } from 'express';
import { afterEach, expect, it } from 'vitest';
import { expressMetrics } from '../src/express.ts';
import { HttpMetrics } from '../src/index.ts';
import { listen, type ServedApp } from './served-apps.ts';

let served: ServedApp | undefined;
afterEach(async () => {
  await served?.close();
  served = undefined;
});

/** Routes that were counted for requests of these paths, in their order. */
async function routesOf(app: express.Express, metrics: HttpMetrics, paths: readonly string[]): Promise<string[]> {
  served = await listen(createServer(app));
  const routes: string[] = [];
  let before = '';
  for (const path of paths) {
    await (await fetch(served.url + path)).text();
    const deadlineMs = performance.now() + 5000;
    for (;;) {
      const counts = (await metrics.text()).split('\n').filter((line) => line.startsWith('http_requests_total{'));
      const news = counts.find((line) => !before.split('\n').includes(line));
      if (news !== undefined) {
        routes.push(/route="([^"]*)"/.exec(news)?.[1] ?? '');
        before = counts.join('\n');
        break;
      }
      if (performance.now() > deadlineMs) throw new Error(`${path} was not counted`);
    }
  }
  return routes;
}

function anApp() {
  const metrics = new HttpMetrics();
  const app = express();
  app.use(expressMetrics(metrics));
  return { app, metrics };
}
const hello = (_request: express.Request, response: express.Response) => {
  response.send('hello');
};

it('a router under a path with parameters is told by its template, from its first request on', async () => {
  const { app, metrics } = anApp();
  const orders = Router({ mergeParams: true }).get('/', hello).get('/:order', hello);
  const users = Router().use('/:user/orders', orders).get('/', hello);
  app.use('/users', users);
  app.use(Router().get('/plain/:id', hello));
  const paths = ['/users/anna/orders/7', '/users/ben/orders/8', '/users/ben/orders', '/users/', '/plain/7'];
  expect(await routesOf(app, metrics, paths)).toEqual([
    '/users/:user/orders/:order',
    '/users/:user/orders/:order',
    '/users/:user/orders',
    '/users',
    '/plain/:id',
  ]);
});

it('a router that is mounted twice is told by the place at which it was reached', async () => {
  const { app, metrics } = anApp();
  const both = Router().get('/things/:id', hello);
  app.use('/v1', both);
  app.use('/:tenant/v2', both);
  expect(await routesOf(app, metrics, ['/v1/things/7', '/acme/v2/things/7', '/v1/things/8'])).toEqual([
    '/v1/things/:id',
    '/:tenant/v2/things/:id',
    '/v1/things/:id',
  ]);
});

it('an application within another, patterns, and the root have templates too', async () => {
  const { app, metrics } = anApp();
  const inner = express();
  inner.use('/rooms', Router().get('/:room', hello));
  app.use('/houses/:house', inner);
  app.get(/^\/files\/(.+)$/, hello);
  app.get('/', hello);
  app.get(['/a', '/b'], hello);
  app.get('/*rest', (_request, _response, next) => next());
  expect(await routesOf(app, metrics, ['/houses/7/rooms/8', '/files/x/y', '/', '/b', '/lost'])).toEqual([
    '/houses/:house/rooms/:room',
    String.raw`/^\\/files\\/(.+)$/`,
    '/',
    '/a,/b',
    '/*rest',
  ]);
});
