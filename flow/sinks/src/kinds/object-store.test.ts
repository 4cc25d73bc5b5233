import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type S3, startS3 } from '../../../../scripts/servers/s3.ts';
import { aBatch, aContext, someEvents } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import type { PlainEvent } from '../plain-event.ts';
import { signRequest } from '../sign-request.ts';
import objectStore from './object-store.ts';

const never = new AbortController().signal;
let s3: S3;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

/** Asks the store as its own clients do. */
async function asked(path: string): Promise<Buffer> {
  const url = new URL(path, s3.url);
  const { accessKey, secretKey } = s3;
  const headers = signRequest({
    ...{ method: 'GET', url, body: new Uint8Array(), accessKey, secretKey, region: 'us-east-1', service: 's3' },
    nowMs: Date.now(),
  });
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

/** A folder of its own in the store. */
async function openTarget() {
  const prefix = `${crypto.randomUUID()}/`;
  const names = async () => {
    const list = await asked(`/${s3.bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`);
    return [...list.toString().matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, name = '']) => name);
  };
  const events = async () => {
    const bodies = await Promise.all((await names()).map((name) => asked(`/${s3.bucket}/${name}`)));
    return bodies
      .flatMap((body) => gunzipSync(body).toString().split('\n').filter(Boolean))
      .map((line) => JSON.parse(line) as PlainEvent);
  };
  const credential = () => ({ username: s3.accessKey, password: s3.secretKey });
  return {
    ...{ names, events, prefix, context: { credential } },
    options: { url: s3.url, bucket: s3.bucket, region: 'us-east-1', prefix, bucketInHost: false, credential: 'c' },
    values: async () => (await events()).flatMap(({ values }) => values.durationMs ?? []),
    goAway: s3.pause,
    comeBack: s3.start,
    close: async () => undefined,
  };
}

describeSinkContract(objectStore, { openTarget, sentTwice: 'once' });

it('Objects stand in folders by the hour of their events', async () => {
  const target = await openTarget();
  const sink = objectStore.open(target.options, aContext(target.context));
  const at = (text: string, value: number) => ({ ...someEvents(1, value)[0], timeUs: Date.parse(text) * 1000 });
  const events = [at('2026-11-21T07:59:59Z', 1), at('2026-11-21T08:00:00Z', 2), at('2026-11-21T07:00:00Z', 3)];
  await sink.write(aBatch(events as never, { partition: 3, epoch: 12, firstSeq: 40 }), never);
  expect((await target.names()).map((name) => name.slice(target.prefix.length))).toEqual([
    '2026/11/21/07/12-3-000000000000040.ndjson.gz',
    '2026/11/21/08/12-3-000000000000041.ndjson.gz',
  ]);
});

it('A batch that is cut differently after a crash leaves every event once', async () => {
  const target = await openTarget();
  const sink = objectStore.open(target.options, aContext(target.context));
  const hour = 3_600_000_000;
  // The hours go to and fro, as those of late events do.
  const events = someEvents(40).map((event, place) => ({ ...event, timeUs: event.timeUs - (place % 3) * hour }));
  const part = (start: number, end: number) => aBatch(events.slice(start, end), { firstSeq: start + 1 });
  // The first attempt had 25 events and nobody noted it; the second cuts after 10.
  await sink.write(part(0, 25), never);
  await sink.write(part(0, 10), never);
  await sink.write(part(10, 40), never);
  expect((await target.values()).toSorted((a, b) => a - b)).toEqual(events.map(({ values }) => values[0]));
});

it('A wrong key is for somebody to mend: nothing is lost for it', async () => {
  const target = await openTarget();
  const credential = () => ({ username: 'WRONG', password: s3.secretKey });
  const sink = objectStore.open(target.options, aContext({ credential }));
  expect(await sink.write(aBatch(someEvents(1)), never)).toMatchObject({
    ok: false,
    error: expect.stringMatching(/answered 403: .*InvalidAccessKeyId/),
  });
});
