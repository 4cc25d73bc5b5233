import { mayAct, type OperationName, operations, type Role, roles, routes } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, aMonitor, openApiWorld, problemOf } from './api-world.ts';

const someUuid = '00000000-0000-4000-8000-000000000001';
/** A request that gets as far as its door and, where it is let in, no further than its body. */
const placeOf = (name: OperationName) =>
  operations[name].replace(':id', someUuid).replace(':name', 'something').replace(':zone', 'local');
const names = Object.keys(operations) as OperationName[];

describe('Who may do what', () => {
  let world: ApiWorld;
  const keys = new Map<Role, string>();
  beforeAll(async () => {
    world = await openApiWorld();
    for (const role of roles) keys.set(role, (await world.makeKey(role)).text);
  });
  afterAll(() => world.close());

  it.each(names.filter((name) => name !== 'streamEvents'))(
    '%s lets in the roles that its route names, and nobody else',
    async (name) => {
      const { role: needed } = routes[name];
      for (const role of roles) {
        const response = await world.ask(placeOf(name), { key: keys.get(role), body: '{"no": "such field"}' });
        const isLetIn = needed === 'none' || mayAct(role, needed);
        expect(response.statusCode === 403, `${role}: ${response.body.slice(0, 200)}`).toBe(!isLetIn);
        expect(response.statusCode, response.body.slice(0, 300)).toBeLessThan(500);
        if (!isLetIn) expect(problemOf(response).code).toBe('forbidden');
      }
    },
  );

  it('a key that is missing, wrong, expired or revoked is told why, at every operation but two', async () => {
    const fresh = await openApiWorld();
    try {
      const expired = await fresh.makeKey('admin', { expiresAt: new Date(Date.now() - 1000) });
      const revoked = await fresh.makeKey('admin');
      expect((await fresh.ask(`DELETE /api/v1/keys/${revoked.id}`)).statusCode).toBe(204);
      for (const name of names) {
        const response = await fresh.ask(placeOf(name), { key: undefined, body: '{}' });
        const isOpen = routes[name].role === 'none';
        expect([name, response.statusCode === 401]).toEqual([name, !isOpen]);
        if (!isOpen) expect(response.headers['www-authenticate']).toContain('Bearer');
      }
      const told = async (key: string) => problemOf(await fresh.ask('GET /api/v1', { key })).detail;
      expect(await told(expired.text)).toContain('expired');
      expect(await told(revoked.text)).toContain('revoked');
      expect(await told(`${revoked.text}x`)).toContain('wrong');
    } finally {
      await fresh.close();
    }
  });

  it('whoever tries wrong keys is soon told to wait, and the right key works again later', async () => {
    const fresh = await openApiWorld();
    try {
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 14; attempt++) {
        statuses.push((await fresh.ask('GET /api/v1', { key: `wk_000000000000_${'x'.repeat(43)}` })).statusCode);
      }
      expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
      expect(statuses.slice(-2)).toEqual([429, 429]);
      const last = await fresh.ask('GET /api/v1', { key: `wk_000000000000_${'x'.repeat(43)}` });
      expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    } finally {
      await fresh.close();
    }
  });

  it('wrong keys do not keep those out that were right before at the same address, until they are revoked', async () => {
    const fresh = await openApiWorld();
    try {
      const [known, unknown] = [await fresh.makeKey('viewer'), await fresh.makeKey('viewer')];
      const statusOf = async (key: string) => (await fresh.ask('GET /api/v1', { key })).statusCode;
      expect(await statusOf(known.text)).toBe(200);
      for (let attempt = 0; attempt < 14; attempt++) await statusOf(`wk_000000000000_${'x'.repeat(43)}`);
      expect(await statusOf(known.text)).toBe(200);
      expect(await statusOf(unknown.text)).toBe(429);
      await fresh.store.db.updateTable('api_keys').set({ revoked_at: new Date() }).where('id', '=', known.id).execute();
      expect([await statusOf(known.text), await statusOf(known.text)]).toEqual([401, 429]);
    } finally {
      await fresh.close();
    }
  });

  it('requests beyond the limit of a key are answered with 429 and the time to wait', async () => {
    const fresh = await openApiWorld({ requestsPerMinute: 12 });
    try {
      let last = await fresh.ask('GET /api/v1');
      for (let count = 0; count < 12; count++) last = await fresh.ask('GET /api/v1');
      expect(last.statusCode).toBe(429);
      expect(problemOf(last).code).toBe('too_many_requests');
      expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
      expect((await fresh.ask('GET /health/live', { key: undefined })).statusCode).toBe(200);
    } finally {
      await fresh.close();
    }
  });

  it('a tenant neither sees nor changes what belongs to another', async () => {
    const other = (await world.makeKey('editor', { tenant: 'other' })).text;
    const made = await world.ask('POST /api/v1/monitors', { body: aMonitor({ name: 'ours' }) });
    const { id, version } = made.json() as { id: string; version: number };
    const mine = { key: other };
    expect((await world.ask(`GET /api/v1/monitors/${id}`, mine)).statusCode).toBe(404);
    expect((await world.ask(`GET /api/v1/monitors/${id}/status`, mine)).statusCode).toBe(404);
    expect((await world.ask('GET /api/v1/monitors', mine)).json()).toMatchObject({ total: 0 });
    const change = { ...mine, body: aMonitor({ name: 'theirs' }), headers: { 'if-match': `"${version}"` } };
    expect((await world.ask(`PUT /api/v1/monitors/${id}`, change)).statusCode).toBe(404);
    expect((await world.ask(`DELETE /api/v1/monitors/${id}`, mine)).statusCode).toBe(404);
    expect((await world.ask('GET /api/v1/export', mine)).json()).toMatchObject({
      objects: [{ kind: 'Zone' }, { kind: 'Zone' }],
    });
    expect((await world.ask(`GET /api/v1/monitors/${id}`)).statusCode).toBe(200);
  });
});

