import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aContext, aNotification } from '../../test/channel-world.ts';
import webhook from './webhook.ts';

let server: Server;
let url: string;
let status = 200;
let taken: { headers: IncomingHttpHeaders; body: unknown } | undefined;
beforeEach(async () => {
  status = 200;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      taken = { headers: request.headers, body: JSON.parse(body) };
      response.writeHead(status, status === 302 ? { location: 'http://169.254.169.254/' } : {}).end('said so');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
});
afterEach(() => new Promise((done) => server.close(done)));

describe('A webhook', () => {
  it('gets the notification as JSON, its own headers, the credential and an identifier to drop repetitions by', async () => {
    const context = aContext({ credential: () => ({ token: 'secret' }) });
    const sent = await webhook.send(aNotification(), { url, headers: { 'x-team': 'web' }, credential: 'c' }, context);
    expect(sent).toMatchObject({ ok: true });
    expect(taken?.body).toEqual(aNotification());
    expect(taken?.headers).toMatchObject({
      'x-team': 'web',
      authorization: 'Bearer secret',
      'x-watchkeeper-delivery': 'd1',
      'content-type': 'application/json',
    });
  });
  it.each([
    [503, false],
    [429, false],
    [404, true],
    [302, true],
  ])('that answers %i is a failure; for good: %s', async (answer, isFinal) => {
    status = answer;
    expect(await webhook.send(aNotification(), { url, headers: {} }, aContext())).toMatchObject({ ok: false, isFinal });
  });
  it('that nobody listens at, or with a credential that is not there, is tried again', async () => {
    expect(await webhook.send(aNotification(), { url: 'http://127.0.0.1:9/', headers: {} }, aContext())).toMatchObject({
      ok: false,
      isFinal: false,
    });
    expect(await webhook.send(aNotification(), { url, headers: {}, credential: 'none' }, aContext())).toMatchObject({
      ok: false,
      isFinal: false,
    });
  });
});
