import type { OperationName } from '@watchkeeper/model';
import type { Change, ToldObject } from '@watchkeeper/store';
import type { Call } from './handler.ts';

/** What was changed; who changed it comes from the call. */
export interface ChangedObject {
  /** Noun and past verb: `monitor.created`. */
  readonly action: string;
  /** The object; in words where its changes are not told to programs outside: `key "backup"`. */
  readonly object: string | ToldObject;
  readonly before?: unknown;
  readonly after?: unknown;
  /** When it belongs to another tenant than the caller. */
  readonly tenantId?: number;
}

/** A change record for what a call does. */
export function changed<N extends OperationName>(
  { caller, requestId, remoteAddress }: Pick<Call<N>, 'caller' | 'requestId' | 'remoteAddress'>,
  { tenantId = caller.tenantId, ...what }: ChangedObject,
): Change {
  return { ...what, tenantId, actor: caller.name, actorKeyId: caller.keyId, requestId, remoteAddress };
}
