import type { FastifyRequest } from 'fastify';

/**
 * The API key that a request shows, in one of the ways of clients of InfluxDB: `Authorization: Basic`, `Token` or
 * `Bearer`, or `u` and `p` in the address. The key is the password or the token; of a user and a password only the
 * latter counts.
 */
export function keyOf({ headers: { authorization }, query }: FastifyRequest): string | undefined {
  if (authorization === undefined) return one((query as Query)?.p);
  const [, scheme = '', given = ''] = /^(\w+)\s+(\S+)$/.exec(authorization) ?? [];
  switch (scheme.toLowerCase()) {
    case 'basic':
      return passwordOf(Buffer.from(given, 'base64').toString('utf8'));
    case 'token':
      return passwordOf(given);
    case 'bearer':
      return given;
    default:
      return undefined;
  }
}

export type Query = Readonly<Record<string, string | string[] | undefined>> | undefined;

/** A parameter; the first where it was given several times. */
export function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** `user:password`, or a token alone. Keys hold no colon. */
function passwordOf(text: string): string {
  return text.slice(text.indexOf(':') + 1);
}
