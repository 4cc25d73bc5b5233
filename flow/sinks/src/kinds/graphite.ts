import { writeGraphite } from '@watchkeeper/formats';
import type { OutgoingEvent } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { hostName, portNumber } from '../option-fields.ts';
import { allLabels, measuredValues } from '../plain-event.ts';
import { sendTcp } from '../send-tcp.ts';
import { defineSinkType } from '../sink-context.ts';

const Options = Type.Object(
  {
    host: hostName(),
    port: portNumber(2003),
    prefix: Type.String({ title: 'Prefix', description: 'Put before every path', maxLength: 200, default: '' }),
    tags: Type.Boolean({ title: 'Tags', description: 'Write labels as tags (Graphite 1.1 and newer)', default: false }),
  },
  { additionalProperties: false },
);

export default defineSinkType({
  name: 'graphite',
  summary: 'Sends values to Graphite in plain text, by whole seconds; the last value of a second stays.',
  options: Options,
  open: (options, context) => ({
    write: async ({ events }, signal) => {
      const text = events.map((event) => linesOf(event, options)).join('');
      return text === '' ? { ok: true, refused: [] } : sendTcp(text, options, context, signal);
    },
    close: async () => undefined,
  }),
});

function linesOf(event: OutgoingEvent, { prefix, tags }: Static<typeof Options>): string {
  const timeMs = event.timeUs / 1000;
  const labels = tags ? { tags: allLabels(event) } : {};
  return measuredValues(event)
    .map(([name, value]) => writeGraphite({ path: `${prefix}${event.series.name}.${name}`, value, timeMs, ...labels }))
    .join('');
}
