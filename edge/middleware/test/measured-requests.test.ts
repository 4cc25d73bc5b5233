import { createServer, request as httpRequest } from 'node:http';
import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { fastifyMetrics } from '../src/fastify.ts';
import { HttpMetrics, type HttpMetricsOptions } from '../src/index.ts';
import { frameworks, listen, type ServedApp, Waiting } from './served-apps.ts';

let app: ServedApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!(await look())) {
    if (performance.now() > deadlineMs) throw new Error(`waited 10 s for ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

it('a framework of which the route cannot be read costs the label and not the application', async () => {
  const metrics = new HttpMetrics();
  const served = await listen(
    createServer((request, response) => {
      metrics.begin(request, response, () => {
        throw new Error('made up');
      });
      response.end('hello');
    }),
  );
  expect(await (await fetch(served.url)).text()).toBe('hello');
  await until('the request', async () =>
    (await metrics.text()).includes('http_requests_total{method="GET",route="other",status="200"} 1\n'),
  );
  await served.close();
});

it('a body that came before the measuring began is counted too', async () => {
  const metrics = new HttpMetrics();
  const late = Fastify();
  late.addHook('onRequest', async () => undefined);
  await late.register(fastifyMetrics, { metrics });
  late.post('/users', async () => 'hello');
  const url = await late.listen({ host: '127.0.0.1', port: 0 });
  const headers = { 'content-type': 'application/json' };
  const body = '{"name":"anna"}';
  await new Promise<void>((resolve, reject) => {
    const sent = httpRequest(`${url}/users`, { method: 'POST', headers }, (answer) =>
      answer.resume().once('end', resolve),
    );
    sent.once('error', reject).end(body);
  });
  await until('the request', async () =>
    (await metrics.text()).includes(
      `http_request_size_bytes_sum{method="POST",route="/users",status="200"} ${body.length}\n`,
    ),
  );
  await late.close();
});

it('a request that a test of an application injects is measured like any other', async () => {
  const metrics = new HttpMetrics();
  const injected = Fastify();
  await injected.register(fastifyMetrics, { metrics });
  injected.get('/users/:id', async () => 'hello');
  await injected.inject('/users/7');
  await until('the request', async () =>
    (await metrics.text()).includes('http_requests_total{method="GET",route="/users/:id",status="200"} 1\n'),
  );
  await injected.close();
});

describe.each(Object.entries(frameworks))('An application by %s', (_name, start) => {
  async function serve(options: HttpMetricsOptions = {}) {
    const metrics = new HttpMetrics(options);
    const waiting = new Waiting();
    app = await start(metrics, waiting);
    const { url } = app;
    const ask = (path: string, init?: RequestInit) => fetch(`${url}${path}`, init).then((answer) => answer.text());
    /** The value of a series as Prometheus reads it; 0 where there is none. */
    const read = async (series: string) => {
      const line = (await ask('/metrics')).split('\n').find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? 0);
    };
    const counted = (labels: string) => read(`http_requests_total{${labels}}`);
    /** Waits until a request has been counted, and says how the rest of its series look. */
    const untilCounted = (labels: string, count = 1) =>
      until(`${count} of ${labels}`, async () => (await counted(labels)) === count);
    return { metrics, waiting, url, ask, read, counted, untilCounted };
  }

  it('is counted by method, route template and status, whatever stands in the path', async () => {
    const { ask, read, untilCounted } = await serve();
    for (const path of ['/users/7', '/users/8?page=2', '/users/anna', '/nowhere', '/nowhere/else', '/fails'])
      await ask(path);
    const found = 'method="GET",route="/users/:id",status="200"';
    await untilCounted(found, 3);
    await untilCounted('method="GET",route="none",status="404"', 2);
    await untilCounted('method="GET",route="/fails",status="500"');
    const text = await ask('/metrics');
    expect(text).not.toMatch(/anna|nowhere|\/7|"other"/);
    expect(await read(`http_request_duration_seconds_count{${found}}`)).toBe(3);
    expect(await read(`http_request_duration_seconds_bucket{le="+Inf",${found}}`)).toBe(3);
  });

  it('has the sizes of bodies counted, declared or not', async () => {
    const { ask, read, untilCounted, url } = await serve();
    const body = JSON.stringify({ name: 'ännchen' });
    const made = 'method="POST",route="/users",status="201"';
    const headers = { 'content-type': 'application/json' };
    await ask('/users', { method: 'POST', body, headers });
    await untilCounted(made);
    expect(await read(`http_request_size_bytes_sum{${made}}`)).toBe(Buffer.byteLength(body));
    expect(await read(`http_response_size_bytes_sum{${made}}`)).toBe('{"made":true}'.length);
    await new Promise<void>((resolve, reject) => {
      const sent = httpRequest(`${url}/users`, { method: 'POST', headers }, (answer) =>
        answer.resume().once('end', resolve),
      );
      sent.once('error', reject);
      sent.write(body.slice(0, 5));
      sent.end(body.slice(5));
    });
    await untilCounted(made, 2);
    expect(await read(`http_request_size_bytes_sum{${made}}`)).toBe(2 * Buffer.byteLength(body));
    expect((await ask('/big')).length).toBe(8 * 1024 * 1024);
    const all = 'method="GET",route="/big",status="200"';
    await untilCounted(all);
    expect(await read(`http_response_size_bytes_sum{${all}}`)).toBe(8 * 1024 * 1024);
  });

  it('tells the requests under way, and those whose client went away as 499', async () => {
    const { ask, read, waiting, counted, untilCounted } = await serve();
    const inFlight = () => read('http_requests_in_flight');
    const answered = ask('/wait');
    const leaving = new AbortController();
    const left = ask('/wait', { signal: leaving.signal }).catch((error: Error) => error.name);
    await until('two requests under way', async () => (await inFlight()) === 2);
    leaving.abort();
    expect(await left).toBe('AbortError');
    await untilCounted('method="GET",route="/wait",status="499"');
    expect(await inFlight()).toBe(1);
    waiting.release();
    expect(await answered).toBe('done');
    await untilCounted('method="GET",route="/wait",status="200"');
    expect([await inFlight(), await counted('method="GET",route="/wait",status="499"')]).toEqual([0, 1]);
  });

  it('counts a client that goes away in the middle of an answer as 499', async () => {
    const { url, untilCounted, read } = await serve();
    const labels = 'method="GET",route="/big",status="499"';
    const asked = httpRequest(`${url}/big`, (answer) => answer.once('data', () => asked.destroy()));
    asked.on('error', () => undefined).end();
    await untilCounted(labels);
    expect(await read(`http_response_size_bytes_sum{${labels}}`)).toBeLessThan(8 * 1024 * 1024);
  });

  it('leaves out paths that it is told to, and its own', async () => {
    const { ask, untilCounted } = await serve({ exclude: ['/health', '/nowhere/*', /^\/us/] });
    for (const path of ['/health?deep', '/nowhere/at/all', '/users/7', '/nowhere']) await ask(path);
    await untilCounted('method="GET",route="none",status="404"');
    expect((await ask('/metrics')).match(/http_requests_total\{.*/g)).toHaveLength(1);
  });

  it('has labels of its own, of which only so many values are taken', async () => {
    const { ask, untilCounted, read } = await serve({
      labels: { shop: (request) => String(request.headers['x-shop']), broken: () => undefined as never },
      maxLabelValues: 2,
    });
    for (const shop of ['one', 'two', 'three', 'four', 'one']) await ask('/users/7', { headers: { 'x-shop': shop } });
    const labels = 'method="GET",route="/users/:id",status="200"';
    await untilCounted(`${labels},shop="one",broken="other"`, 2);
    await untilCounted(`${labels},shop="two",broken="other"`);
    await untilCounted(`${labels},shop="other",broken="other"`, 2);
    expect(await read('http_label_values_refused_total{label="shop"}')).toBe(2);
    expect(await read('http_label_values_refused_total{label="broken"}')).toBe(5);
  });

  it('serves metrics nowhere when it has no path for them', async () => {
    const { ask, metrics } = await serve({ path: null });
    await ask('/metrics');
    await until('the request', async () =>
      (await metrics.text()).includes('http_requests_total{method="GET",route="none",status="404"} 1'),
    );
  });
});
