import type { Logger } from '@watchkeeper/kit';

/** Where a buffer tells of itself. An application has no log of ours; it gives what it has. */
export type BufferLog = Pick<Logger, 'info' | 'warn' | 'error'>;
