import type { ApplyInput } from '@watchkeeper/model';

/** Zones that the demo is watched from, beside those of the settings. */
export const demoZones = ['frankfurt', 'amsterdam'] as const;

const labels = { demo: 'true' };
const zones = [...demoZones];

/**
 * The demo as objects: three services in two environments, fed by the built-in website mock. The shop is well, search
 * is slow, payments fail for 45 s and recover every 145 s.
 * @param origin address of this server: `http://127.0.0.1:7300`
 */
export function demoObjects(origin: string): ApplyInput['objects'] {
  const { hostname, port } = new URL(origin);
  const mock = (query: string) => ({ url: `${origin}/website_mock?${query}` });
  const monitor = (name: string, service: string, environment: string, rest: Record<string, unknown>) => ({
    ...{ kind: 'Monitor', name, service, environment, zones, labels },
    ...{ type: 'http', interval: '5s', timeout: '2s' },
    ...rest,
  });
  return [
    { kind: 'Environment', name: 'production', title: 'Production' },
    { kind: 'Environment', name: 'staging', title: 'Staging' },
    { kind: 'Zone', name: 'frankfurt', title: 'Frankfurt', code: 'FRA' },
    { kind: 'Zone', name: 'amsterdam', title: 'Amsterdam', code: 'AMS' },
    { kind: 'Service', name: 'payments', title: 'Payments' },
    { kind: 'Service', name: 'search', title: 'Search' },
    { kind: 'Service', name: 'shop', title: 'Shop', dependsOn: ['payments', 'search'] },
    {
      kind: 'AlertChannel',
      name: 'demo-inbox',
      type: 'webhook',
      options: mock('status=204'),
      states: ['failed'],
    },
    monitor('Shop front page', 'shop', 'production', { options: mock('delay=20ms&size=2000') }),
    monitor('Shop front page, staging', 'shop', 'staging', { options: mock('delay=30ms&size=2000') }),
    monitor('Shop port', 'shop', 'production', {
      type: 'tcp',
      options: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) },
    }),
    monitor('Search for shoes', 'search', 'production', {
      options: mock('delay=380ms'),
      assertions: ['status in 200..299', 'warn durationMs < 300'],
    }),
    monitor('Search for shoes, staging', 'search', 'staging', {
      options: mock('delay=120ms'),
      assertions: ['status in 200..299', 'warn durationMs < 300'],
    }),
    monitor('Pay by card', 'payments', 'production', {
      options: mock('delay=40ms&sequence=200:100s,503:45s'),
      assertions: ['status in 200..299', 'warn durationMs < 500'],
    }),
    monitor('Pay by card, staging', 'payments', 'staging', {
      options: mock('delay=40ms&failureRate=0.05&seed=staging'),
      retries: 1,
    }),
    monitor('Pay by invoice, staging', 'payments', 'staging', { options: mock('delay=60ms'), paused: true }),
  ];
}
