import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aContext, aNotification } from '../../test/channel-world.ts';
import slack from './slack.ts';

let server: Server;
let taken = '';
beforeEach(async () => {
  server = createServer((request, response) => {
    taken = '';
    request.on('data', (part) => {
      taken += part;
    });
    request.on('end', () => response.end('ok'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => new Promise((done) => server.close(done)));

describe('A Slack-compatible channel', () => {
  it('gets a message with a line per alert, in which nothing of a target can become a link', async () => {
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/services/x`;
    expect(await slack.send(aNotification(), { url }, aContext())).toMatchObject({ ok: true });
    const { text } = JSON.parse(taken) as { text: string };
    expect(text.split('\n')).toEqual([
      '*shop in production has failed*',
      '• *shop* in production: Failed – answered 503 &amp; &lt;more&gt;',
      '<http://wk.test/|Open Watchkeeper>',
    ]);
  });
});
