import { readGraphiteLine, readGraphitePath, seriesOf } from '@watchkeeper/formats';
import type { Series } from '@watchkeeper/model';
import { Type } from 'typebox';
import { HeldPort } from '../listening/held-port.ts';
import { defineListener } from '../listening/listener-type.ts';
import { connectionBounds, hostAddress, isEnabled, millisecondsOf, portNumber } from '../listening/option-fields.ts';
import { openTcpPort } from '../listening/tcp-port.ts';
import { eachLine } from '../listening/text-lines.ts';

const Options = Type.Object(
  { enabled: isEnabled(), host: hostAddress(), port: portNumber(2003), ...connectionBounds },
  { additionalProperties: false },
);

/** Series that are found again by what stands before the value. */
const keptSeries = 100_000;
/** Longer ones are read anew each time: what is kept must not fill the memory. */
const keptLength = 1000;

export default defineListener({
  name: 'graphite',
  summary: 'Takes plain text of Graphite over TCP, with tags: every line is an event with one value.',
  options: Options,
  async open({ host, port, connections, lineBytes, idleAfter }, { origin, outlet, counts, clock, logger }) {
    const known = new Map<string, Series>();
    const seriesOfHead = (head: string): Series | string => {
      const found = known.get(head);
      if (found !== undefined) return found;
      const read = readGraphitePath(head);
      if (typeof read === 'string') return read;
      const series = seriesOf(read.path, read.tags, ['value'], origin);
      if (typeof series === 'string' || head.length > keptLength) return series;
      if (known.size >= keptSeries) known.clear();
      known.set(head, series);
      return series;
    };
    const takeLine = (line: string, receivedUs: number) => {
      if (line.includes('\0')) return counts.bad('the line holds NUL', line);
      const read = readGraphiteLine(line, receivedUs);
      if (typeof read === 'string') return counts.bad(read, line);
      const series = seriesOfHead(read.head);
      if (typeof series === 'string') return counts.bad(series, line);
      counts.lines += 1;
      outlet.add({ series, timeUs: read.timeUs, outcome: 'ok', values: [read.value] });
    };
    const onLines = (bytes: Buffer) => {
      const receivedUs = Math.floor(clock.wallMs() * 1000);
      eachLine(bytes, counts, (line) => takeLine(line, receivedUs));
    };
    const bounds = { connections, lineBytes, idleMs: millisecondsOf(idleAfter) };
    const open = () => openTcpPort({ host, port, ...bounds, counts, outlet, onLines });
    const place = { protocol: 'tcp', host, port, setting: 'listeners.graphite' } as const;
    const held = await new HeldPort({ ...place, clock, logger, open }).start();
    return {
      places: () => (held.place === undefined ? [] : [held.place]),
      close: () => held.close(),
    };
  },
});
