import { errorCatalogue, type FieldProblem, type ProblemDetails, WatchkeeperError } from '@watchkeeper/model';
import { asStoreError } from '@watchkeeper/store';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** Answers with problem details (RFC 9457). Only mistakes of ours are logged as errors. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = knownError(error);
  if (known.code === 'internal') request.log.error({ err: error }, `${request.method} ${request.url} failed`);
  const { status, retryable, title } = errorCatalogue[known.code];
  if (retryable) reply.header('retry-after', String(retryAfterSeconds(known)));
  if (known.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="watchkeeper"');
  const allow = known.details.allow;
  if (known.code === 'method_not_allowed' && Array.isArray(allow)) reply.header('allow', allow.join(', '));
  const body: ProblemDetails = {
    type: `/docs/errors#${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
    requestId: request.id,
    retryable,
    ...(known.problems.length === 0 ? {} : { errors: known.problems.map((problem) => ({ ...problem })) }),
  };
  return reply.code(status).type('application/problem+json; charset=utf-8').send(JSON.stringify(body));
}

/** @param subject what is not valid: `the body`, `the monitor` */
export function validationError(problems: readonly FieldProblem[], subject: string): WatchkeeperError {
  const [first] = problems;
  const more = problems.length > 1 ? ` and ${problems.length - 1} more` : '';
  return new WatchkeeperError(
    'validation_failed',
    `${subject} is not valid: ${first?.pointer || 'the whole'} ${first?.message ?? ''}${more}. Correct it and send it again.`,
    { problems },
  );
}

export function retryAfterSeconds({ details }: WatchkeeperError): number {
  return typeof details.retryAfterS === 'number' ? details.retryAfterS : 2;
}

/** Whatever was thrown, as an error of the catalogue. */
export function knownError(error: unknown): WatchkeeperError {
  const own = asStoreError(error);
  if (own instanceof WatchkeeperError) return own;
  const { code, statusCode = 500, message = '' } = own as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE' || statusCode === 413) {
    return new WatchkeeperError('body_too_large', 'The body is larger than 4 MiB. Send it in parts.');
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' || statusCode === 415) {
    return new WatchkeeperError('media_type_unsupported', 'The body must be sent as application/json.');
  }
  if (statusCode >= 400 && statusCode < 500) {
    return new WatchkeeperError(
      'body_malformed',
      `The request could not be read (${message}). Send valid JSON with content-type application/json.`,
    );
  }
  return new WatchkeeperError(
    'internal',
    'Something unexpected happened. Tell the operator the request id; the log has the details.',
    { cause: error },
  );
}
