export * from './numbers.ts';
export * from './process-parts.ts';
export * from './processes.ts';
export * from './sentences.ts';
export * from './sinks.ts';
export * from './times.ts';
