export * from './event-sender.ts';
export * from './monitor-context.ts';
export { prepareJob, slotOffsetMs } from './monitor-job.ts';
export * from './monitors/index.ts';
export * from './receipt.ts';
export * from './schedule-source.ts';
export * from './scheduler.ts';
export * from './store-schedule.ts';
