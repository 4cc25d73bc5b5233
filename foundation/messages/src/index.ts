export * from './drivers/index.ts';
export { postgresMessages } from './drivers/postgres.ts';
export * from './message-driver.ts';
export * from './messages.ts';
export * from './notifier.ts';
export * from './tls-files.ts';
