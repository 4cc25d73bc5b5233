import { type Static, Type } from 'typebox';
import { aimAtPort } from '../aim-at-port.ts';
import { defineMonitorType } from '../monitor-context.ts';

const Options = Type.Object(
  {
    host: Type.String({
      title: 'Host',
      description: 'Name or address',
      minLength: 1,
      maxLength: 253,
      pattern: '^[^\\s/@]+$',
    }),
    port: Type.Integer({ title: 'Port', minimum: 1, maximum: 65_535 }),
    family: Type.Optional(
      Type.Union([Type.Literal(4), Type.Literal(6)], { title: 'IP version', description: 'Only IPv4 or only IPv6' }),
    ),
  },
  { additionalProperties: false },
);

export default defineMonitorType({
  name: 'tcp',
  summary: 'Opens a TCP connection and measures the time it takes.',
  options: Options,
  valueNames: ['dnsMs', 'connectMs'],
  conditionNames: ['durationMs', 'dnsMs', 'connectMs', 'address'],
  defaultAssertions: [],
  aim: (options, { target }) => aimAtPort(options, target),
  target: ({ host, port }: Static<typeof Options>) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
  async check({ host, port, family }, { egress, signal, judge }) {
    const startedMs = performance.now();
    const connected = await egress.connect({ host, port, signal, ...(family === undefined ? {} : { family }) });
    const durationMs = performance.now() - startedMs;
    if (!connected.ok) {
      const { reason, message, address, dnsMs, connectMs } = connected;
      return {
        outcome: 'failed',
        reason,
        message,
        values: {
          durationMs,
          ...(dnsMs === undefined ? {} : { dnsMs }),
          ...(connectMs === undefined ? {} : { connectMs }),
        },
        attributes: address === undefined ? {} : { address },
      };
    }
    connected.socket.destroy();
    const { address, dnsMs, connectMs } = connected;
    const values = { durationMs, dnsMs, connectMs };
    return { ...judge({ numbers: values, texts: { address } }), values, attributes: { address } };
  },
});
