/** Runs checks as the scheduler does and says the CPU seconds they took: `node http-checks-child.ts <url> <count> <at once>`. */
import { openEgress } from '@watchkeeper/guard';
import { monitorTypes, prepareJob } from '@watchkeeper/sources';

const [url = '', count = '0', atOnce = '1'] = process.argv.slice(2);
const options = {
  url,
  method: 'GET',
  headers: {},
  followRedirects: true,
  maxRedirects: 10,
  maxBodyBytes: 1_048_576,
  tls: { verify: false, minVersion: 'TLSv1.2' },
};
const monitor = {
  ...{
    id: '00000000-0000-4000-8000-000000000001',
    tenant: 'default',
    name: 'bench',
    service: 'bench',
    environment: 'bench',
  },
  ...{
    zones: ['local'],
    type: 'http',
    options,
    intervalMs: 1000,
    timeoutMs: 5000,
    retries: 0,
    assertions: ['status in 200..299'],
    version: 1,
  },
};
const job = await prepareJob(monitor, 'local', {
  egress: openEgress({ policy: { private: 'allow', allow: [], deny: [] } }),
  monitorTypes,
  credential: () => undefined,
  wallMs: Date.now,
});
const never = new AbortController().signal;

async function checks(total: number): Promise<void> {
  let left = total;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const observation = await job.attempt(never);
      if (observation.outcome !== 'ok') throw new Error(`a check failed: ${observation.message}`);
      job.seriesOf('monitor.checked', observation);
    }
  };
  await Promise.all(Array.from({ length: Number(atOnce) }, worker));
}

// What is compiled on the way is not what a scheduler of many hours pays.
await checks(Math.min(1000, Number(count)));
const before = process.cpuUsage();
await checks(Number(count));
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / 1_000_000));
