import { BufferedEmitter } from './buffered-emitter.ts';
import type { Emitter, EmitterOptions } from './emitter.ts';
import { quietClock } from './quiet-clock.ts';

/**
 * Opens the way for events from this process to Watchkeeper. It never throws, never keeps the process alive, and works
 * whether or not the server answers. What is wrong with the options is told as a problem, too.
 */
export function createEmitter(options: EmitterOptions): Emitter {
  return new BufferedEmitter(options, quietClock);
}
