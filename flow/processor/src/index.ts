export * from './processor.ts';
export * from './processor-options.ts';
