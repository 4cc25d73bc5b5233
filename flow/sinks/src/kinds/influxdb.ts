import { writeLine } from '@watchkeeper/formats';
import type { Credential, OutgoingBatch, OutgoingEvent, RefusedEvent, Written } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { credentialName, httpAddress } from '../option-fields.ts';
import { allLabels, measuredValues } from '../plain-event.ts';
import { authorizationOf, type HttpSent, noCredential, sendHttp, sendInHalves } from '../send-http.ts';
import { defineSinkType, type SinkContext } from '../sink-context.ts';

const name = (title: string, description: string) =>
  Type.Optional(Type.String({ title, description, minLength: 1, maxLength: 200 }));

const Options = Type.Object(
  {
    url: httpAddress('Address', 'Of the server: http://influxdb.example:8086'),
    version: Type.Unsafe<'1' | '2'>(
      Type.Union([Type.Literal('1'), Type.Literal('2')], {
        title: 'Version',
        description: '1 writes to /write, 2 to /api/v2/write',
        default: '1',
      }),
    ),
    database: name('Database', 'Of version 1'),
    retentionPolicy: name('Retention policy', 'Of version 1; the default one when left out'),
    org: name('Organisation', 'Of version 2'),
    bucket: name('Bucket', 'Of version 2'),
    credential: credentialName('Name of a credential in the settings: user and password, or token'),
  },
  { additionalProperties: false },
);

export default defineSinkType({
  name: 'influxdb',
  summary: 'Writes events to InfluxDB as line protocol; two calls in one instant stay two points.',
  options: Options,
  countsRepeats: true,
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
  const { credential } = options;
  const found = credential === undefined ? undefined : context.credential(credential);
  if (credential !== undefined && found === undefined) return noCredential(credential);
  const url = addressOf(options);
  if (url === undefined) {
    return {
      ok: false,
      error: `version ${options.version} needs ${options.version === '1' ? 'a database' : 'org and bucket'}`,
    };
  }
  const lines = new Map(batch.events.map((event) => [event, lineOf(event, batch)]));
  const without: RefusedEvent[] = batch.events.flatMap((event, index) =>
    lines.get(event) === undefined
      ? [{ index, reason: 'the line protocol has no way to write it: it has no name' }]
      : [],
  );
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...authorization(found, options.version) };
  const written = await sendInHalves(batch.events, async (part): Promise<HttpSent> => {
    const body = part.flatMap((event) => lines.get(event) ?? []).join('\n');
    if (body === '') return { kind: 'taken', body: Buffer.alloc(0), headers: {} };
    return sendHttp({ method: 'POST', url, headers, body }, context, signal);
  });
  return written.ok ? { ok: true, refused: [...without, ...written.refused] } : written;
}

function addressOf({ url, version, database, retentionPolicy, org, bucket }: Static<typeof Options>) {
  const base = url.replace(/\/+$/, '');
  const asked = (path: string, query: Record<string, string>) => `${base}${path}?${new URLSearchParams(query)}`;
  if (version === '2') {
    if (org === undefined || bucket === undefined) return undefined;
    return asked('/api/v2/write', { org, bucket, precision: 'ns' });
  }
  if (database === undefined) return undefined;
  return asked('/write', {
    db: database,
    precision: 'ns',
    ...(retentionPolicy === undefined ? {} : { rp: retentionPolicy }),
  });
}

function authorization(credential: Credential | undefined, version: '1' | '2') {
  if (credential === undefined) return {};
  const { token } = credential;
  return version === '2' && token !== undefined ? { authorization: `Token ${token}` } : authorizationOf(credential);
}

/** Partitions that a log may have. A number that never changes, or two events could get one timestamp. */
const mostPartitions = 64;

/**
 * A line whose series and timestamp no other event has, the same at every attempt, so that what is sent twice is one
 * point and two calls in one instant are two. Partition and repetition go into the nanoseconds where the event has
 * none of its own and they have room; otherwise into the tag `event`.
 */
function lineOf(event: OutgoingEvent, { partition }: OutgoingBatch): string | undefined {
  const { series, timeUs, timeNs, repeats, detail } = event;
  const shiftNs = repeats * mostPartitions + partition;
  const isShifted = timeNs === 0 && shiftNs < 1000;
  const tags = allLabels(event);
  if (!isShifted) tags.event = repeats === 0 ? String(partition) : `${partition}.${repeats}`;
  const fields: Record<string, number | bigint | string | boolean> = {};
  for (const [key, value] of Object.entries(detail ?? {}))
    if (typeof value === 'string' || typeof value === 'boolean') fields[key] = value;
  // A field named `time` is dropped by the server, and a tag of the same name would hide a field in questions.
  for (const [key, value] of measuredValues(event)) fields[key === 'time' ? 'time_' : key] = value;
  fields.events = 1n;
  return writeLine({ measurement: series.name, tags, fields, timeUs, timeNs: isShifted ? shiftNs : timeNs });
}
