import { createHash } from 'node:crypto';
import type { Delivery } from '@watchkeeper/model';
import type { Caller } from '../handler.ts';

export interface DeliveredBody {
  readonly body: Buffer;
  readonly caller: Caller;
  /** The door through which it came; the same body through another one is another delivery. */
  readonly door: string;
}

/**
 * The name of a body that may come again. To be asked for only where everything in it says when it happened: only then is
 * the same body the same observation.
 * @param how what else decides how the body is read
 */
export async function deliveryOf(
  { body, caller, door }: DeliveredBody,
  how: readonly string[],
  withinMs: number,
): Promise<Delivery | undefined> {
  if (withinMs === 0) return undefined;
  const hash = createHash('sha256').update(JSON.stringify([caller.tenant, caller.keyId, caller.name, door, ...how]));
  // Hashed beside the main thread.
  hash.update(new Uint8Array(await crypto.subtle.digest('SHA-256', body as Uint8Array<ArrayBuffer>)));
  return { id: hash.digest('base64url'), withinMs };
}
