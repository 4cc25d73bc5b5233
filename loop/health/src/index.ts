export * from './channel-context.ts';
export * from './channels/index.ts';
export * from './deliveries.ts';
export * from './health.ts';
export * from './health-options.ts';
