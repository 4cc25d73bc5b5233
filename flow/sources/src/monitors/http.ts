import type { Socket } from 'node:net';
import {
  type CertificateFacts,
  certificateFacts,
  type Exchanged,
  exchange,
  secureContext,
  shownCertificate,
} from '@watchkeeper/guard';
import type { Observation, Reason } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { decodeBody } from '../decode-body.ts';
import { defineMonitorType, type MonitorContext } from '../monitor-context.ts';

const headerName = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const Options = Type.Object(
  {
    url: Type.String({
      title: 'Address',
      description: 'http or https, without user and password',
      maxLength: 2000,
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/@]+(/[^\\s]*)?$|^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/@]+\\?[^\\s]*$',
    }),
    method: Type.Union(
      methods.map((method) => Type.Literal(method)),
      { title: 'Method', default: 'GET' },
    ),
    headers: Type.Record(
      Type.String({ pattern: headerName, maxLength: 100 }),
      Type.String({ pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$', maxLength: 4000 }),
      {
        title: 'Headers',
        description: 'Sent with every request to this host',
        maxProperties: 50,
        default: {},
      },
    ),
    body: Type.Optional(Type.String({ title: 'Body', description: 'Sent as it is', maxLength: 1_000_000 })),
    credential: Type.Optional(
      Type.String({
        title: 'Credential',
        description: 'Name of a credential in the settings: user and password (Basic) or token (Bearer)',
        minLength: 1,
        maxLength: 63,
      }),
    ),
    followRedirects: Type.Boolean({ title: 'Follow redirects', default: true }),
    maxRedirects: Type.Integer({ title: 'Most redirects', minimum: 0, maximum: 20, default: 10 }),
    maxBodyBytes: Type.Integer({
      title: 'Largest body',
      description: 'Bytes, as it travels and unpacked',
      minimum: 0,
      maximum: 16_777_216,
      default: 1_048_576,
    }),
    tls: Type.Object(
      {
        verify: Type.Boolean({ title: 'Check the certificate', default: true }),
        minVersion: Type.Union(
          [Type.Literal('TLSv1'), Type.Literal('TLSv1.1'), Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')],
          { title: 'Oldest TLS version', default: 'TLSv1.2' },
        ),
        servername: Type.Optional(
          Type.String({
            title: 'Server name',
            description: 'For SNI and the certificate, when it is not the host',
            maxLength: 253,
            pattern: '^[^\\s/@]+$',
          }),
        ),
      },
      { title: 'TLS', additionalProperties: false, default: { verify: true, minVersion: 'TLSv1.2' } },
    ),
    family: Type.Optional(
      Type.Union([Type.Literal(4), Type.Literal(6)], { title: 'IP version', description: 'Only IPv4 or only IPv6' }),
    ),
  },
  { additionalProperties: false },
);
type HttpOptions = Static<typeof Options>;

export default defineMonitorType({
  name: 'http',
  summary: 'Sends an HTTP request and measures every phase of every hop.',
  options: Options,
  valueNames: [
    'dnsMs',
    'connectMs',
    'tlsMs',
    'firstByteMs',
    'transferMs',
    'sizeBytes',
    'redirects',
    'certificateDaysLeft',
  ],
  conditionNames: [
    'status',
    'durationMs',
    'dnsMs',
    'connectMs',
    'tlsMs',
    'firstByteMs',
    'transferMs',
    'sizeBytes',
    'redirects',
    'certificate.daysLeft',
    'protocol',
    'tlsVersion',
    'address',
    'header',
    'body',
  ],
  defaultAssertions: ['status in 200..399'],
  problems: ({ url }) =>
    URL.canParse(url) ? [] : [{ pointer: '/options/url', message: 'is no address: its host or port cannot be' }],
  aim(options, { target, hostname }) {
    const aimed = { ...options, url: /^https?:\/\//i.test(target) ? target : `http://${target}` };
    if (hostname === undefined) return aimed;
    return {
      ...aimed,
      headers: { ...(options.headers as object), host: hostname },
      tls: { ...(options.tls as object), servername: hostname },
    };
  },
  target: ({ method, url }) => `${method} ${url}`,
  async check(options, context) {
    const startedMs = performance.now();
    const sums: Sums = { phases: {}, hops: [] };
    const end = await followHops(options, context, sums);
    return observationOf(end, sums, performance.now() - startedMs, options, context);
  },
});

interface Phases {
  dnsMs?: number;
  connectMs?: number;
  tlsMs?: number;
  firstByteMs?: number;
  transferMs?: number;
}

interface Hop {
  readonly url: string;
  readonly phases: Phases;
  status?: number;
  address?: string;
  protocol?: string;
  tlsVersion?: string;
  certificate?: CertificateFacts;
}

/** What all hops add up to. */
interface Sums {
  readonly phases: Phases;
  readonly hops: Hop[];
}

type End =
  | (Exchanged & { ok: true })
  | { readonly ok: false; readonly reason: Reason; readonly message: string; readonly sizeBytes?: number };

/** Asks, and asks again where a redirect points, until there is an answer or something goes wrong. */
async function followHops(options: HttpOptions, context: MonitorContext, sums: Sums): Promise<End> {
  const origin = new URL(options.url).origin;
  let method: string = options.method;
  let body = options.body;
  let url = new URL(options.url);
  for (let redirects = 0; ; redirects++) {
    const answer = await askOnce(url, { method, body, isFirstOrigin: url.origin === origin }, options, context, sums);
    if (!answer.ok) return { ...answer, ...('receivedBytes' in answer ? { sizeBytes: answer.receivedBytes } : {}) };
    const { status, headers } = answer.head;
    const location = headers.location;
    const isRedirect = [301, 302, 303, 307, 308].includes(status) && location !== undefined;
    if (!isRedirect || !options.followRedirects) return answer;
    if (redirects >= options.maxRedirects)
      return {
        ok: false,
        reason: 'too_many_redirects',
        message: `${url.href} redirects again after ${redirects} redirects`,
      };
    const next = URL.parse(location, url.href);
    if (next === null || (next.protocol !== 'http:' && next.protocol !== 'https:') || next.username !== '') {
      return {
        ok: false,
        reason: 'redirect_invalid',
        message: `${url.href} redirects to ${JSON.stringify(location.slice(0, 200))}, which is no http address`,
      };
    }
    // RFC 9110 section 15.4: 303 always asks with GET; 301 and 302 do so after POST, as every browser does.
    if ((status === 303 && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST')) {
      method = 'GET';
      body = undefined;
    }
    url = next;
  }
}

interface Ask {
  readonly method: string;
  readonly body: string | undefined;
  /** Credentials and own headers go only to the host that they are meant for. */
  readonly isFirstOrigin: boolean;
}

async function askOnce(
  url: URL,
  ask: Ask,
  options: HttpOptions,
  context: MonitorContext,
  sums: Sums,
): Promise<Exchanged | End> {
  const hop: Hop = { url: url.href, phases: {} };
  sums.hops.push(hop);
  const add = (phase: keyof Phases, milliseconds: number | undefined) => {
    if (milliseconds === undefined) return;
    hop.phases[phase] = milliseconds;
    sums.phases[phase] = (sums.phases[phase] ?? 0) + milliseconds;
  };
  const { egress, signal } = context;
  context.tell?.({ certificate: undefined });
  const isTls = url.protocol === 'https:';
  const port = Number(url.port) || (isTls ? 443 : 80);
  const connected = await egress.connect({
    host: url.hostname,
    port,
    signal,
    ...(options.family === undefined ? {} : { family: options.family }),
  });
  add('dnsMs', connected.dnsMs);
  add('connectMs', connected.connectMs);
  if (connected.address !== undefined) hop.address = connected.address;
  if (!connected.ok) return connected;

  let socket: Socket = connected.socket;
  if (isTls) {
    const { verify, minVersion, servername } = options.tls;
    const secured = await egress.secure(socket, {
      servername: servername ?? url.hostname.replace(/^\[|\]$/g, ''),
      context: secureContext({ minVersion }),
      verify,
      signal,
    });
    add('tlsMs', secured.tlsMs);
    if (!secured.ok) return secured;
    const certificate = certificateFacts(secured.socket, context.wallMs());
    if (certificate !== undefined) hop.certificate = certificate;
    context.tell?.({ certificate: shownCertificate(secured.socket) });
    hop.tlsVersion = secured.socket.getProtocol() ?? '';
    socket = secured.socket;
  }
  const body = ask.body === undefined ? undefined : Buffer.from(ask.body);
  const answer = await exchange(socket, {
    method: ask.method,
    path: `${url.pathname}${url.search}`,
    headers: requestHeaders(url, ask, options, context, body?.length),
    ...(body === undefined ? {} : { body }),
    maxBodyBytes: options.maxBodyBytes,
    signal,
  });
  add('firstByteMs', answer.firstByteMs);
  add('transferMs', answer.transferMs);
  if (answer.head !== undefined) {
    hop.status = answer.head.status;
    hop.protocol = answer.head.protocol;
    const { 'content-length': length = '', 'last-modified': modified = '' } = answer.head.headers;
    const lastModifiedMs = Date.parse(modified) || undefined;
    context.tell?.({ contentLength: /^\d+$/.test(length) ? Number(length) : -1, lastModifiedMs });
  }
  return answer;
}

function requestHeaders(
  url: URL,
  { isFirstOrigin, method }: Ask,
  options: HttpOptions,
  context: MonitorContext,
  bodyBytes: number | undefined,
): [string, string][] {
  const own = isFirstOrigin ? Object.entries(options.headers) : [];
  const names = new Set(own.map(([name]) => name.toLowerCase()));
  const headers: [string, string][] = [];
  const unlessOwn = (name: string, value: string) => {
    if (!names.has(name)) headers.push([name, value]);
  };
  unlessOwn('host', url.host);
  unlessOwn('user-agent', 'watchkeeper');
  unlessOwn('accept', '*/*');
  unlessOwn('accept-encoding', 'gzip, deflate, br');
  const authorization =
    isFirstOrigin && options.credential !== undefined ? authorizationOf(context, options.credential) : undefined;
  if (authorization !== undefined) unlessOwn('authorization', authorization);
  headers.push(
    ...own.filter(([name]) => !['connection', 'content-length', 'transfer-encoding'].includes(name.toLowerCase())),
  );
  headers.push(['connection', 'close']);
  if (bodyBytes !== undefined || ['POST', 'PUT', 'PATCH'].includes(method))
    headers.push(['content-length', String(bodyBytes ?? 0)]);
  return headers;
}

function authorizationOf(context: MonitorContext, name: string): string | undefined {
  const credential = context.credential(name);
  if (credential?.token !== undefined) return `Bearer ${credential.token}`;
  if (credential?.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${credential.username}:${credential.password ?? ''}`).toString('base64')}`;
}

function observationOf(
  end: End | Exchanged,
  sums: Sums,
  durationMs: number,
  options: HttpOptions,
  context: MonitorContext,
): Observation {
  const last = sums.hops.at(-1);
  const certificate = last?.certificate;
  const values: Record<string, number> = { durationMs, ...sums.phases, redirects: sums.hops.length - 1 };
  if (certificate !== undefined) values.certificateDaysLeft = certificate.daysLeft;
  const attributes: Record<string, string> = {};
  if (last?.status !== undefined) attributes.status = String(last.status);
  if (last?.address !== undefined) attributes.address = last.address;
  if (last?.protocol !== undefined) attributes.protocol = last.protocol;
  if (last?.tlsVersion !== undefined) attributes.tlsVersion = last.tlsVersion;
  const detail = (message: string | undefined) => {
    const parts = {
      ...(message === undefined ? {} : { message }),
      ...(sums.hops.length > 1 ? { hops: sums.hops } : {}),
      ...(certificate !== undefined && message !== undefined ? { certificate } : {}),
    };
    return Object.keys(parts).length === 0 ? {} : { detail: parts };
  };
  const failed = (reason: Reason, message: string): Observation => ({
    outcome: 'failed',
    reason,
    message,
    values,
    attributes,
    ...detail(message),
  });

  if (options.credential !== undefined && context.credential(options.credential) === undefined) {
    return failed('internal', `there is no credential "${options.credential}" in the settings of this process`);
  }
  if (!end.ok) {
    if ('sizeBytes' in end && end.sizeBytes !== undefined) values.sizeBytes = end.sizeBytes;
    return failed(end.reason, end.message);
  }
  values.sizeBytes = end.body.length;
  const decoded = decodeBody(end.body, end.head.headers['content-encoding'], options.maxBodyBytes);
  if (!decoded.ok) return failed(decoded.reason, decoded.message);
  context.tell?.({ unpackedBytes: decoded.sizeBytes });
  const judgement = context.judge({
    numbers: { ...values, status: end.head.status, 'certificate.daysLeft': certificate?.daysLeft },
    texts: { protocol: end.head.protocol, tlsVersion: last?.tlsVersion, address: last?.address },
    header: end.head.headers,
    body: decoded.text,
  });
  return { ...judgement, values, attributes, ...detail(judgement.message) };
}
