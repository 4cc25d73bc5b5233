import { errorCatalogue, type InputSender, type RefusedInputs, type WatchkeeperError } from '@watchkeeper/model';
import type { FastifyRequest } from 'fastify';
import type { Caller } from './handler.ts';

/** Who sent something through a door. */
export function senderOf({ tenant, keyId, name }: Caller, door: string): InputSender {
  return { door, tenant, keyId, name };
}

/** The name of the door that a request came through: its path without the first slash. */
export function doorOf({ routeOptions: { url = '' } }: FastifyRequest): string {
  return url.slice(1);
}

/** Notes a body that is refused as a whole. What a stranger sends is not looked at, and what may be sent again is not lost. */
export function noteRefusedBody(
  refusedInputs: RefusedInputs,
  { code, message }: WatchkeeperError,
  request: FastifyRequest,
  caller: Caller | undefined,
): void {
  const { fixer, retryable } = errorCatalogue[code];
  if (caller === undefined || fixer !== 'caller' || retryable) return;
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const sizeBytes = body.length || Number(request.headers['content-length'] ?? 0) || 0;
  refusedInputs.note(senderOf(caller, doorOf(request)), { reason: code, message, excerpt: body, sizeBytes });
}

/** The same for a frame of a socket. */
export function noteRefusedFrame(
  refusedInputs: RefusedInputs,
  { code, message }: WatchkeeperError,
  { caller, door, frame }: { readonly caller: Caller; readonly door: string; readonly frame: Buffer },
): void {
  const { fixer, retryable } = errorCatalogue[code];
  if (fixer !== 'caller' || retryable) return;
  refusedInputs.note(senderOf(caller, door), { reason: code, message, excerpt: frame });
}
