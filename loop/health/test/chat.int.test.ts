import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import slack from '../src/channels/slack.ts';
import webhook from '../src/channels/webhook.ts';
import { aContext, aNotification } from './channel-world.ts';
import { openRecorder, type Recorder } from './recorder.ts';

let recorder: Recorder;
beforeEach(async () => {
  recorder = await openRecorder();
});
afterEach(() => recorder.close());

const textOf = (): string[] => {
  const { text = '' } = (recorder.requests[0]?.body ?? {}) as { text?: string };
  return text.split('\n');
};

describe('A Slack-compatible channel', () => {
  it('finds its address, which is a secret, in a credential', async () => {
    const credential = (name: string) => (name === 'chat' ? { token: recorder.url } : undefined);
    expect(await slack.send(aNotification(), { credential: 'chat' }, aContext({ credential }))).toMatchObject({
      ok: true,
    });
    expect(textOf()[0]).toBe('*shop in production has failed*');
    expect(await slack.send(aNotification(), { credential: 'none' }, aContext({ credential }))).toMatchObject({
      ok: false,
      isFinal: false,
      error: expect.stringContaining('"none"'),
    });
  });

  it('never says the path of its address, which is a secret, when it fails', async () => {
    const url = 'http://127.0.0.1:9/services/T0/B0/secret';
    const sent = await slack.send(aNotification(), { url }, aContext());
    expect(sent).toMatchObject({ ok: false });
    expect(JSON.stringify(sent)).not.toContain('secret');
  });

  it('shows at most twenty alerts and counts the rest', async () => {
    const [alert] = aNotification().alerts;
    const alerts = Array.from({ length: 50 }, () => alert as NonNullable<typeof alert>);
    await slack.send(aNotification({ alerts }), { url: recorder.url }, aContext());
    expect(textOf().length).toBe(1 + 20 + 2);
    expect(textOf()).toContain('… and 30 more');
  });
});

describe('A webhook', () => {
  it('gets each header once, whatever case it is written in, and never without the credential', async () => {
    const headers = { 'Content-Type': 'application/vnd.example+json', Authorization: 'mine', 'X-Team': 'web' };
    const context = aContext({ credential: () => ({ username: 'wk', password: 'right' }) });
    expect(await webhook.send(aNotification(), { url: recorder.url, headers, credential: 'c' }, context)).toMatchObject(
      { ok: true },
    );
    expect(recorder.requests[0]?.headers).toMatchObject({
      'content-type': 'application/vnd.example+json',
      'x-team': 'web',
      authorization: `Basic ${Buffer.from('wk:right').toString('base64')}`,
    });
  });
});