describe('Sessions of browsers', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  const cookieOf = (setCookie: unknown) => String(setCookie).split(';')[0] ?? '';

  it('a sign-in link works once, its cookie is out of reach of scripts, and signing out ends it', async () => {
    const link = await world.ask('POST /api/v1/login-links', { body: { role: 'viewer' } });
    expect(link.statusCode).toBe(201);
    const { url } = link.json() as { url: string };
    expect(url).toMatch(/^http:\/\/watchkeeper\.test\/login#token=/);
    const token = url.split('=')[1];
    const open = () => world.ask('POST /api/v1/session', { key: undefined, body: { token } });
    const opened = await open();
    expect(opened.json()).toMatchObject({ role: 'viewer', kind: 'session', tenant: 'default' });
    expect(String(opened.headers['set-cookie'])).toMatch(/HttpOnly.*SameSite=Strict|SameSite=Strict.*HttpOnly/);
    const again = await open();
    expect([again.statusCode, problemOf(again).code]).toEqual([401, 'login_link_invalid']);

    const headers = { cookie: cookieOf(opened.headers['set-cookie']) };
    const session = { key: undefined, headers };
    expect((await world.ask('GET /api/v1/session', session)).json()).toMatchObject({ role: 'viewer' });
    expect((await world.ask('POST /api/v1/monitors', { ...session, body: aMonitor() })).statusCode).toBe(403);
    expect((await world.ask('DELETE /api/v1/session', session)).statusCode).toBe(204);
    expect((await world.ask('GET /api/v1/session', session)).statusCode).toBe(401);
  });

  it('revoking a key ends the sessions that were opened with it', async () => {
    const key = await world.makeKey('editor');
    const opened = await world.ask('POST /api/v1/session', { key: undefined, body: { key: key.text } });
    const session = { key: undefined, headers: { cookie: cookieOf(opened.headers['set-cookie']) } };
    expect((await world.ask('GET /api/v1', session)).statusCode).toBe(200);
    await world.ask(`DELETE /api/v1/keys/${key.id}`);
    expect((await world.ask('GET /api/v1', session)).statusCode).toBe(401);
  });

  it('a page of another site can change nothing with a session', async () => {
    const key = await world.makeKey('admin');
    const opened = await world.ask('POST /api/v1/session', { key: undefined, body: { key: key.text } });
    const cookie = cookieOf(opened.headers['set-cookie']);
    const attempt = (headers: Record<string, string>) =>
      world.ask('POST /api/v1/monitors', {
        key: undefined,
        body: aMonitor({ name: JSON.stringify(headers) }),
        headers: { cookie, ...headers },
      });
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      const response = await attempt(headers as Record<string, string>);
      expect([headers, problemOf(response).code]).toEqual([headers, 'origin_refused']);
    }
    expect((await attempt({ 'sec-fetch-site': 'same-origin' })).statusCode).toBe(201);
    expect((await attempt({ origin: 'http://localhost:80', host: 'localhost:80' })).statusCode).toBe(201);
  });

  it('a key that may only send events cannot sign in', async () => {
    const key = await world.makeKey('ingest');
    const response = await world.ask('POST /api/v1/session', { key: undefined, body: { key: key.text } });
    expect(response.statusCode).toBe(403);
  });

  it('the answer to a new key is the only one that shows it, and the database has only a hash', async () => {
    const made = await world.ask('POST /api/v1/keys', { body: { name: 'ci', role: 'viewer', expiresIn: '90d' } });
    const { secret, key } = made.json() as { secret: string; key: { id: string; expiresAt: string } };
    expect(secret).toMatch(/^wk_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/);
    expect(Date.parse(key.expiresAt) - Date.now()).toBeGreaterThan(89 * 86_400_000);
    const list = (await world.ask('GET /api/v1/keys')).body;
    const rows = JSON.stringify(await world.store.db.selectFrom('api_keys').selectAll().execute());
    const part = secret.split('_')[2] as string;
    expect(list.includes(part) || rows.includes(part)).toBe(false);
  });
});
