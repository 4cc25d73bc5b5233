export * from './forwarder.ts';
export * from './forwarder-options.ts';
export * from './kinds/index.ts';
export * from './sink-context.ts';
