import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { WatchkeeperError } from '@watchkeeper/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const inflate = promisify(gunzip);

/** Memory that the bodies of all requests share, so that many large ones at once are told to come again. */
export class BodyRoom {
  /** Size of the largest body, inflated. */
  readonly limitBytes: number;
  /** What else may be done about a body that is too large. */
  readonly advice: string;
  readonly #atOnce: number;
  #held = 0;

  /** @param given.atOnce bodies of the largest size that may be held at once */
  constructor(given: { readonly limitBytes: number; readonly atOnce: number; readonly advice: string }) {
    this.limitBytes = given.limitBytes;
    this.#atOnce = given.atOnce;
    this.advice = given.advice;
  }

  /** @throws WatchkeeperError `log_overloaded` */
  hold(bytes: number): void {
    if (this.#held + bytes > this.#atOnce * this.limitBytes)
      throw new WatchkeeperError(
        'log_overloaded',
        `Bodies of ${this.#held} bytes wait to be stored already. Send this one again later.`,
      );
    this.#held += bytes;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}

/** Has the routes of a scope read bodies of these types themselves, inflated; their memory is counted in the room. */
export function addBodyReader(scope: FastifyInstance, types: string | string[], room: BodyRoom): void {
  const replies = new WeakMap<FastifyRequest, FastifyReply>();
  scope.addHook('onRequest', async (request, reply) => {
    replies.set(request, reply);
  });
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(types, (request: FastifyRequest, payload: IncomingMessage) =>
    readBody(replies.get(request) as FastifyReply, payload, room),
  );
}

/**
 * Reads and inflates the body of a request. Its memory counts until the request is answered or its client has gone.
 * @throws WatchkeeperError `body_too_large`, `body_malformed`, `media_type_unsupported`, `log_overloaded`
 */
async function readBody({ request, raw: answer }: FastifyReply, payload: Readable, room: BodyRoom): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (!['identity', '', 'gzip', 'x-gzip'].includes(encoding))
    throw new WatchkeeperError(
      'media_type_unsupported',
      `The content encoding ${encoding} is not known. Send gzip or none.`,
    );
  if (Number(request.headers['content-length'] ?? 0) > room.limitBytes) throw tooLarge(room);
  let held = 0;
  const hold = (bytes: number) => {
    room.hold(bytes);
    held += bytes;
  };
  // Not that of the request, which closes once its body is read.
  answer.once('close', () => room.release(held));

  const chunks: Buffer[] = [];
  let size = 0;
  // The connection stays, so that it can carry the refusal.
  for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > room.limitBytes) throw tooLarge(room);
    hold(chunk.length);
    chunks.push(chunk);
  }
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  if (!encoding.endsWith('gzip') || body.length === 0) return body;
  const inflated = await inflateWithin(body, room);
  hold(inflated.length);
  return inflated;
}

async function inflateWithin(body: Buffer, room: BodyRoom): Promise<Buffer> {
  try {
    return await inflate(body, { maxOutputLength: room.limitBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(room);
    throw new WatchkeeperError(
      'body_malformed',
      `The body cannot be inflated (${(error as Error).message}). Send it again as gzip.`,
    );
  }
}

function tooLarge({ limitBytes, advice }: BodyRoom): WatchkeeperError {
  return new WatchkeeperError(
    'body_too_large',
    `The body is larger than ${limitBytes} bytes, inflated. Send it in parts${advice}.`,
  );
}
