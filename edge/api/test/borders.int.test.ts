import { type OperationName, operations, routes } from '@watchkeeper/model';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, aMonitor, openApiWorld, problemOf } from './api-world.ts';

describe('Bad input at the border of the API', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  it('says where each mistake of a body is, and which name was probably meant', async () => {
    const body = aMonitor({
      intervall: '5s',
      interval: '5 seconds',
      timeout: 5,
      zones: [],
      labels: { 'bad label!': 'x' },
    });
    const response = await world.ask('POST /api/v1/monitors', { body });
    expect(response.statusCode).toBe(422);
    expect(response.headers['content-type']).toContain('application/problem+json');
    const errors = new Map(problemOf(response).errors?.map(({ pointer, message }) => [pointer, message]));
    expect([...errors.keys()].sort()).toEqual(['/interval', '/intervall', '/labels/bad label!', '/timeout', '/zones']);
    expect(errors.get('/intervall')).toContain('did you mean "interval"?');
  });

  it.each([
    ['an unknown type', { type: 'htpp' }, '/type', 'did you mean "http"?'],
    [
      'an option that is not known',
      { options: { url: 'http://x/', metod: 'GET' } },
      '/options/metod',
      'did you mean "method"?',
    ],
    ['an address that is none', { options: { url: 'ftp://x/' } }, '/options/url', 'must match'],
    ['an option left out', { options: {} }, '/options/url', 'is required'],
    ['a condition with a mistake', { assertions: ['status in 200..299', 'durationMs <'] }, '/assertions/1', 'column'],
    ['an interval that is too short', { interval: '500ms' }, '/interval', 'between 1s and 1d'],
    [
      'attempts that do not fit the interval',
      { interval: '5s', timeout: '4s', retries: 2 },
      '/timeout',
      'longer than the interval',
    ],
    ['a zone from where nobody watches', { zones: ['loacl'] }, '/zones/0', 'did you mean "local"?'],
  ])('refuses a monitor with %s', async (_title, over, pointer, message) => {
    const response = await world.ask('POST /api/v1/monitors', { body: aMonitor(over) });
    expect(response.statusCode).toBe(422);
    const error = problemOf(response).errors?.find((candidate) => candidate.pointer === pointer);
    expect(error?.message).toContain(message);
  });

  it.each([
    ['text that is no JSON', '{"name": ', {}, 400, 'body_malformed'],
    [
      'another media type',
      'name=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'media_type_unsupported',
    ],
    ['a body that is too large', JSON.stringify({ name: 'x'.repeat(5 * 1024 * 1024) }), {}, 413, 'body_too_large'],
    ['a prototype in the body', '{"__proto__": {"admin": true}}', {}, 400, 'body_malformed'],
    ['a body that is a list', '[]', {}, 422, 'validation_failed'],
  ])('answers %s with its own status', async (_title, body, headers, status, code) => {
    const response = await world.ask('POST /api/v1/monitors', { body, headers: headers as Record<string, string> });
    expect([response.statusCode, problemOf(response).code]).toEqual([status, code]);
  });

  it.each([
    ['NUL in an option', 'POST /api/v1/monitors', aMonitor({ options: { url: 'http://x/\u0000' } }), '/options/url'],
    ['NUL in a name of a label', 'POST /api/v1/monitors', aMonitor({ labels: { 'a\u0000': 'b' } }), '/labels'],
    ['half a surrogate pair', 'POST /api/v1/monitors', aMonitor({ name: '\ud800' }), '/name'],
    ['a name of blanks', 'POST /api/v1/monitors', aMonitor({ name: '  ' }), '/name'],
    ['a name that turns the text around', 'POST /api/v1/monitors', aMonitor({ name: 'a\u202eb' }), '/name'],
    ['a port that is none', 'POST /api/v1/monitors', aMonitor({ options: { url: 'http://a:99999/' } }), '/options/url'],
    [
      'an end that never comes',
      'POST /api/v1/keys',
      { name: 'k', role: 'viewer', expiresIn: '99999999999d' },
      '/expiresIn',
    ],
  ])('refuses %s', async (_title, place, body, pointer) => {
    const response = await world.ask(place, { body });
    expect(response.statusCode, response.body).toBe(422);
    expect(problemOf(response).errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('refuses NUL in every address, nesting without end, and addresses that cannot be decoded', async () => {
    for (const place of [
      'monitors?q=%00',
      'monitors?label=a%00',
      'events?service=%00',
      'alerts?service=%00',
      'monitors?service=x%00',
    ]) {
      expect([place, (await world.ask(`GET /api/v1/${place}`)).statusCode]).toEqual([place, 422]);
    }
    const deep = `{"options":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`;
    expect((await world.ask('POST /api/v1/monitors', { body: deep })).statusCode).toBe(422);
    const undecodable = await world.ask('GET /api/v1/services/%E0%A4%A');
    expect([undecodable.statusCode, undecodable.headers['content-type']]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('tells a wrong method from a wrong address, and names the request in every answer', async () => {
    const wrongMethod = await world.ask('PATCH /api/v1/monitors');
    expect([wrongMethod.statusCode, wrongMethod.headers.allow]).toEqual([405, 'GET, POST']);
    const wrongAddress = await world.ask('GET /api/v1/monitor');
    expect([wrongAddress.statusCode, problemOf(wrongAddress).code]).toEqual([404, 'not_found']);
    expect(problemOf(wrongAddress).requestId).toBe(wrongAddress.headers['x-request-id']);
    expect((await world.ask('GET /api/v1/monitors/nothing')).statusCode).toBe(422);
    expect((await world.ask('GET /api/v1/monitors?limit=many')).json()).toMatchObject({
      errors: [{ pointer: 'query:limit' }],
    });
    expect((await world.ask('GET /api/v1/monitors?cursor=abc')).json()).toMatchObject({ code: 'cursor_invalid' });
  });

  it('a request id of the caller is kept when it is one', async () => {
    const given = await world.ask('GET /api/v1', { headers: { 'x-request-id': 'deploy-2026-01' } });
    expect(given.headers['x-request-id']).toBe('deploy-2026-01');
    const odd = await world.ask('GET /api/v1', { headers: { 'x-request-id': '<script>' } });
    expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  const writing = (Object.keys(operations) as OperationName[]).filter(
    (name) => 'body' in routes[name] && name !== 'openSession',
  );

  it.each(writing)('%s never answers anything with a 5xx', async (name) => {
    const place = operations[name]
      .replace(':id', '00000000-0000-4000-8000-000000000009')
      .replace(':name', 'x')
      .replace(':zone', 'local');
    const bodies = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc
        .record(
          {
            name: fc.oneof(fc.string(), fc.constant('x'), fc.constant('\u0000')),
            type: fc.constantFrom('http', 'tcp', 'webhook', 'toString', '__proto__'),
            options: fc.oneof(fc.object({ maxDepth: 1 }), fc.constant({ url: 'http://x/\u0000' })),
            service: fc.constantFrom('a', 'A', 'constructor'),
            environment: fc.string({ maxLength: 5 }),
            objects: fc.array(fc.object({ maxDepth: 1 }), { maxLength: 3 }),
            events: fc.string(),
            from: fc.constantFrom('now-1h', 'now', 'never', '2026-02-30T00:00:00Z'),
            aggregates: fc.array(fc.string(), { maxLength: 2 }),
            filter: fc.object({ maxDepth: 1 }),
            action: fc.constantFrom('start', 'stop', 'explode'),
            labels: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
          },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const response = await world.ask(place, { body, headers: { 'if-match': '"1"' } });
        expect(response.statusCode, `${body} → ${response.body.slice(0, 200)}`).toBeLessThan(500);
      }),
      { numRuns: 40, seed: 20_260_101 },
    );
  });

  it('nothing of all this was a mistake of ours', () => expect(world.errors).toEqual([]));
});

describe('The description of the API', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  it('is OpenAPI 3.1 with every operation, its role, and no reference that leads nowhere', async () => {
    const text = (await world.ask('GET /api/v1/openapi.json', { key: undefined })).body;
    const document = JSON.parse(text) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; 'x-role': string }>>;
      components: { schemas: Record<string, unknown> };
    };
    expect(document.openapi).toBe('3.1.0');
    const found = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(found.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(operations).sort());
    for (const operation of found)
      expect(operation['x-role']).toBe(routes[operation.operationId as OperationName].role);
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(document.components.schemas).toHaveProperty(name);
  });

  it('has a page to read it, which works under the policy against foreign scripts', async () => {
    const page = await world.ask('GET /api/v1/reference/', { key: undefined });
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/<script>(?!\s*<)/);
    expect(String(page.headers['content-security-policy'])).toContain("script-src 'self'");
  });

  it('tells its health to anybody and its metrics to this machine', async () => {
    expect((await world.ask('GET /health/live', { key: undefined })).statusCode).toBe(200);
    expect((await world.ask('GET /health/ready', { key: undefined })).statusCode).toBe(200);
    const metrics = await world.ask('GET /metrics', { key: undefined });
    expect(metrics.body).toContain('http_request_duration_seconds_bucket');
  });
});
