import { errorCatalogue, type WatchkeeperError } from '@watchkeeper/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Gate } from '../gate.ts';
import type { ApiDependencies, Caller } from '../handler.ts';
import { noteRefusedBody } from '../note-refused-body.ts';
import { knownError, retryAfterSeconds } from '../problems.ts';
import type { Door, DoorOptions } from './door.ts';
import { health } from './health.ts';
import { keyOf } from './key-of.ts';
import { LineIntake } from './line-intake.ts';
import { otlp } from './otlp.ts';
import { OtlpIntake } from './otlp-intake.ts';
import { ping } from './ping.ts';
import { probe } from './probe.ts';
import { query } from './query.ts';
import { addBodyReader, BodyRoom } from './read-body.ts';
import { writeV1 } from './write-v1.ts';
import { writeV2 } from './write-v2.ts';

export type { DoorOptions } from './door.ts';

/** Addresses of other products, for the clients that people have: one file and one line each. */
export const doors: readonly Door[] = [health, otlp, ping, probe, query, writeV1, writeV2];

export const doorPlaces: readonly string[] = doors.flatMap(({ places }) => places);

/** Opens every door. */
export function openDoors(app: FastifyInstance, options: ApiDependencies & DoorOptions, gate: Gate): void {
  const lines = new LineIntake(options, options.lineProtocol);
  const metrics = new OtlpIntake(options, options.lineProtocol);
  const room = new BodyRoom({
    ...{ limitBytes: options.lineProtocol.bodyBytes, atOnce: 4 },
    advice: ', or ask the operator to raise lineProtocol.bodyBytes',
  });
  const callers = new WeakMap<FastifyRequest, Caller>();
  for (const door of doors) {
    // A scope of its own, for how it reads bodies and how it tells errors.
    void app.register(async (scope) => {
      addBodyReader(scope, '*', room);
      scope.setErrorHandler((error, request, reply) => {
        const known = knownError(error);
        noteRefusedBody(options.refusedInputs, known, request, callers.get(request));
        return answerError(door, known, request, reply);
      });
      for (const place of door.places) addPlace(scope, place);
    });
    const addPlace = (scope: FastifyInstance, place: string) => {
      const [method = '', url = ''] = place.split(' ');
      scope.route({
        method,
        url,
        // Before the body is read: a stranger's body is not worth the work.
        onRequest: async (request) => {
          takeAnyType(request);
          if (door.role !== 'none' && !door.isOpenTo?.(request, options))
            callers.set(request, await gate.admitKey(request, keyOf(request), door.role));
        },
        handler: (request, reply) => {
          const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
          return door.answer({ request, reply, body, lines, metrics, options, caller: callers.get(request) });
        },
      });
    };
  }
}

/** A type that is none would be refused before anybody sees the body; here the address says what it is. */
function takeAnyType({ headers }: FastifyRequest): void {
  const type = headers['content-type'];
  if (type !== undefined && !/^[\w.+-]+\/[\w.+-]+\s*(;|$)/.test(type))
    headers['content-type'] = 'application/octet-stream';
}

/**
 * Whoever may try later is told so by 503 and Retry-After: clients of InfluxDB drop what a 4xx answers, 429 among them.
 */
function answerError(door: Door, known: WatchkeeperError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (known.code === 'internal')
    request.log.error({ err: known.cause ?? known }, `${request.method} ${request.routeOptions.url} failed`);
  const { status, retryable } = errorCatalogue[known.code];
  if (retryable) reply.header('retry-after', String(retryAfterSeconds(known)));
  // What was not read of the body must not be taken for the next request.
  if (known.code === 'body_too_large') reply.header('connection', 'close');
  return door.answerError(reply.code(retryable ? 503 : status), known);
}
