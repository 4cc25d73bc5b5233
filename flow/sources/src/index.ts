export * from './monitor-context.ts';
export * from './monitors/index.ts';
export * from './scheduler.ts';
