import { certificateFacts, secureContext, shownCertificate } from '@watchkeeper/guard';
import type { Observation } from '@watchkeeper/model';
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
    port: Type.Integer({ title: 'Port', minimum: 1, maximum: 65_535, default: 443 }),
    servername: Type.Optional(
      Type.String({
        title: 'Server name',
        description: 'For SNI and the certificate, when it is not the host',
        maxLength: 253,
        pattern: '^[^\\s/@]+$',
      }),
    ),
    verify: Type.Boolean({ title: 'Check the certificate', default: true }),
    minVersion: Type.Union(
      [Type.Literal('TLSv1'), Type.Literal('TLSv1.1'), Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')],
      { title: 'Oldest TLS version', default: 'TLSv1.2' },
    ),
    family: Type.Optional(
      Type.Union([Type.Literal(4), Type.Literal(6)], { title: 'IP version', description: 'Only IPv4 or only IPv6' }),
    ),
  },
  { additionalProperties: false },
);

export default defineMonitorType({
  name: 'tls',
  summary: 'Makes a TLS handshake, whatever is spoken behind it, and looks at the certificate.',
  options: Options,
  valueNames: ['dnsMs', 'connectMs', 'tlsMs', 'certificateDaysLeft'],
  conditionNames: ['durationMs', 'dnsMs', 'connectMs', 'tlsMs', 'certificate.daysLeft', 'tlsVersion', 'address'],
  defaultAssertions: [],
  aim: (options, { target, hostname }) =>
    aimAtPort(hostname === undefined ? options : { ...options, servername: hostname }, target),
  target: ({ host, port }: Static<typeof Options>) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
  async check({ host, port, family, servername, verify, minVersion }, context): Promise<Observation> {
    const { egress, signal } = context;
    const startedMs = performance.now();
    const values: Record<string, number> = {};
    const attributes: Record<string, string> = {};
    const note = (phase: string, milliseconds: number | undefined) => {
      if (milliseconds !== undefined) values[phase] = milliseconds;
    };
    const connected = await egress.connect({ host, port, signal, ...(family === undefined ? {} : { family }) });
    note('dnsMs', connected.dnsMs);
    note('connectMs', connected.connectMs);
    if (connected.address !== undefined) attributes.address = connected.address;
    const secured = connected.ok
      ? await egress.secure(connected.socket, {
          ...{ servername: servername ?? host.replace(/^\[|\]$/g, ''), verify, signal, protocols: [] },
          context: secureContext({ minVersion }),
        })
      : connected;
    values.durationMs = performance.now() - startedMs;
    note('tlsMs', secured.tlsMs);
    if (!secured.ok) {
      const { reason, message } = secured;
      return { outcome: 'failed', reason, message, values, attributes, detail: { message } };
    }
    const { socket } = secured;
    const certificate = certificateFacts(socket, context.wallMs());
    context.tell?.({ certificate: shownCertificate(socket) });
    attributes.tlsVersion = socket.getProtocol() ?? '';
    socket.destroy();
    note('certificateDaysLeft', certificate?.daysLeft);
    const judgement = context.judge({
      numbers: { ...values, 'certificate.daysLeft': certificate?.daysLeft },
      texts: { tlsVersion: attributes.tlsVersion, address: attributes.address },
    });
    const { message } = judgement;
    return { ...judgement, values, attributes, ...(message === undefined ? {} : { detail: { message, certificate } }) };
  },
});
