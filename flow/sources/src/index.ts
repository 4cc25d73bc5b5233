export * from './monitor-context.ts';
export { slotOffsetMs } from './monitor-job.ts';
export * from './monitors/index.ts';
export * from './scheduler.ts';
