export * from './amqp-options.ts';
export * from './drivers/index.ts';
export { postgresMessages } from './drivers/postgres.ts';
export * from './kafka-options.ts';
export * from './message-driver.ts';
export * from './messages.ts';
export * from './notifier.ts';
export * from './tls-files.ts';
