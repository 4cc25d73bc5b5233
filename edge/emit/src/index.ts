export { createEmitter } from './create-emitter.ts';
export type { EmittedEvent, EmittedOutcome, EventOrigin } from './emitted-event.ts';
export type { Emitter, EmitterOptions, EmitterStats } from './emitter.ts';
