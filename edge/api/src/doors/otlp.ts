import { otlpAnswer, otlpStatus } from '@watchkeeper/formats';
import { WatchkeeperError } from '@watchkeeper/model';
import type { FastifyRequest } from 'fastify';
import type { Door } from './door.ts';

const mediaTypes = { json: 'application/json', protobuf: 'application/x-protobuf' } as const;

/** Codes of gRPC for statuses of HTTP. */
const grpcCodes: Readonly<Record<number, number>> = { 401: 16, 403: 7, 413: 8, 429: 8, 500: 13, 503: 14 };
const invalidArgument = 3;

/** What the specification of OTLP/HTTP asks of a receiver: answers in the encoding of the request, errors as a Status. */
export const otlp: Door = {
  summary: 'Metrics of OpenTelemetry (OTLP/HTTP) in Protocol Buffers or JSON',
  places: ['POST /v1/metrics'],
  role: 'ingest',
  async answer({ request, reply, caller, body, metrics }) {
    if (caller === undefined) throw new WatchkeeperError('unauthenticated', 'Send an API key as a Bearer token.');
    const type = mediaTypeOf(request);
    if (type !== mediaTypes.json && type !== mediaTypes.protobuf)
      throw new WatchkeeperError(
        'media_type_unsupported',
        `The media type ${type || 'that is missing'} is not one of OTLP. Send ${mediaTypes.protobuf} or ${mediaTypes.json}.`,
      );
    const isJson = type === mediaTypes.json;
    const rejected = await metrics.take({ body, caller, isJson, door: 'v1/metrics' });
    return reply.type(type).send(otlpAnswer(rejected, isJson));
  },
  answerError(reply, { message, code }) {
    if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="watchkeeper"');
    const isJson = mediaTypeOf(reply.request) !== mediaTypes.protobuf;
    const status = otlpStatus(grpcCodes[reply.statusCode] ?? invalidArgument, message, isJson);
    return reply.type(isJson ? mediaTypes.json : mediaTypes.protobuf).send(status);
  },
};

function mediaTypeOf({ headers }: FastifyRequest): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
