import { createHash } from 'node:crypto';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { fastifyMetrics } from '@watchkeeper/middleware/fastify';
import { type OperationName, operations, type Route, routes, WatchkeeperError } from '@watchkeeper/model';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { hashSecret, sessionCookie } from './authenticate.ts';
import { addHealth } from './create-probes.ts';
import { type DoorOptions, doorPlaces, openDoors } from './doors/index.ts';
import { keyOf } from './doors/key-of.ts';
import {
  type EventSocketLimits,
  eventSocketPath,
  isEventSocket,
  openEventSocket,
} from './event-socket/open-event-socket.ts';
import { Gate, tooMany } from './gate.ts';
import type { ApiDependencies, Call, Caller } from './handler.ts';
import { handlers } from './handlers/index.ts';
import type { Metrics } from './metrics.ts';
import { mayRepeat, openApiDocument } from './openapi.ts';
import { addOwnBodies, receivedBody } from './own-bodies.ts';
import { sendProblem, validationError } from './problems.ts';
import { onceFor } from './repeat.ts';
import { compileSchema, unstorableProblems, type Validator } from './schema.ts';
import { versionOf } from './versions.ts';
import { addWebFiles } from './web-files.ts';
import { addWebsiteMock } from './website-mock.ts';

export interface ApiOptions extends ApiDependencies, DoorOptions {
  /** Folder of the built web app; only the API is served when left out. */
  readonly webRoot?: string;
  readonly requestsPerMinute: number;
  /** What /metrics tells; the requests of this server are counted there. */
  readonly metrics: Metrics;
  /** Where the event socket has other bounds than `eventSocketLimits`. */
  readonly eventSocket?: Partial<EventSocketLimits>;
}

const bodyLimitBytes = 4 * 1024 * 1024;

