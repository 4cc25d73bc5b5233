import { isIP } from 'node:net';
import type { Observation, ProbedMetric, SeenFacts } from '@watchkeeper/model';

/** What one probe came to. */
export interface ProbedCheck {
  readonly observation: Observation;
  readonly facts: SeenFacts;
  /** A condition on what was answered, a header or the body, does not hold. */
  readonly isContentWrong: boolean;
}

/** What an observation is in the names of blackbox_exporter, and the reason of a failure in a name of ours. */
export function probeMetrics(type: string, check: ProbedCheck): ProbedMetric[] {
  const { observation, isContentWrong } = check;
  const { outcome, reason, values, attributes } = observation;
  return [
    gauge('probe_success', 'Displays whether or not the probe was a success', outcome === 'failed' ? 0 : 1),
    gauge(
      'probe_duration_seconds',
      'Returns how long the probe took to complete in seconds',
      seconds(values.durationMs),
    ),
    gauge(
      'probe_dns_lookup_time_seconds',
      'Returns the time taken for probe dns lookup in seconds',
      seconds(values.dnsMs),
    ),
    gauge('probe_ip_protocol', 'Specifies whether probe ip protocol is IP4 or IP6', isIP(attributes.address ?? '')),
    gauge(
      'probe_ip_addr_hash',
      "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
      addressHash(attributes.address),
    ),
    gauge('probe_failed_due_to_regex', 'Indicates if probe failed due to regex', isContentWrong ? 1 : 0),
    ...(type === 'http' ? httpMetrics(check) : []),
    ...tlsMetrics(check),
    ...(reason === undefined
      ? []
      : [labelled('watchkeeper_probe_reason_info', 'Error class of a probe that is not ok', { outcome, reason })]),
  ];
}

function httpMetrics({ observation: { values, attributes }, facts }: ProbedCheck): ProbedMetric[] {
  const phases = {
    resolve: values.dnsMs,
    connect: values.connectMs,
    tls: values.tlsMs,
    processing: values.firstByteMs,
    transfer: values.transferMs,
  };
  const hasAnswer = attributes.status !== undefined;
  return [
    {
      name: 'probe_http_duration_seconds',
      help: 'Duration of http request by phase, summed over all redirects',
      samples: Object.entries(phases).map(([phase, ms]) => ({ labels: { phase }, value: seconds(ms) })),
    },
    gauge('probe_http_status_code', 'Response HTTP status code', Number(attributes.status ?? 0)),
    gauge('probe_http_content_length', 'Length of http content response', hasAnswer ? (facts.contentLength ?? -1) : 0),
    gauge(
      'probe_http_uncompressed_body_length',
      'Length of uncompressed response body',
      facts.unpackedBytes ?? values.sizeBytes ?? 0,
    ),
    gauge('probe_http_redirects', 'The number of redirects', values.redirects ?? 0),
    gauge(
      'probe_http_ssl',
      'Indicates if SSL was used for the final redirect',
      attributes.tlsVersion !== undefined && hasAnswer ? 1 : 0,
    ),
    gauge(
      'probe_http_version',
      'Returns the version of HTTP of the probe response',
      Number((attributes.protocol ?? 'HTTP/0').slice('HTTP/'.length)),
    ),
    ...(facts.lastModifiedMs === undefined
      ? []
      : [
          gauge(
            'probe_http_last_modified_timestamp_seconds',
            'Returns the Last-Modified HTTP response header in unixtime',
            facts.lastModifiedMs / 1000,
          ),
        ]),
  ];
}

function tlsMetrics({ observation: { attributes }, facts: { certificate } }: ProbedCheck): ProbedMetric[] {
  if (certificate === undefined) return [];
  const { expiresAtMs, chainExpiresAtMs, subject, issuer, alternatives, fingerprint } = certificate;
  return [
    gauge('probe_ssl_earliest_cert_expiry', 'Returns earliest SSL cert expiry in unixtime', expiresAtMs / 1000),
    gauge(
      'probe_ssl_last_chain_expiry_timestamp_seconds',
      'Returns last SSL chain expiry in timestamp, 0 for a chain that is not trusted',
      (chainExpiresAtMs ?? 0) / 1000,
    ),
    labelled('probe_ssl_last_chain_info', 'Contains SSL leaf certificate information', {
      ...{ fingerprint_sha256: fingerprint, issuer, subject, subjectalternative: alternatives },
    }),
    labelled('probe_tls_version_info', 'Returns the TLS version used or NaN when unknown', {
      version: tlsVersion(attributes.tlsVersion),
    }),
  ];
}

const gauge = (name: string, help: string, value: number): ProbedMetric => ({
  ...{ name, help, samples: [{ labels: {}, value }] },
});
const labelled = (name: string, help: string, labels: Readonly<Record<string, string>>): ProbedMetric => ({
  ...{ name, help, samples: [{ labels, value: 1 }] },
});
const seconds = (ms: number | undefined) => (ms ?? 0) / 1000;

/** `TLSv1.3` as `TLS 1.3`, `TLSv1` as `TLS 1.0`. */
function tlsVersion(protocol = ''): string {
  const [, version = 'unknown'] = /^TLSv([\d.]+)$/.exec(protocol) ?? [];
  return `TLS ${version.includes('.') ? version : `${version}.0`}`;
}

/** FNV-1a, 32 bits, over the bytes of an address; 0 without one. */
export function addressHash(address: string | undefined): number {
  if (address === undefined) return 0;
  let hash = 0x811c9dc5;
  for (const byte of addressBytes(address)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function addressBytes(address: string): number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  // The URL parser writes every form of an IPv6 address in the shortest one, without dotted parts.
  const [head = '', tail] = (URL.parse(`http://[${address.split('%')[0]}]`)?.hostname ?? '[]').slice(1, -1).split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}
