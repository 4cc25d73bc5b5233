import { type StatsdMetric, statsdDatagrams, writeStatsd } from '@watchkeeper/formats';
import type { OutgoingEvent, Written } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { hostName, portNumber } from '../option-fields.ts';
import { allLabels, measuredValues } from '../plain-event.ts';
import { sendTcp } from '../send-tcp.ts';
import { defineSinkType, type SinkContext } from '../sink-context.ts';

const Options = Type.Object(
  {
    host: hostName(),
    port: portNumber(8125),
    protocol: Type.Unsafe<'udp' | 'tcp'>(
      Type.Union([Type.Literal('udp'), Type.Literal('tcp')], {
        title: 'Protocol',
        description: 'With udp nobody says what arrives; tcp loses nothing',
        default: 'udp',
      }),
    ),
    prefix: Type.String({ title: 'Prefix', description: 'Put before every name', maxLength: 200, default: '' }),
    tags: Type.Boolean({ title: 'DogStatsD tags', description: 'Write labels as tags', default: false }),
    datagramBytes: Type.Integer({
      title: 'Bytes of a datagram',
      description: 'Most that goes into one; 1432 fits every Ethernet',
      minimum: 128,
      maximum: 8192,
      default: 1432,
    }),
  },
  { additionalProperties: false },
);

export default defineSinkType({
  name: 'statsd',
  summary:
    'Sends events to a StatsD server: a counter per event, a timer per value in milliseconds, gauges for the others.',
  options: Options,
  open: (options, context) => ({
    write: async ({ events }, signal) => {
      const lines = events.flatMap((event) => linesOf(event, options));
      if (lines.length === 0) return { ok: true, refused: [] };
      return options.protocol === 'udp'
        ? sendDatagrams(lines, options, context, signal)
        : sendTcp(`${lines.join('\n')}\n`, options, context, signal);
    },
    close: async () => undefined,
  }),
});

function linesOf(event: OutgoingEvent, { prefix, tags }: Static<typeof Options>): string[] {
  const name = `${prefix}${event.series.name}`;
  const labels = tags ? { tags: allLabels(event) } : {};
  const metrics: StatsdMetric[] = [
    { name: `${name}.events`, value: 1, type: 'c', ...labels },
    ...measuredValues(event).map(
      ([value, measured]): StatsdMetric => ({
        name: `${name}.${value}`,
        value: measured,
        type: value.endsWith('Ms') && measured >= 0 ? 'ms' : 'g',
        ...labels,
      }),
    ),
  ];
  return metrics.flatMap(writeStatsd);
}

async function sendDatagrams(
  lines: readonly string[],
  { host, port, datagramBytes }: Static<typeof Options>,
  { egress, timeoutMs }: SinkContext,
  signal: AbortSignal,
): Promise<Written> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const way = await egress.datagrams({ host, port, signal: deadline });
  if (!way.ok) return { ok: false, error: `${host}:${port}: ${way.message}` };
  try {
    for (const datagram of statsdDatagrams(lines, datagramBytes)) await way.send(datagram);
    return { ok: true, refused: [] };
  } catch (error) {
    return { ok: false, error: `${host}:${port} did not take a datagram (${(error as Error).message})` };
  } finally {
    way.close();
  }
}