/** The HTTP server with everything that stands on its port; `listen` and `close` are the caller's. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const { clock, logger, product, metrics } = options;
  const app = Fastify({
    loggerInstance: logger as unknown as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    requestTimeout: 60_000,
    http: { shouldUpgradeCallback: isEventSocket },
    forceCloseConnections: true,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : crypto.randomUUID();
    },
    routerOptions: { maxParamLength: 500 },
    // Addresses that cannot be decoded, and requests that cannot be read.
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
    // Nothing of a request becomes part of an object's prototype.
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  await app.register(fastifyMetrics, { metrics: metrics.http });
  app.addHook('onResponse', async (request, reply) => {
    const told = { method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode };
    request.log.debug({ ...told, url: request.url, durationMs: reply.elapsedTime, requestId: request.id }, 'request');
  });

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // Component libraries set style attributes.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
      },
    },
    // Whoever puts TLS in front decides for how long.
    strictTransportSecurity: false,
  });
  await app.register(cookie);
  await app.register(rateLimit, {
    global: true,
    max: options.requestsPerMinute,
    timeWindow: '1 minute',
    keyGenerator: rateKey,
    // A scraper asks for each target; how many probes are under way has a bound of its own.
    allowList: (request) => /^\/(health\/|assets\/|probe[?/])/.test(request.url),
    errorResponseBuilder: (_request, { max, ttl }) => tooMany(`${max} requests per minute`, ttl),
  });

  const gate = new Gate(app, options);
  for (const name of Object.keys(operations) as OperationName[]) addOperation(app, name, options, gate);

  await app.register(swagger, {
    mode: 'static',
    specification: { document: openApiDocument(product.version) as never },
  });
  await app.register(swaggerUi, { routePrefix: '/api/v1/reference', staticCSP: false });
  app.get('/api/v1/openapi.json', async () => openApiDocument(product.version));

  addHealth(app, options);
  openDoors(app, options, gate);
  openEventSocket(app, options, gate);
  app.get('/metrics', async (request, reply) => {
    if (!isLoopback(request.socket.remoteAddress)) await gate.admit(request, 'viewer');
    return reply.type(metrics.contentType).send(await metrics.text());
  });
  addWebsiteMock(app, clock);
  if (options.webRoot !== undefined) await addWebFiles(app, options.webRoot);
  app.setNotFoundHandler((request, reply) => answerUnknown(request, reply, options.webRoot !== undefined));
  return app;
}

function addOperation(app: FastifyInstance, name: OperationName, options: ApiOptions, gate: Gate): void {
  const [method, url] = operations[name].split(' ') as [string, string];
  const route: Route = routes[name];
  const inBody = route.body === undefined || route.ownBody ? undefined : compileSchema(route.body);
  const inQuery = route.query && compileSchema(route.query, { coerce: true, pointer: (p) => `query:${p.slice(1)}` });
  const inPath = route.params && compileSchema(route.params, { pointer: (p) => `path:${p.slice(1)}` });
  const callers = new WeakMap<FastifyRequest, Caller | undefined>();
  const work = handlers[name] as unknown as (
    call: Call<OperationName>,
    dependencies: ApiDependencies,
  ) => Promise<unknown>;

  const scopeOfRoute = (add: (scope: FastifyInstance) => void) => {
    if (route.ownBody) addOwnBodies(app, options, (request) => callers.get(request), add);
    else add(app);
  };
  scopeOfRoute((scope) =>
    scope.route({
      method: method as 'GET',
      url,
      // Before the body is read: a stranger's body is not worth the work.
      onRequest: async (request) => {
        callers.set(request, await gate.admit(request, route.role));
      },
      handler: async (request, reply) => {
        const query = { ...(request.query as object) };
        const body = route.body === undefined || route.ownBody ? undefined : (request.body ?? {});
        check([inPath, request.params], [inQuery, query], [inBody, body]);
        const ifMatch = versionOf(request.headers['if-match']);
        if (route.ifMatch === 'required' && request.headers['if-match'] === undefined) throw preconditionRequired();
        const call = {
          ...{ params: request.params, query, body, ifMatch, caller: callers.get(request) },
          received: receivedBody(request),
          lastEventId: headerText(request.headers['last-event-id']),
          requestId: request.id,
          remoteAddress: request.ip,
          signal: goneSignal(reply),
          sessionToken: request.cookies[sessionCookie],
          setSession: (token: string | undefined, maxAge: number) => setCookie(reply, token, maxAge, options),
        } as unknown as Call<OperationName>;
        const status = route.status ?? 200;
        const idempotencyKey = headerText(request.headers['idempotency-key']);
        if (idempotencyKey !== undefined && mayRepeat(name)) {
          const repeatable = { caller: call.caller, key: idempotencyKey, request: [name, request.params, body] };
          const done = await onceFor(options.store, repeatable, async () => ({
            status,
            answer: await work(call, options),
          }));
          if (done.isReplayed) reply.header('idempotency-replayed', 'true');
          return send(reply, route, done.status, done.answer);
        }
        const run = () => work(call, options);
        if (route.etag === 'content')
          return sendContent(reply, headerText(request.headers['if-none-match']), await run());
        return send(reply, route, status, await (route.role === 'none' ? gate.counting(request, run) : run()));
      },
    }),
  );
}

function check(...parts: readonly [Validator | undefined, unknown][]): void {
  // What cannot be stored is refused before anything walks through it.
  const unstorable = parts.flatMap(([, value]) => unstorableProblems(value));
  if (unstorable.length > 0) throw validationError(unstorable, 'The request');
  const problems = parts.flatMap(([validator, value]) => validator?.problems(value) ?? []);
  if (problems.length > 0) throw validationError(problems, 'The request');
}

function send(reply: FastifyReply, route: Route, status: number, answer: unknown): FastifyReply {
  reply.code(status).header('cache-control', 'no-store');
  if (route.stream) return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(answer);
  if (route.text !== undefined) return reply.type(route.text).send(answer);
  if (route.etag) reply.header('etag', `"${(answer as { version: number }).version}"`);
  return status === 204 ? reply.send() : reply.send(answer);
}

/** An answer with a strong ETag of its content; 304 when the client has it already (RFC 9110, 13.1.2). */
function sendContent(reply: FastifyReply, ifNoneMatch: string | undefined, answer: unknown): FastifyReply {
  const text = JSON.stringify(answer);
  const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  const known = ifNoneMatch?.split(',').map((part) => part.trim().replace(/^W\//, '')) ?? [];
  if (known.includes(etag) || known.includes('*')) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(text);
}

function setCookie(reply: FastifyReply, token: string | undefined, maxAge: number, { product }: ApiOptions): void {
  reply.setCookie(sessionCookie, token ?? '', {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: product.publicUrl.startsWith('https:'),
    maxAge,
  });
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Requests are counted by key or session, and by address where there is none. */
function rateKey(request: FastifyRequest): string {
  const secret = keyOf(request) ?? request.headers.authorization ?? request.cookies?.[sessionCookie];
  return secret === undefined ? request.ip : hashSecret(secret).toString('base64url');
}

function preconditionRequired(): WatchkeeperError {
  return new WatchkeeperError(
    'precondition_required',
    'Send the ETag of the version that you have read in If-Match, so that nobody else’s change is lost.',
    { problems: [{ pointer: 'header:if-match', message: 'is required' }] },
  );
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}

const paths = [...Object.values(operations), ...doorPlaces, `GET ${eventSocketPath}`].map((place) => {
  const [method = '', path = ''] = place.split(' ');
  return { method, pattern: new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`) };
});

/** 405 where another method would do, the page of the web app for addresses of pages, else 404. */
function answerUnknown(request: FastifyRequest, reply: FastifyReply, hasWeb: boolean): FastifyReply {
  const path = request.url.split('?')[0] ?? '/';
  const allow = [...new Set(paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
  if (allow.length > 0) {
    const message = `${path} does not know ${request.method}; it knows ${allow.join(', ')}.`;
    return sendProblem(new WatchkeeperError('method_not_allowed', message, { details: { allow } }), request, reply);
  }
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const isPage = isRead && !/^\/(api|assets|health|metrics)(\/|$)/.test(path) && !/\.\w+$/.test(path);
  if (hasWeb && isPage) return reply.header('cache-control', 'no-cache').sendFile('index.html');
  return sendProblem(
    new WatchkeeperError('not_found', `There is nothing at ${path}. The reference is at /api/v1/reference.`),
    request,
    reply,
  );
}
