export * from './drivers/postgres.ts';
export * from './messages.ts';
