export * from './atomic-file.ts';
export * from './clock.ts';
export * from './failpoint.ts';
export * from './log.ts';
export * from './retry.ts';
