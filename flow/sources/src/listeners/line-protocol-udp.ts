import { LineParser, type Precision, precisions } from '@watchkeeper/formats';
import { Type } from 'typebox';
import { HeldPort } from '../listening/held-port.ts';
import { defineListener } from '../listening/listener-type.ts';
import { hostAddress, isEnabled, portNumber, receiveBuffer } from '../listening/option-fields.ts';
import { openUdpPort } from '../listening/udp-port.ts';

const Options = Type.Object(
  {
    enabled: isEnabled(),
    host: hostAddress(),
    port: portNumber(8089),
    precision: Type.Unsafe<Precision>(
      Type.Union(
        precisions.map((name) => Type.Literal(name)),
        { description: 'Unit of the times in lines', default: 'ns' },
      ),
    ),
    receiveBufferBytes: receiveBuffer(),
  },
  { additionalProperties: false },
);

/** Series that are found again by the bytes of their lines. */
const keptSeries = 100_000;
/** More than a datagram has. */
const allLines = 65_536;

export default defineListener({
  name: 'line-protocol-udp',
  summary: 'Takes line protocol of InfluxDB over UDP: every line is an event.',
  options: Options,
  async open({ host, port, precision, receiveBufferBytes }, { origin: context, outlet, counts, clock, logger }) {
    const parser = new LineParser(keptSeries);
    const onDatagram = (datagram: Buffer) => {
      const receivedUs = Math.floor(clock.wallMs() * 1000);
      const reading = parser.open(datagram, { context, precision, receivedUs });
      reading.read(allLines);
      counts.lines += reading.events.length;
      for (const event of reading.events) outlet.add(event);
      for (const { reason, text } of reading.badLines) counts.bad(reason, text);
      const untold = reading.badCount - reading.badLines.length;
      if (untold > 0) counts.bad('more such lines', '', untold);
    };
    const place = { protocol: 'udp', host, port, setting: 'listeners.line-protocol-udp' } as const;
    const open = () => openUdpPort({ host, port, receiveBufferBytes, counts, onDatagram });
    const held = await new HeldPort({ ...place, clock, logger, open }).start();
    return {
      places: () => (held.place === undefined ? [] : [held.place]),
      close: () => held.close(),
    };
  },
});
