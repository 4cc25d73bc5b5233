import { type RemoteSample, remoteSeriesKey, remoteWriteBody, remoteWriteHeaders } from '@watchkeeper/formats';
import type { OutgoingBatch, OutgoingEvent, RefusedEvent, Written } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { credentialName, httpAddress, httpHeaders, lowerCased } from '../option-fields.ts';
import { allLabels, measuredValues } from '../plain-event.ts';
import { authorizationOf, noCredential, sendHttp, sendInHalves } from '../send-http.ts';
import { defineSinkType, type SinkContext } from '../sink-context.ts';

const Options = Type.Object(
  {
    url: httpAddress('Address', 'Of the receiver: http://prometheus.example:9090/api/v1/write'),
    prefix: Type.String({ title: 'Prefix', description: 'Put before every name', maxLength: 100, default: '' }),
    headers: httpHeaders(),
    credential: credentialName('Name of a credential in the settings: user and password (Basic) or token (Bearer)'),
  },
  { additionalProperties: false },
);

export default defineSinkType({
  name: 'prometheus-remote-write',
  summary: 'Writes values as samples to Prometheus or another receiver of remote write; made for rollups.',
  options: Options,
  open: (options, context) => ({
    write: (batch, signal) => write(batch, options, context, signal),
    close: async () => undefined,
  }),
});

async function write(
  { events }: OutgoingBatch,
  { url, prefix, headers, credential }: Static<typeof Options>,
  context: SinkContext,
  signal: AbortSignal,
): Promise<Written> {
  const found = credential === undefined ? undefined : context.credential(credential);
  if (credential !== undefined && found === undefined) return noCredential(credential);
  const sent = {
    ...lowerCased(headers),
    ...(found === undefined ? {} : authorizationOf(found)),
    ...remoteWriteHeaders,
  };
  const taken = new Set<string>();
  const samples = new Map<OutgoingEvent, readonly RemoteSample[]>();
  const crowded: RefusedEvent[] = [];
  for (const [index, event] of events.entries()) {
    const own = samplesOf(event, prefix);
    const keys = own.map((sample) => `${remoteSeriesKey(sample)} ${sample.timeMs}`);
    if (keys.some((key) => taken.has(key))) {
      crowded.push({ index, reason: 'Prometheus holds one sample per series and millisecond; there is one already' });
      continue;
    }
    for (const key of keys) taken.add(key);
    samples.set(event, own);
  }
  const written = await sendInHalves(events, async (part) => {
    const all = part.flatMap((event) => samples.get(event) ?? []);
    if (all.length === 0) return { kind: 'taken', body: Buffer.alloc(0), headers: {} };
    return sendHttp({ method: 'POST', url, headers: sent, body: remoteWriteBody(all) }, context, signal);
  });
  return written.ok ? { ok: true, refused: [...crowded, ...written.refused] } : written;
}

function samplesOf(event: OutgoingEvent, prefix: string): RemoteSample[] {
  const labels = allLabels(event);
  const timeMs = Math.floor(event.timeUs / 1000);
  return measuredValues(event).map(([name, value]) => ({
    name: `${prefix}${event.series.name}_${name}`,
    ...{ labels, timeMs, value },
  }));
}
