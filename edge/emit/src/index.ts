export type { EmittedEvent, EmittedOutcome } from './emitted-event.ts';
export { createEmitter, type Emitter, type EmitterOptions, type EmitterStats } from './emitter.ts';
