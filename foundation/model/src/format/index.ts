export * from './numbers.ts';
export * from './process-parts.ts';
export * from './processes.ts';
export * from './self.ts';
export * from './sentences.ts';
export { isHistory, missedProcesses, workText } from './silent-processes.ts';
export * from './sinks.ts';
export * from './times.ts';
export * from './unheld.ts';
