export * from './numbers.ts';
export * from './sentences.ts';
export * from './times.ts';
