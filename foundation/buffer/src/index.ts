export type { BufferLog } from './buffer-log.ts';
export * from './buffered-outlet.ts';
export * from './disk-queue.ts';
export { type BufferIdentity, openIdentity } from './identity.ts';
export * from './lane.ts';
