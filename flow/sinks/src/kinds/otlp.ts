import { gzipSync } from 'node:zlib';
import { type OtlpMetric, type OtlpPoint, otlpJson, otlpProtobuf, readOtlpAnswer } from '@watchkeeper/formats';
import type { OutgoingBatch, OutgoingEvent, RefusedEvent, Written } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { credentialName, httpAddress, httpHeaders, lowerCased } from '../option-fields.ts';
import { allLabels, measuredValues } from '../plain-event.ts';
import { authorizationOf, noCredential, sendHttp, sendInHalves } from '../send-http.ts';
import { defineSinkType, type SinkContext } from '../sink-context.ts';

const Options = Type.Object(
  {
    url: httpAddress('Address', 'Of the receiver of metrics: http://collector.example:4318/v1/metrics'),
    encoding: Type.Unsafe<'protobuf' | 'json'>(
      Type.Union([Type.Literal('protobuf'), Type.Literal('json')], { title: 'Encoding', default: 'protobuf' }),
    ),
    headers: httpHeaders(),
    credential: credentialName('Name of a credential in the settings: user and password (Basic) or token (Bearer)'),
  },
  { additionalProperties: false },
);

export default defineSinkType({
  name: 'otlp',
  summary: 'Sends events as metrics of OpenTelemetry over HTTP: a gauge per value and a sum that counts events.',
  options: Options,
  open: (options, context) => ({
    write: (batch, signal) => write(batch, options, context, signal),
    close: async () => undefined,
  }),
});

async function write(
  { events }: OutgoingBatch,
  { url, encoding, headers, credential }: Static<typeof Options>,
  context: SinkContext,
  signal: AbortSignal,
): Promise<Written> {
  const found = credential === undefined ? undefined : context.credential(credential);
  if (credential !== undefined && found === undefined) return noCredential(credential);
  const isJson = encoding === 'json';
  const rejected: RefusedEvent[] = [];
  const written = await sendInHalves(events, async (part, start) => {
    const metrics = metricsOf(part);
    const resource = { 'service.name': 'watchkeeper', 'watchkeeper.sink': context.sink };
    const body = isJson ? otlpJson(metrics, resource) : otlpProtobuf(metrics, resource);
    const sent = await sendHttp(
      {
        method: 'POST',
        url,
        headers: {
          ...lowerCased(headers),
          ...(found === undefined ? {} : authorizationOf(found)),
          'content-type': isJson ? 'application/json' : 'application/x-protobuf',
          'content-encoding': 'gzip',
        },
        body: gzipSync(body),
      },
      context,
      signal,
    );
    if (sent.kind === 'taken')
      rejected.push(...partlyRejected(start, part, readOtlpAnswer(sent.body, answersInJson(sent.headers, isJson))));
    return sent;
  });
  return written.ok ? { ok: true, refused: [...written.refused, ...rejected] } : written;
}

const answersInJson = (headers: Readonly<Record<string, string>>, asked: boolean) =>
  headers['content-type'] === undefined ? asked : headers['content-type'].includes('json');

/** The protocol tells how many points were rejected and not which: events are named in their place, as many as these can be. */
function partlyRejected(
  start: number,
  part: readonly OutgoingEvent[],
  { rejectedPoints, message }: { readonly rejectedPoints: number; readonly message: string },
): RefusedEvent[] {
  if (rejectedPoints <= 0) return [];
  const count = Math.min(part.length, rejectedPoints);
  const reason = `${rejectedPoints} points of ${part.length} events from ${part[0]?.id} to ${part.at(-1)?.id} were rejected, it is not said which: ${message}`;
  return Array.from({ length: count }, (_, place) => ({ index: start + place, reason }));
}

function metricsOf(events: readonly OutgoingEvent[]): OtlpMetric[] {
  const metrics = new Map<string, OtlpMetric & { readonly points: OtlpPoint[] }>();
  const add = (name: string, kind: OtlpMetric['kind'], unit: string, point: OtlpPoint) => {
    const metric = metrics.get(name) ?? { name, kind, unit, points: [] };
    metrics.set(name, metric);
    metric.points.push(point);
  };
  for (const event of events) {
    const { name } = event.series;
    const attributes = allLabels(event);
    const timeNs = BigInt(event.timeUs) * 1000n + BigInt(event.timeNs);
    add(`${name}.events`, 'delta', '{event}', { attributes, timeNs, value: 1 });
    for (const [value, measured] of measuredValues(event))
      add(`${name}.${value}`, 'gauge', unitOf(value), { attributes, timeNs, value: measured });
  }
  return [...metrics.values()];
}

/** The unit that stands at the end of the name of a value, as UCUM writes it. */
function unitOf(name: string): string {
  if (name.endsWith('Ms')) return 'ms';
  if (name.endsWith('Bytes')) return 'By';
  return name.endsWith('Ratio') ? '1' : '';
}
