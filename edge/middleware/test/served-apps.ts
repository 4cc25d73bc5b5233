import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import Router from '@koa/router';
import express from 'express';
import Fastify from 'fastify';
import Koa from 'koa';
import { expressMetrics } from '../src/express.ts';
import { fastifyMetrics } from '../src/fastify.ts';
import { type HttpMetrics, setRoute } from '../src/index.ts';
import { koaMetrics } from '../src/koa.ts';
import { measured } from '../src/node.ts';

/** The same application by each framework. `/wait` answers when `release` is called; `/big` is 8 MiB in pieces. */
export interface ServedApp {
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

type Start = (metrics: HttpMetrics, waiting: Waiting) => Promise<ServedApp>;

/** Requests that wait for a test to let them go on. */
export class Waiting {
  #releases: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.#releases.push(resolve));
  }

  release(): void {
    for (const release of this.#releases.splice(0)) release();
  }
}

const piece = Buffer.alloc(64 * 1024, 'x');
const big = () => Readable.from(Array.from({ length: 128 }, () => piece));

const startFastify: Start = async (metrics, waiting) => {
  const app = Fastify({ forceCloseConnections: true });
  await app.register(fastifyMetrics, { metrics });
  app.get('/users/:id', async () => 'hello');
  app.post('/users', async (_request, reply) => reply.code(201).send({ made: true }));
  app.get('/fails', async () => {
    throw new Error('made up');
  });
  app.get('/wait', async () => waiting.wait().then(() => 'done'));
  app.get('/big', async (_request, reply) => reply.send(big()));
  app.get('/health', async () => 'well');
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, server: app.server, close: () => app.close() };
};

const startExpress: Start = async (metrics, waiting) => {
  const app = express();
  app.use(expressMetrics(metrics));
  app.use(express.json());
  app.get('/users/:id', (_request, response) => {
    response.send('hello');
  });
  app.post('/users', (_request, response) => {
    response.status(201).json({ made: true });
  });
  app.get('/fails', () => {
    throw new Error('made up');
  });
  app.get('/wait', async (_request, response) => {
    await waiting.wait();
    response.send('done');
  });
  app.get('/big', (_request, response) => {
    big().pipe(response);
  });
  app.get('/health', (_request, response) => {
    response.send('well');
  });
  app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(500).send('sorry');
  });
  return listen(createServer(app));
};

const startKoa: Start = async (metrics, waiting) => {
  const app = new Koa();
  app.on('error', () => undefined);
  const router = new Router();
  app.use(koaMetrics(metrics));
  router.get('/users/:id', (context) => {
    context.body = 'hello';
  });
  router.post('/users', async (context) => {
    await text(context.req);
    context.status = 201;
    context.body = { made: true };
  });
  router.get('/fails', () => {
    throw new Error('made up');
  });
  router.get('/wait', async (context) => {
    await waiting.wait();
    context.body = 'done';
  });
  router.get('/big', (context) => {
    context.body = big();
  });
  router.get('/health', (context) => {
    context.body = 'well';
  });
  app.use(router.routes());
  return listen(createServer(app.callback()));
};

const startNode: Start = async (metrics, waiting) =>
  listen(
    createServer(
      measured(metrics, async (request, response) => {
        const { url = '/', method } = request;
        const place = `${method} ${url.split('?')[0]}`;
        if (/^GET \/users\/[^/]+$/.test(place)) {
          setRoute(request, '/users/:id');
          response.end('hello');
          return;
        }
        const answers: Readonly<Record<string, () => unknown>> = {
          'POST /users': () => response.writeHead(201).end('{"made":true}'),
          'GET /fails': () => response.writeHead(500).end('sorry'),
          'GET /wait': () => waiting.wait().then(() => response.end('done')),
          'GET /big': () => big().pipe(response),
          'GET /health': () => response.end('well'),
        };
        const answer = answers[place];
        if (answer !== undefined) setRoute(request, url);
        // The body is read to its end, as frameworks do.
        request.resume().once('end', () => (answer === undefined ? response.writeHead(404).end() : answer()));
      }),
    ),
  );

export const frameworks: Readonly<Record<string, Start>> = {
  Fastify: startFastify,
  Express: startExpress,
  Koa: startKoa,
  'node:http': startNode,
};

export async function listen(server: Server): Promise<ServedApp> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
