import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { OutgoingBatch, OutgoingEvent, Written } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { httpAddress } from '../option-fields.ts';
import { plainEvent } from '../plain-event.ts';
import { noCredential, sendHttp } from '../send-http.ts';
import { encodedPath, signRequest } from '../sign-request.ts';
import { defineSinkType, type SinkContext } from '../sink-context.ts';

const compress = promisify(gzip);

const Options = Type.Object(
  {
    url: httpAddress('Address', 'Of the S3-compatible store: https://s3.eu-central-1.amazonaws.com'),
    bucket: Type.String({ title: 'Bucket', pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' }),
    region: Type.String({ title: 'Region', pattern: '^[A-Za-z0-9-]{1,60}$', default: 'us-east-1' }),
    prefix: Type.String({
      title: 'Prefix',
      description: 'Put before every name: `watchkeeper/`',
      maxLength: 300,
      pattern: '^([A-Za-z0-9._=-]+/?)*$',
      default: '',
    }),
    bucketInHost: Type.Boolean({
      title: 'Bucket in the host name',
      description: 'Ask https://bucket.host instead of https://host/bucket',
      default: false,
    }),
    credential: Type.String({
      title: 'Credential',
      description: 'Name of a credential in the settings: user is the access key, password the secret key',
      minLength: 1,
      maxLength: 63,
    }),
  },
  { additionalProperties: false },
);

export default defineSinkType({
  name: 'object-store',
  summary: 'Puts events into an S3-compatible store as compressed NDJSON, in folders by hour.',
  options: Options,
  open: (options, context) => ({
    write: (batch, signal) => write(batch, options, context, signal),
    close: async () => undefined,
  }),
});

async function write(
  batch: OutgoingBatch,
  options: Static<typeof Options>,
  context: SinkContext,
  signal: AbortSignal,
): Promise<Written> {
  const { username: accessKey, password: secretKey } = context.credential(options.credential) ?? {};
  if (accessKey === undefined || secretKey === undefined) return noCredential(options.credential);
  for (const [hour, group] of Map.groupBy(batch.events.entries(), ([, event]) => hourOf(event))) {
    const [[first]] = group as [[number, OutgoingEvent]];
    const url = addressOf(options, [...hour.split('/'), nameOf(batch, first)]);
    const text = group.map(([, event]) => `${JSON.stringify(plainEvent(event))}\n`).join('');
    const body = await compress(text);
    const nowMs = context.clock.wallMs();
    const headers = signRequest({
      ...{ method: 'PUT', url, body, accessKey, secretKey, region: options.region, service: 's3', nowMs },
    });
    const sent = await sendHttp(
      { method: 'PUT', url: url.href, headers: { ...headers, 'content-type': 'application/gzip' }, body },
      context,
      signal,
    );
    // What a store refuses is never the fault of an event.
    if (sent.kind !== 'taken') return { ok: false, error: sent.kind === 'away' ? sent.error : sent.reason };
  }
  return { ok: true, refused: [] };
}

/** `2026/11/21/07`, UTC. */
const hourOf = ({ timeUs }: OutgoingEvent) =>
  new Date(timeUs / 1000).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');

/**
 * Named by the first event in it: a batch that is sent again after a crash begins with the same event, so its objects
 * replace those of the first attempt, however many events it has then.
 */
function nameOf({ epoch, partition, firstSeq }: OutgoingBatch, place: number): string {
  return `${epoch}-${partition}-${String(firstSeq + place).padStart(15, '0')}.ndjson.gz`;
}

function addressOf({ url, bucket, prefix, bucketInHost }: Static<typeof Options>, names: readonly string[]): URL {
  const base = new URL(url);
  const path = [...prefix.split('/').filter((part) => part !== ''), ...names];
  if (bucketInHost) base.host = `${bucket}.${base.host}`;
  return new URL(`${base.origin}${encodedPath(bucketInHost ? path : [bucket, ...path])}`);
}
