import { createHash, createHmac } from 'node:crypto';

export interface SignedRequest {
  readonly method: 'PUT' | 'GET' | 'DELETE';
  /** Its path is encoded already, as it goes over the wire. */
  readonly url: URL;
  readonly body: Uint8Array;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly nowMs: number;
}

/** Headers that sign a request in the way of Amazon Web Services (Signature Version 4). */
export function signRequest(request: SignedRequest): Record<string, string> {
  const { method, url, body, accessKey, secretKey, region, service, nowMs } = request;
  const instant = new Date(nowMs).toISOString().replaceAll(/[:-]|\.\d+/g, '');
  const day = instant.slice(0, 8);
  const bodyHash = sha256(body);
  const headers: Record<string, string> = { 'x-amz-content-sha256': bodyHash, 'x-amz-date': instant };
  const all = Object.entries({ host: url.host, ...headers }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = all.map(([name]) => name).join(';');
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = [
    method,
    url.pathname,
    query,
    ...all.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    bodyHash,
  ];
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', instant, scope, sha256(Buffer.from(canonical.join('\n')))].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretKey}`);
  const signature = hmac(key, toSign).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** As `encodeURIComponent`, and what that leaves although the signature does not. */
const encode = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** A path of names between slashes, each encoded as the signature wants it. */
export const encodedPath = (names: readonly string[]) => names.map((name) => `/${encode(name)}`).join('');
