import type { OpenStackCall } from '../openstack.ts';
import type { StatsdType } from './read.ts';

/** What openstacksdk reports by one name, `openstack.api.production.eu-de.compute.GET.servers_detail.200`. */
export interface OpenStackReport {
  readonly call: OpenStackCall;
  /** Parts of the prefix that name them; empty where the prefix does not. */
  readonly environment: string;
  readonly zone: string;
}

const methods = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/;

/**
 * The call that a metric stands for. One call is several metrics: the timer of an answered call and the counter
 * `failed` of one without an answer stand for it; the counters of its status, `attempted` and `over_1000` are `counted`
 * with these already.
 * @param prefix what the names of reports begin with, `openstack.api`; between it and the service may stand the
 * environment, or environment and zone
 * @returns undefined for what is no report
 */
export function readOpenStackReport(
  name: string,
  type: StatsdType,
  prefix: string,
): OpenStackReport | 'counted' | undefined {
  if (prefix === '' || !name.startsWith(`${prefix}.`) || (type !== 'timer' && type !== 'counter')) return undefined;
  const parts = name.slice(prefix.length + 1).split('.');
  const methodAt = parts.findLastIndex((part) => methods.test(part));
  // Environment, zone, service, then the method, the operation and how it ended.
  if (methodAt < 1 || methodAt > 3 || parts.length < methodAt + 2) return undefined;
  const end = parts.at(-1) as string;
  const isStatus = /^[1-5]\d\d$/.test(end);
  if (type === 'counter' && (isStatus || end === 'attempted' || /^over_\d+$/.test(end))) return 'counted';
  if (type === 'timer' ? !isStatus : end !== 'failed') return undefined;
  const [environment = '', zone = ''] = parts.slice(0, methodAt - 1);
  const call = {
    service: parts[methodAt - 1] as string,
    method: parts[methodAt] as string,
    name: parts.slice(methodAt + 1, -1).join('.'),
    status: isStatus ? end : '',
  };
  return { call, environment, zone };
}
