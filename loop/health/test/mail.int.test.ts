import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import email from '../src/channels/email.ts';
import type { MailServer } from '../src/index.ts';
import { aContext, aNotification } from './channel-world.ts';

/** Nobody vouches for it but an authority that only tests know. */
const certificate = {
  key: readFileSync(new URL('../../../foundation/guard/test/certificates/good.key', import.meta.url)),
  cert: readFileSync(new URL('../../../foundation/guard/test/certificates/good.pem', import.meta.url)),
};
const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** A mail server that keeps what it takes; returns the settings to reach it. */
async function openMailServer(options: SMTPServerOptions = {}) {
  const mails: string[] = [];
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS'] },
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (part: Buffer) => {
        text += part.toString();
      });
      stream.on('end', () => {
        mails.push(text);
        done();
      });
    },
    ...options,
  });
  // A client that gives up during the handshake is what some of these tests are about.
  server.on('error', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  toClose.push(() => new Promise<void>((done) => server.close(done)));
  const { port } = server.server.address() as AddressInfo;
  const mail: MailServer = { host: '127.0.0.1', port, secure: options.secure === true, from: 'wk@example.org' };
  return { mails, mail };
}
const to = ['a@example.org'];

describe('A mail', () => {
  it('has the same identifier at every attempt, so that nobody gets it twice', async () => {
    const { mails, mail } = await openMailServer();
    for (const _attempt of [1, 2]) await email.send(aNotification(), { to }, aContext({ mail }));
    await email.send(aNotification(), { to }, aContext({ mail, deliveryId: 'd2' }));
    const identifiers = mails.map((text) => /^Message-ID: (.+)\r$/m.exec(text)?.[1]);
    expect(identifiers).toEqual(['<d1@example.org>', '<d1@example.org>', '<d2@example.org>']);
  });

  it('that some receivers are refused is sent to the others, and says who was refused', async () => {
    const { mails, mail } = await openMailServer({
      onRcptTo: ({ address }, _session, done) =>
        address.startsWith('nobody') ? done(Object.assign(new Error('no mailbox'), { responseCode: 550 })) : done(),
    });
    const sent = await email.send(aNotification(), { to: [...to, 'nobody@example.org'] }, aContext({ mail }));
    expect(sent).toMatchObject({ ok: true, answer: expect.stringContaining('it refused nobody@example.org') });
    expect(mails.length).toBe(1);
  });

  it('is not sent to a server whose certificate nobody vouches for', async () => {
    const { mails, mail } = await openMailServer({ secure: true, ...certificate });
    const sent = await email.send(aNotification(), { to }, aContext({ mail }));
    expect(sent).toMatchObject({ ok: false, isFinal: false, error: expect.stringContaining('certificate') });
    expect(mails).toEqual([]);
  });

  it('is not sent over a connection whose encryption nobody vouches for', async () => {
    const { mails, mail } = await openMailServer({ disabledCommands: [], ...certificate });
    const sent = await email.send(aNotification(), { to }, aContext({ mail }));
    expect(sent).toMatchObject({ ok: false, isFinal: false, error: expect.stringContaining('certificate') });
    expect(mails).toEqual([]);
  });

  it('to a server that answers every step slowly is broken off at the deadline', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      // Never silent for long, and never done: a greeting of many lines.
      const dripping = setInterval(() => socket.write('220-one moment\r\n'), 20);
      socket.on('close', () => clearInterval(dripping));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    toClose.push(() => new Promise((done) => server.close(done)));
    const mail = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, secure: false, from: 'wk@x.org' };
    const startedMs = performance.now();
    const sent = await email.send(aNotification(), { to }, aContext({ mail, timeoutMs: 300 }));
    expect(sent).toMatchObject({ ok: false, isFinal: false, error: expect.stringContaining('within 300 ms') });
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(sockets.length).toBe(1);
  });
});
