import { eventMessageLimits, type RefusedInputs } from '@watchkeeper/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addBodyReader, BodyRoom } from './doors/read-body.ts';
import type { Caller, ReceivedBody } from './handler.ts';
import { noteRefusedBody } from './note-refused-body.ts';
import { knownError, sendProblem } from './problems.ts';

export const ndjson = 'application/x-ndjson';

/** Adds routes that read their bodies themselves, which may be JSON or lines of it, also gzip. */
export function addOwnBodies(
  app: FastifyInstance,
  { refusedInputs }: { readonly refusedInputs: RefusedInputs },
  callerOf: (request: FastifyRequest) => Caller | undefined,
  add: (scope: FastifyInstance) => void,
): void {
  const room = new BodyRoom({ limitBytes: eventMessageLimits.bytes, atOnce: 16, advice: '' });
  void app.register(async (scope) => {
    addBodyReader(scope, ['application/json', ndjson], room);
    scope.setErrorHandler((error, request, reply) => {
      const known = knownError(error);
      noteRefusedBody(refusedInputs, known, request, callerOf(request));
      // What was not read of the body must not be taken for the next request.
      if (known.code === 'body_too_large') reply.header('connection', 'close');
      return sendProblem(error, request, reply);
    });
    add(scope);
  });
}

/** The body of such a route; empty for every other one. */
export function receivedBody({ body, headers }: FastifyRequest): ReceivedBody {
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return { bytes: Buffer.isBuffer(body) ? body : Buffer.alloc(0), mediaType };
}
