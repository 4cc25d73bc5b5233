export { checkReferences } from './credentials.ts';
export * from './database-commands.ts';
export * from './reader-role.ts';
export { runServer } from './run.ts';
export * from './settings.ts';
export { version } from './start-server.ts';
