import { createLogger } from '@watchkeeper/kit';
import { afterAll, expect, it } from 'vitest';
import { createProbes, Metrics } from '../src/index.ts';

let isReady = true;
const probes = createProbes({
  metrics: new Metrics(async () => [{ name: 'watchkeeper_luck', help: 'Luck', type: 'gauge', value: 7 }]),
  readiness: async () => ({ ready: isReady, checks: [{ name: 'database', ok: isReady, message: 'asked' }] }),
  logger: createLogger({ level: 'silent', format: 'json', destination: process.stderr }),
});
afterAll(() => probes.close());

it('tells health and metrics without a key, and nothing else', async () => {
  expect((await probes.inject('/health/live')).json()).toEqual({ status: 'ok' });
  expect((await probes.inject('/health/ready')).statusCode).toBe(200);
  expect((await probes.inject('/metrics')).body).toContain('watchkeeper_luck 7');
  expect((await probes.inject('/api/v1')).statusCode).toBe(404);
  isReady = false;
  const unready = await probes.inject('/health/ready');
  expect([unready.statusCode, unready.headers['retry-after']]).toEqual([503, '2']);
});
