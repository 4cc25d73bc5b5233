import type { Handlers } from '../handler.ts';
export const rollupHandlers = {} satisfies Partial<Handlers>;
