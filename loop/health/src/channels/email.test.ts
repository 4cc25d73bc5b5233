import { openEgress } from '@watchkeeper/guard';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aContext, aNotification } from '../../test/channel-world.ts';
import email from './email.ts';

let server: SMTPServer;
let port = 0;
let mails: { to: string[]; text: string }[] = [];
beforeEach(async () => {
  mails = [];
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'wk' && password === 'right' ? done(null, { user: 'wk' }) : done(new Error('wrong password')),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('nobody') ? done(Object.assign(new Error('no such mailbox'), { responseCode: 550 })) : done(),
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (part: Buffer) => {
        text += part.toString();
      });
      stream.on('end', () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.server.address() as { port: number }).port;
});
afterEach(() => new Promise<void>((done) => server.close(done)));

const mail = (over = {}) => ({ host: '127.0.0.1', port, secure: false, from: 'wk@example.org', ...over });

describe('A mail channel', () => {
  it('sends one mail with what is wrong to everybody', async () => {
    const context = aContext({ mail: mail({ username: 'wk', password: 'right' }) });
    expect(await email.send(aNotification(), { to: ['a@example.org', 'b@example.org'] }, context)).toMatchObject({
      ok: true,
    });
    expect(mails[0]?.to).toEqual(['a@example.org', 'b@example.org']);
    expect(mails[0]?.text).toContain('Subject: [Watchkeeper] shop in production has failed');
    expect(mails[0]?.text).toContain('X-Watchkeeper-Delivery: d1');
    expect(mails[0]?.text).toContain('- Home page: Failed, answered 503');
  });
  it('says what is wrong with the mail server, and whether trying again can help', async () => {
    const refused = await email.send(aNotification(), { to: ['nobody@example.org'] }, aContext({ mail: mail() }));
    expect(refused).toMatchObject({ ok: false, isFinal: true });
    const wrong = await email.send(
      aNotification(),
      { to: ['a@example.org'] },
      aContext({ mail: mail({ username: 'wk', password: 'wrong' }) }),
    );
    expect(wrong).toMatchObject({ ok: false, isFinal: false });
    expect(wrong.ok || wrong.error).not.toContain('wrong:');
    const down = await email.send(aNotification(), { to: ['a@example.org'] }, aContext({ mail: mail({ port: 9 }) }));
    expect(down).toMatchObject({ ok: false, isFinal: false });
    const none = await email.send(aNotification(), { to: ['a@example.org'] }, aContext());
    expect(none).toMatchObject({ ok: false, error: expect.stringContaining('mail.host') });
  });
  it('connects only where connections may go', async () => {
    const egress = openEgress({ policy: { private: 'deny', allow: [], deny: [] } });
    const sent = await email.send(aNotification(), { to: ['a@example.org'] }, aContext({ mail: mail(), egress }));
    expect(sent).toMatchObject({ ok: false, error: expect.stringContaining('127.0.0.1') });
    expect(mails).toEqual([]);
  });
});
