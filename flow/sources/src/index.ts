export * from './monitor-context.ts';
export { prepareJob, slotOffsetMs } from './monitor-job.ts';
export * from './monitors/index.ts';
export * from './scheduler.ts';
