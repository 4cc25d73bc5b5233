import { expect, it } from 'vitest';
import { createLogger } from './log.ts';

it('tells of lines that speak of an error, and of no others', () => {
  const errors: string[] = [];
  const logger = createLogger({
    ...{ level: 'info', format: 'json' },
    destination: { write: () => true } as unknown as NodeJS.WritableStream,
    onError: (message) => errors.push(message),
  });
  logger.info({ err: new Error('told in passing') }, 'all is well');
  logger.warn({ partitions: [1] }, 'something is kept');
  logger.warn({ err: new Error('the disk is full') }, 'it is tried again');
  logger.child({ part: 'log' }).error('no way on');
  logger.debug({ err: new Error('not written') }, 'not told');
  expect(errors).toEqual(['it is tried again: the disk is full', 'no way on']);
});
