import type { Prober, Role, WatchkeeperError } from '@watchkeeper/model';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDependencies, Caller, Readiness } from '../handler.ts';
import type { LineIntake, LineProtocolOptions } from './line-intake.ts';
import type { OtlpIntake } from './otlp-intake.ts';

export interface DoorOptions {
  readonly lineProtocol: LineProtocolOptions;
  readonly readiness: () => Promise<Readiness>;
  readonly probe: {
    readonly prober: Prober;
    /** Programs on the same machine need no key. */
    readonly openOnLoopback: boolean;
  };
}

export interface DoorRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Of whom the key is; undefined where the door needs none. */
  readonly caller: Caller | undefined;
  /** Inflated; empty where there is none. */
  readonly body: Buffer;
  readonly lines: LineIntake;
  readonly metrics: OtlpIntake;
  readonly options: ApiDependencies & DoorOptions;
}

/** How others would have it answered: an address that clients of another product know. */
export interface Door {
  /** One line for the reference. */
  readonly summary: string;
  /** Methods and path. */
  readonly places: readonly string[];
  readonly role: Role | 'none';
  /** Whether this request needs no key all the same. */
  isOpenTo?(request: FastifyRequest, options: DoorOptions): boolean;
  answer(given: DoorRequest): Promise<FastifyReply>;
  /** Writes an error into the reply, whose status and Retry-After are set already. */
  answerError(reply: FastifyReply, error: WatchkeeperError): FastifyReply;
}

/** Errors as version 1 of InfluxDB writes them. */
export function answerErrorV1(reply: FastifyReply, { code, message }: WatchkeeperError): FastifyReply {
  if (code === 'unauthenticated') reply.header('www-authenticate', 'Basic realm="watchkeeper"');
  return reply.send({ error: message });
}

/** Names that version 2 of InfluxDB gives to statuses. */
const codes: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not found',
  405: 'method not allowed',
  413: 'request too large',
  415: 'unsupported media type',
  503: 'unavailable',
};

/** Errors as version 2 of InfluxDB writes them. */
export function answerErrorV2(reply: FastifyReply, { code, message }: WatchkeeperError): FastifyReply {
  if (code === 'unauthenticated') reply.header('www-authenticate', 'Token realm="watchkeeper"');
  return reply.send({ code: codes[reply.statusCode] ?? 'internal error', message });
}
