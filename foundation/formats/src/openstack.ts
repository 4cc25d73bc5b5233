import type { Outcome, Reason } from '@watchkeeper/model';

/** What openstacksdk reports of one call, in whichever format. */
export interface OpenStackCall {
  /** Type of the service in the catalogue: `compute`. */
  readonly service: string;
  readonly method: string;
  /** What was called, as the reporter names it: `servers_detail`. */
  readonly name: string;
  /** Status of the answer; empty when there was none. */
  readonly status: string;
}

/** Name of the event that stands for one call. */
export const openStackEventName = 'openstack.api';

/** How a call ended: failed without an answer, and with one of the classes 5xx. A 404 is an answer. */
export function outcomeOfCall({ status }: OpenStackCall): { readonly outcome: Outcome; readonly reason?: Reason } {
  if (status === '') return { outcome: 'failed', reason: 'no_response' };
  return status.startsWith('5') ? { outcome: 'failed', reason: 'status' } : { outcome: 'ok' };
}

/** Paths under which services stand on one host; the reporter takes them for a part of the name. */
const pathsOfServices: Readonly<Record<string, readonly string[]>> = {
  'block-storage': ['volume'],
  orchestration: ['heat-api'],
  volumev2: ['volume'],
  volumev3: ['volume'],
};

/**
 * The name of what was called without the path of the service before it: where a service stands under a path
 * (`https://cloud/compute/v2.1`), the reporter calls GET /servers/{id} `compute_server`.
 */
export function operationOfCall({ service, name }: OpenStackCall): string {
  const parts = name.split('_').filter((part) => part !== '');
  const isPath = (part: string) => part === service || pathsOfServices[service]?.includes(part) === true;
  if (parts.length > 1 && isPath(parts[0] as string)) parts.shift();
  if (parts.length > 1 && /^v\d+(\.\d+)?$/.test(parts[0] as string)) {
    parts.shift();
    // Newer releases of the reporter write `v2_1` for `v2.1`.
    if (parts.length > 1 && /^\d+$/.test(parts[0] as string)) parts.shift();
  }
  return parts.join('_') || 'root';
}
