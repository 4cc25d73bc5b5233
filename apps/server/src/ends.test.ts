import { createLogger } from '@watchkeeper/kit';
import { expect, it } from 'vitest';
import { Ends } from './ends.ts';

it('Parts end in the order of the flow, also when one of them cannot', async () => {
  const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
  const ends = new Ends(logger);
  const ended: string[] = [];
  ends.add('store', async () => ended.push('store'));
  ends.add('heartbeat', () => Promise.reject(new Error('the database is away')));
  ends.add('api', async () => ended.push('api'));
  await ends.run();
  expect(ended).toEqual(['api', 'store']);
});
